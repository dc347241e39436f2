// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_MEMORY_MEMORY_STORE_H_
#define SIGNET_STORAGE_MEMORY_MEMORY_STORE_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "storage/memory/memory_tables.h"
#include "storage/store.h"

namespace signet::memory {

// The reference engine: what the others must do, in the fewest words.
// Everything runs on the calling thread, writes one after another, so that
// there is no queue to be fair in. Nothing outlives the process: "stable
// storage" is its memory. Thread-safe.
class MemoryStore final : public storage::Store {
 public:
  MemoryStore() = default;
  ~MemoryStore() override;

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override;
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override;
  absl::Status Health() const override;
  void Drain() override;

 private:
  absl::Status RunRead(ReadBody& body, storage::Expired& expired);
  absl::Status RunWrite(WriteBody& body, storage::Expired& expired);
  // Whether another call may come; if so, Finish() ends it.
  bool Start();
  void Finish();
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(calls_mutex_) {
    return calls_ == 0;
  }

  // Calls between acceptance and the end of their `done`. Never held together
  // with tables_mutex_.
  mutable absl::Mutex calls_mutex_;
  int calls_ ABSL_GUARDED_BY(calls_mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(calls_mutex_) = false;

  absl::Mutex tables_mutex_;
  MemoryTables tables_ ABSL_GUARDED_BY(tables_mutex_);
};

}  // namespace signet::memory

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_STORE_H_
