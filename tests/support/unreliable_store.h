// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_UNRELIABLE_STORE_H_
#define SIGNET_TESTS_SUPPORT_UNRELIABLE_STORE_H_

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "storage/memory/memory_store.h"
#include "storage/store.h"
#include "tests/support/counting_txn.h"

namespace signet {

// A memory store that fails as it is told and counts what is asked of it. Not
// thread-safe to configure while in use.
class UnreliableStore final : public storage::Store {
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
  // The most rows that one write since the last Forget() has looked up.
  int most_rows_read() const { return most_rows_read_; }
  void Forget() { most_rows_read_ = 0; }

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    ++reads_;
    if (!read_outcomes.empty()) return std::move(done)(Take(read_outcomes));
    if (run_bodies_twice) {
      inner_.Read([&body](storage::ReadTxn& txn) { return body(txn); },
                  [](const absl::Status&) {});
    }
    if (after_next_read_body == nullptr) {
      inner_.Read(std::move(body), std::move(done), std::move(options));
      return;
    }
    inner_.Read(
        std::move(body),
        [act = std::exchange(after_next_read_body, nullptr),
         done = std::move(done)](absl::Status status) mutable {
          act();
          std::move(done)(std::move(status));
        },
        std::move(options));
  }

  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override {
    ++writes_;
    if (!write_outcomes.empty()) return std::move(done)(Take(write_outcomes));
    if (before_next_write_body != nullptr) {
      std::exchange(before_next_write_body, nullptr)();
    }
    if (run_bodies_twice) {
      inner_.Write(
          [&body](storage::WriteTxn& txn) {
            absl::Status status = body(txn);
            status.Update(absl::AbortedError("serialization failure"));
            return status;
          },
          [](const absl::Status&) {});
    }
    inner_.Write(
        [this, body = std::move(body)](storage::WriteTxn& txn) mutable {
          int rows = 0;
          CountingTxn counting(txn, rows);
          absl::Status status = body(counting);
          most_rows_read_ = std::max(most_rows_read_, rows);
          return status;
        },
        std::move(done), std::move(options));
  }

  absl::Status Health() const override { return inner_.Health(); }
  void Drain() override { inner_.Drain(); }

 private:
  static absl::Status Take(std::deque<absl::Status>& outcomes) {
    absl::Status outcome = std::move(outcomes.front());
    outcomes.pop_front();
    return outcome;
  }

  memory::MemoryStore inner_;
  int reads_ = 0;
  int writes_ = 0;
  int most_rows_read_ = 0;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_UNRELIABLE_STORE_H_
