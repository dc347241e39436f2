// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_MEMORY_MEMORY_STORE_H_
#define SIGNET_STORAGE_MEMORY_MEMORY_STORE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/change_publisher.h"
#include "storage/memory/memory_tables.h"
#include "storage/named_locks.h"
#include "storage/store.h"

namespace signet::memory {

// The reference engine: what the others must do, in the fewest words. A thread
// of its own does one read or write after another, first come, first served.
// Nothing outlives the process: "stable storage" is its memory. Thread-safe.
class MemoryStore final : public storage::Store {
 public:
  MemoryStore() : worker_([this] { Work(); }) {}
  ~MemoryStore() override;

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override;
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override;
  void Subscribe(std::optional<uint64_t> position,
                 storage::ChangeSink sink) override;
  absl::StatusOr<std::unique_ptr<storage::StoreLock>> TryLock(
      std::string_view name) override;
  storage::StoreHealth Health() const override;
  void Drain() override;

 private:
  // One read or write.
  struct Task {
    bool is_read;
    absl::AnyInvocable<absl::Status()> run;
    Done done;
  };

  void Enqueue(Task task);
  void Work();
  absl::Status RunRead(ReadBody& body, storage::Expired& expired);
  absl::Status RunWrite(WriteBody& body, storage::Expired& expired);
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return draining_ || !tasks_.empty();
  }

  mutable absl::Mutex mutex_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;

  MemoryTables tables_;  // The worker's.
  storage::ChangePublisher publisher_;
  storage::NamedLocks locks_;

  absl::Mutex drain_mutex_;  // Held while draining.
  std::thread worker_ ABSL_GUARDED_BY(drain_mutex_);
};

}  // namespace signet::memory

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_STORE_H_
