// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_TRANSACT_H_
#define SIGNET_SERVER_DOMAIN_TRANSACT_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"

namespace signet::domain {

template <typename T>
using OutcomeDone = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

namespace transact_internal {

// Where a body leaves its outcome for the call's end.
template <typename T, typename Txn>
struct Transaction {
  absl::AnyInvocable<absl::StatusOr<T>(Txn&)> body;
  OutcomeDone<T> done;
  std::optional<T> outcome = {};

  absl::Status Run(Txn& txn) {
    outcome.reset();  // A body may run again.
    absl::StatusOr<T> result = body(txn);
    if (!result.ok()) return result.status();
    outcome.emplace(*std::move(result));
    return absl::OkStatus();
  }

  void Finish(const absl::Status& status) {
    if (status.ok()) {
      std::move(done)(*std::move(outcome));
    } else {
      std::move(done)(status);
    }
  }
};

}  // namespace transact_internal

// Runs `body` in Store::Read and gives what it returned, or the store's error,
// to `done`.
template <typename T>
void ReadOutcome(storage::Store& store, storage::ReadOptions options,
                 absl::AnyInvocable<absl::StatusOr<T>(storage::ReadTxn&)> body,
                 OutcomeDone<T> done) {
  auto call =
      std::make_shared<transact_internal::Transaction<T, storage::ReadTxn>>();
  call->body = std::move(body);
  call->done = std::move(done);
  store.Read([call](storage::ReadTxn& txn) { return call->Run(txn); },
             [call](const absl::Status& status) { call->Finish(status); },
             std::move(options));
}

// Runs `body` in Store::Write, likewise.
template <typename T>
void WriteOutcome(
    storage::Store& store, storage::WriteOptions options,
    absl::AnyInvocable<absl::StatusOr<T>(storage::WriteTxn&)> body,
    OutcomeDone<T> done) {
  auto call =
      std::make_shared<transact_internal::Transaction<T, storage::WriteTxn>>();
  call->body = std::move(body);
  call->done = std::move(done);
  store.Write([call](storage::WriteTxn& txn) { return call->Run(txn); },
              [call](const absl::Status& status) { call->Finish(status); },
              std::move(options));
}

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_TRANSACT_H_
