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
  Enqueue({.is_read = true,
           .run =
               [this, body = std::move(body),
                expired = std::move(options.expired)]() mutable {
                 return RunRead(body, expired);
               },
           .done = std::move(done)});
}

void MemoryStore::Write(WriteBody body, Done done,
                        storage::WriteOptions options) {
  Enqueue({.is_read = false,
           .run =
               [this, body = std::move(body),
                expired = std::move(options.expired)]() mutable {
                 return RunWrite(body, expired);
               },
           .done = std::move(done)});
}

void MemoryStore::Subscribe(std::optional<uint64_t> position,
                            storage::ChangeSink sink) {
  publisher_.Subscribe(position, std::move(sink));
}

absl::StatusOr<std::unique_ptr<storage::StoreLock>> MemoryStore::TryLock(
    std::string_view name) {
  return locks_.TryLock(name);
}

void MemoryStore::Enqueue(Task task) {
  {
    absl::MutexLock lock(&mutex_);
    if (!draining_) return tasks_.push_back(std::move(task));
  }
  std::move(task.done)(Stopped());
}

void MemoryStore::Work() {
  while (true) {
    std::optional<Task> task;
    bool refused = false;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &MemoryStore::HasNews));
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
      refused = draining_ && task->is_read;
    }
    std::move(task->done)(refused ? Stopped() : task->run());
  }
}

absl::Status MemoryStore::RunRead(ReadBody& body, storage::Expired& expired) {
  if (expired != nullptr && expired()) return storage::CallerGoneError();
  MemoryReadTxn txn(tables_);
  return body(txn);
}

absl::Status MemoryStore::RunWrite(WriteBody& body, storage::Expired& expired) {
  if (expired != nullptr && expired()) return storage::CallerGoneError();
  storage::ChangeJournal journal;
  absl::Status outcome = MemoryWriteTxn(tables_).Run(body, journal);
  if (outcome.ok()) publisher_.Publish(journal.changes);
  return outcome;
}

storage::StoreHealth MemoryStore::Health() const {
  absl::MutexLock lock(&mutex_);
  if (!draining_) return {};
  return {.state = storage::StoreHealth::State::kFailed, .reason = Stopped()};
}

void MemoryStore::Drain() {
  absl::MutexLock drain(&drain_mutex_);
  if (!worker_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    draining_ = true;
  }
  worker_.join();
}

}  // namespace signet::memory
