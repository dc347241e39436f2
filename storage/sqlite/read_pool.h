// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_READ_POOL_H_
#define SIGNET_STORAGE_SQLITE_READ_POOL_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/read_queue.h"
#include "storage/store.h"

namespace signet::sqlite {

// A few read-only connections, each with a thread that does one read after
// another: where there are two or more, a quarter of them do the scans, at a
// lower priority, and the others all else. Thread-safe.
class ReadPool {
 public:
  struct Hooks {
    // Asked before each body; unless OK, the read ends with that.
    absl::AnyInvocable<absl::Status() const> health;
    // Told of damage, before the `done` of the read that met it.
    absl::AnyInvocable<void(const absl::Status&) const> on_damage;
  };

  // Opens `size` connections.
  static absl::StatusOr<std::unique_ptr<ReadPool>> Open(
      const ConnectionOptions& options, int size, const ReadLimits& limits);
  ~ReadPool();

  // Starts to read. Once. The hooks are called, from several threads, until
  // Close() has returned.
  void Start(Hooks hooks);

  // As Store::Read: runs `body` on a thread of the pool and calls `done` there;
  // or refuses on this thread.
  void Submit(storage::Store::ReadBody body, storage::Store::Done done,
              storage::ReadOptions options);

  // Lets the reads that run finish, refuses those that wait, then closes every
  // connection. Not from a `done`. Idempotent.
  void Close();

 private:
  class Reader;

  ReadPool(std::vector<std::unique_ptr<Reader>> readers,
           const ReadLimits& limits);

  void Serve(Reader& reader, ReadQueue::Takes takes);
  absl::Status Run(Reader& reader, PendingRead& read);

  ReadQueue queue_;
  Hooks hooks_;
  absl::Mutex close_mutex_;  // Held while closing.
  std::vector<std::unique_ptr<Reader>> readers_ ABSL_GUARDED_BY(close_mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(close_mutex_);
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_READ_POOL_H_
