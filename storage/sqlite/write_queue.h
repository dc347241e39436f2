// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_WRITE_QUEUE_H_
#define SIGNET_STORAGE_SQLITE_WRITE_QUEUE_H_

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/sqlite/group_commit.h"

namespace signet {

// Writes on their way to the writer, first come first served. Bounded.
// Thread-safe, for many that push and one that takes.
class WriteQueue {
 public:
  explicit WriteQueue(size_t capacity) : capacity_(capacity) {}

  enum class PushResult { kAccepted, kFull, kClosed };

  // Moves from `write` only if it is accepted.
  PushResult Push(PendingWrite& write);

  // Waits for writes and moves up to `limit` of them to `group`, which is
  // empty. False: the queue is closed and empty; there will be no more.
  bool Take(size_t limit, std::vector<PendingWrite>& group);

  // Accepts no more. What was accepted is still to be taken.
  void Close();

 private:
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return closed_ || !writes_.empty();
  }

  const size_t capacity_;
  absl::Mutex mutex_;
  std::deque<PendingWrite> writes_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_WRITE_QUEUE_H_
