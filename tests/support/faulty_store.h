// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_FAULTY_STORE_H_
#define SIGNET_TESTS_SUPPORT_FAULTY_STORE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "storage/change_publisher.h"
#include "storage/memory/memory_tables.h"
#include "storage/memory/memory_txn.h"
#include "storage/named_locks.h"
#include "storage/store.h"
#include "tests/support/counting_txn.h"

namespace signet {

// Keeps rows as the memory engine does, but does everything on the calling
// thread, so that no test waits; fails as it is told, and counts what is asked
// of it. Thread-safe, but not to configure while in use.
class FaultyStore final : public storage::Store {
 public:
  // Each stands for the outcome of one read or write, whose body is not run.
  std::deque<absl::Status> read_outcomes;
  std::deque<absl::Status> write_outcomes;
  // Called once, between the body of the next read and its `done`.
  absl::AnyInvocable<void()> after_next_read_body;
  // Called once, before the body of the next write, as if that had waited.
  absl::AnyInvocable<void()> before_next_write_body;
  // Each body runs once for nothing first, as after a serialization failure.
  bool run_bodies_twice = false;

  int reads() const { return reads_; }
  int writes() const { return writes_; }
  int committed() const { return committed_; }  // Of the writes.
  // The most rows that one write since the last Forget() has looked up.
  int most_rows_read() const { return most_rows_read_; }
  // The same of one read.
  int most_rows_of_a_read() const { return most_rows_of_a_read_; }
  void Forget() { most_rows_read_ = most_rows_of_a_read_ = 0; }

  // Writes wait from now on.
  void Hold() {
    absl::MutexLock lock(&hold_mutex_);
    holding_ = true;
  }

