// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_READ_POOL_H_
#define SIGNET_STORAGE_SQLITE_READ_POOL_H_

#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/read_txn.h"
#include "storage/store.h"

namespace signet {

// A few read-only connections, each lent to one body at a time. Thread-safe.
class ReadPool {
 public:
  // Opens `size` connections. A read waits at most `wait` for a free one.
  static absl::StatusOr<std::unique_ptr<ReadPool>> Open(
      const ConnectionOptions& options, int size, absl::Duration wait);
  ~ReadPool();

  // Runs `body` on this thread, on a snapshot of its own.
  //   UNAVAILABLE / STORAGE_UNAVAILABLE: no connection came free in time, the
  //     pool is closed, or the disk failed.
  //   DATA_LOSS: damage was found.
  absl::Status Run(Store::ReadBody& body);

  // Lets the bodies that run finish, then closes every connection. Idempotent.
  void Close();

 private:
  class Reader;

  explicit ReadPool(std::vector<std::unique_ptr<Reader>> readers,
                    absl::Duration wait);

  bool CanLendOrClosed() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return closed_ || !idle_.empty();
  }
  bool AllReturned() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return idle_.size() == size_;
  }

  const absl::Duration wait_;
  absl::Mutex mutex_;
  // Last in, first out, to keep few caches warm.
  std::vector<std::unique_ptr<Reader>> idle_ ABSL_GUARDED_BY(mutex_);
  size_t size_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_READ_POOL_H_
