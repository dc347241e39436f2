// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_READ_QUEUE_H_
#define SIGNET_STORAGE_SQLITE_READ_QUEUE_H_

#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/fair_queue.h"
#include "storage/store.h"

namespace signet::sqlite {

// One accepted Store::Read.
struct PendingRead {
  storage::Store::ReadBody body;
  storage::Store::Done done;
  storage::Expired expired;  // May be null.
};

// A client among many that ask at once gets its answer in a fraction of a
// second, or is told to come again.
struct ReadLimits {
  size_t identifications = 8192;
  FairQueueLimits lookups = {
      .total = 16384, .of_one_tenant = 4096, .of_one_principal = 2048};
  FairQueueLimits scans = {
      .total = 1024, .of_one_tenant = 128, .of_one_principal = 64};
};

// Reads on their way to the threads that do them. What is cheap never waits
// behind a scan where a thread is kept for it; each kind is served in turn (see
// FairQueue). Bounded. Thread-safe, for many that push and many that take.
class ReadQueue {
 public:
  explicit ReadQueue(const ReadLimits& limits);
  ~ReadQueue();

  enum class PushResult { kAccepted, kFull, kClosed };

  // Moves from `read` only if it is accepted. `pushed_out` gets the one that
  // makes room for it, if one does, and is to be refused in its place.
  PushResult Push(const WorkFor& work_for, storage::ReadKind kind,
                  PendingRead& read, std::optional<PendingRead>& pushed_out);

  // What a thread takes.
  enum class Takes {
    kLookups,  // All but scans.
    kScans,
    kAll,  // Scans where nothing else waits.
  };

  // Waits for a read. nullopt: the queue is closed; there will be no more.
  // Called again and again by a thread of which this queue is the only one.
  std::optional<PendingRead> Take(Takes takes);

  // Accepts no more and gives out no more; what still waited.
  std::vector<PendingRead> Close();

 private:
  // A thread that waits; its own.
  struct Sleeper {
    absl::CondVar wake;
    bool awake = false;
  };
  // The last one to fall asleep is woken first: its caches are warm, also those
  // of its connection.
  using Sleepers = std::vector<Sleeper*>;

  static bool WakeOne(Sleepers& sleepers);

  bool HasShort() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !identifications_.empty() || !lookups_.empty();
  }
  std::optional<PendingRead> TakeNow(Takes takes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  FairQueue<PendingRead> identifications_ ABSL_GUARDED_BY(mutex_);
  FairQueue<PendingRead> lookups_ ABSL_GUARDED_BY(mutex_);
  FairQueue<PendingRead> scans_ ABSL_GUARDED_BY(mutex_);
  bool lookup_is_next_ ABSL_GUARDED_BY(mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  Sleepers for_lookups_ ABSL_GUARDED_BY(mutex_);
  Sleepers for_scans_ ABSL_GUARDED_BY(mutex_);
  Sleepers for_all_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_READ_QUEUE_H_