  // Blocks until `count` writes wait. False: they did not within ten seconds.
  bool AwaitHeld(size_t count) {
    absl::MutexLock lock(&hold_mutex_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(
                            hold_mutex_) { return held_.size() >= count; };
    return hold_mutex_.AwaitWithTimeout(absl::Condition(&enough),
                                        absl::Seconds(10));
  }

  // Blocks until every waiting write has been given up by its caller. False:
  // that did not happen within ten seconds.
  bool AwaitExpired() {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (absl::Now() < end) {
      if (AllExpired()) return true;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return false;
  }

  // Does the waiting writes, on this thread, and those to come at once.
  void Release() {
    std::vector<Held> writes;
    {
      absl::MutexLock lock(&hold_mutex_);
      holding_ = false;
      writes.swap(held_);
    }
    for (Held& write : writes) Do(write);
  }

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    ++reads_;
    if (!read_outcomes.empty()) return std::move(done)(Take(read_outcomes));
    if (!Start()) return std::move(done)(Stopped());
    absl::Status outcome = RunRead(body, options.expired);
    if (after_next_read_body != nullptr) {
      std::exchange(after_next_read_body, nullptr)();
    }
    std::move(done)(std::move(outcome));
    Finish();
  }

  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override {
    ++writes_;
    if (!write_outcomes.empty()) return std::move(done)(Take(write_outcomes));
    if (before_next_write_body != nullptr) {
      std::exchange(before_next_write_body, nullptr)();
    }
    Held write = {std::move(body), std::move(done), std::move(options)};
    {
      absl::MutexLock lock(&hold_mutex_);
      if (holding_) return held_.push_back(std::move(write));
    }
    Do(write);
  }

  void Subscribe(std::optional<uint64_t> position,
                 storage::ChangeSink sink) override {
    publisher_.Subscribe(position, std::move(sink));
  }
  absl::StatusOr<std::unique_ptr<storage::StoreLock>> TryLock(
      std::string_view name) override {
    return locks_.TryLock(name);
  }
  storage::StoreHealth Health() const override {
    absl::MutexLock lock(&calls_mutex_);
    if (!draining_) return {};
    return {.state = storage::StoreHealth::State::kFailed, .reason = Stopped()};
  }
  void Drain() override {
    absl::MutexLock lock(&calls_mutex_);
    draining_ = true;
    calls_mutex_.Await(absl::Condition(this, &FaultyStore::Idle));
  }

 private:
  struct Held {
    WriteBody body;
    Done done;
    storage::WriteOptions options;
  };

  static absl::Status Stopped() {
    return MakeError(absl::StatusCode::kUnavailable, "storage: stopped",
                     {.reason = "STORAGE_UNAVAILABLE"});
  }
  static absl::Status Take(std::deque<absl::Status>& outcomes) {
    absl::Status outcome = std::move(outcomes.front());
    outcomes.pop_front();
    return outcome;
  }

  absl::Status RunRead(ReadBody& body, storage::Expired& expired) {
    if (expired != nullptr && expired()) return storage::CallerGoneError();
    absl::ReaderMutexLock lock(&tables_mutex_);
    memory::MemoryReadTxn txn(tables_);
    if (run_bodies_twice) body(txn).IgnoreError();
    int rows = 0;
    CountingTxn<storage::ForwardingReadTxn> counting(txn, rows);
    absl::Status status = body(counting);
    most_rows_of_a_read_ = std::max(most_rows_of_a_read_.load(), rows);
    return status;
  }

  void Do(Held& write) {
    if (!Start()) return std::move(write.done)(Stopped());
    storage::ChangeJournal journal;
    absl::Status outcome = RunWrite(write.body, write.options.expired, journal);
    if (outcome.ok()) {
      ++committed_;
      publisher_.Publish(journal.changes);
    }
    std::move(write.done)(std::move(outcome));
    Finish();
  }

  absl::Status RunWrite(WriteBody& body, storage::Expired& expired,
                        storage::ChangeJournal& journal) {
    if (expired != nullptr && expired()) return storage::CallerGoneError();
    absl::MutexLock lock(&tables_mutex_);
    if (run_bodies_twice) {
      WriteBody fails = [&body](storage::WriteTxn& txn) {
        body(txn).IgnoreError();
        return absl::AbortedError("serialization failure");
      };
      memory::MemoryWriteTxn(tables_).Run(fails, journal).IgnoreError();
    }
    WriteBody counts = [this, &body](storage::WriteTxn& txn) {
      int rows = 0;
      CountingTxn<storage::ForwardingWriteTxn> counting(txn, rows);
      absl::Status status = body(counting);
      most_rows_read_ = std::max(most_rows_read_.load(), rows);
      return status;
    };
    return memory::MemoryWriteTxn(tables_).Run(counts, journal);
  }

  bool AllExpired() {
    absl::MutexLock lock(&hold_mutex_);
    for (Held& write : held_) {
      storage::Expired& expired = write.options.expired;
      if (expired == nullptr || !expired()) return false;
    }
    return true;
  }

  // Whether another call may come; if so, Finish() ends it.
  bool Start() {
    absl::MutexLock lock(&calls_mutex_);
    if (draining_) return false;
    ++calls_;
    return true;
  }
  void Finish() {
    absl::MutexLock lock(&calls_mutex_);
    --calls_;
  }
  bool Idle() const ABSL_SHARED_LOCKS_REQUIRED(calls_mutex_) {
    return calls_ == 0;
  }

  std::atomic<int> reads_ = 0;
  std::atomic<int> writes_ = 0;
  std::atomic<int> committed_ = 0;
  std::atomic<int> most_rows_read_ = 0;
  std::atomic<int> most_rows_of_a_read_ = 0;

  absl::Mutex hold_mutex_;
  bool holding_ ABSL_GUARDED_BY(hold_mutex_) = false;
  std::vector<Held> held_ ABSL_GUARDED_BY(hold_mutex_);

  // Calls between acceptance and the end of their `done`. Never held together
  // with tables_mutex_.
  mutable absl::Mutex calls_mutex_;
  int calls_ ABSL_GUARDED_BY(calls_mutex_) = 0;
  bool draining_ ABSL_GUARDED_BY(calls_mutex_) = false;

  absl::Mutex tables_mutex_;
  memory::MemoryTables tables_ ABSL_GUARDED_BY(tables_mutex_);
  storage::ChangePublisher publisher_;
  storage::NamedLocks locks_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_FAULTY_STORE_H_
