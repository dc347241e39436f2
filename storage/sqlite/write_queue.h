// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_WRITE_QUEUE_H_
#define SIGNET_STORAGE_SQLITE_WRITE_QUEUE_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "base/fair_queue.h"
#include "storage/sqlite/group_commit.h"

namespace signet::sqlite {

// Writes on their way to the writer, in turn (see FairQueue); those of one
// principal, first come, first served. Bounded: of one tenant half of
// `capacity` may wait, and of one principal a quarter; of revocations, which
// are to be stored when nothing else is, a quarter more of each. Thread-safe,
// for many that push and one that takes.
class WriteQueue {
 public:
  explicit WriteQueue(size_t capacity);

  enum class PushResult { kAccepted, kFull, kClosed };

  // Moves from `write` only if it is accepted. `pushed_out` gets the one that
  // makes room for it, if one does, and is to be refused in its place.
  PushResult Push(PendingWrite& write, std::optional<PendingWrite>& pushed_out);

  // Waits for a write and moves it to the end of `group`. False: the queue is
  // closed and empty; there will be no more.
  bool Take(std::vector<PendingWrite>& group);

  // The same without waiting. False: none waits.
  bool TakeIfAny(std::vector<PendingWrite>& group);

  // Accepts no more. What was accepted is still to be taken.
  void Close();

 private:
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return closed_ || !writes_.empty();
  }

  absl::Mutex mutex_;
  FairQueue<PendingWrite> writes_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// The writes that share a commit: what waits joins it in turn while it runs, up
// to a number. Once it holds writes of several tenants it is soon closed, so
// that none of them waits long for what another brings; who is alone gets the
// whole of it. For one thread.
class WriteGathering {
 public:
  // For so long a group of several tenants goes on to take more.
  static constexpr std::chrono::milliseconds kShared{1};

  // `group` has its first write.
  WriteGathering(WriteQueue& queue, std::vector<PendingWrite>& group,
                 size_t limit)
      : queue_(queue), group_(group), limit_(limit) {}

  // Adds a write to the group. False: none waits, or it is closed.
  bool More();

  // Those of several tenants by turns, as they were taken from the queue but
  // for what one of them had brought before the others came.
  void ForEachInTurn(absl::FunctionRef<void(PendingWrite&)> act);

 private:
  WriteQueue& queue_;
  std::vector<PendingWrite>& group_;
  const size_t limit_;
  std::optional<std::chrono::steady_clock::time_point> shared_since_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_WRITE_QUEUE_H_
