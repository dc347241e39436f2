// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/memory_store.h"

#include <utility>

#include "base/error.h"
#include "storage/memory/memory_txn.h"

namespace signet::memory {
namespace {

absl::Status Stopped() {
  return MakeError(absl::StatusCode::kUnavailable, "storage: stopped",
                   {.reason = "STORAGE_UNAVAILABLE"});
}

}  // namespace

MemoryStore::~MemoryStore() { Drain(); }

void MemoryStore::Read(ReadBody body, Done done, storage::ReadOptions options) {
  if (!Start()) return std::move(done)(Stopped());
  std::move(done)(RunRead(body, options.expired));
  Finish();
}

void MemoryStore::Write(WriteBody body, Done done,
                        storage::WriteOptions options) {
  if (!Start()) return std::move(done)(Stopped());
  std::move(done)(RunWrite(body, options.expired));
  Finish();
}

absl::Status MemoryStore::RunRead(ReadBody& body, storage::Expired& expired) {
  if (expired != nullptr && expired()) return storage::CallerGoneError();
  absl::ReaderMutexLock lock(&tables_mutex_);
  MemoryReadTxn txn(tables_);
  return body(txn);
}

absl::Status MemoryStore::RunWrite(WriteBody& body, storage::Expired& expired) {
  if (expired != nullptr && expired()) return storage::CallerGoneError();
  absl::MutexLock lock(&tables_mutex_);
  return MemoryWriteTxn(tables_).Run(body);
}

absl::Status MemoryStore::Health() const {
  absl::MutexLock lock(&calls_mutex_);
  return draining_ ? Stopped() : absl::OkStatus();
}

void MemoryStore::Drain() {
  absl::MutexLock lock(&calls_mutex_);
  draining_ = true;
  calls_mutex_.Await(absl::Condition(this, &MemoryStore::Idle));
}

bool MemoryStore::Start() {
  absl::MutexLock lock(&calls_mutex_);
  if (draining_) return false;
  ++calls_;
  return true;
}

void MemoryStore::Finish() {
  absl::MutexLock lock(&calls_mutex_);
  --calls_;
}

}  // namespace signet::memory
