// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_READ_TXN_H_
#define SIGNET_STORAGE_SQLITE_READ_TXN_H_

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/statement.h"
#include "storage/store.h"

namespace signet {

// The prepared look-ups of one connection.
struct ReadStatements {
  static absl::StatusOr<ReadStatements> Prepare(SqliteConnection& connection);

  Statement any_account;
  Statement service_account;
  Statement service_account_by_public_id;
  Statement held_authorizations;
};

// The look-ups of a ReadTxn or a WriteTxn (`Interface`). Lasts as long as its
// connection and serves one body after another; whoever runs the body begins
// and ends the transaction. Not thread-safe.
template <typename Interface>
class SqliteReads : public Interface {
 public:
  absl::StatusOr<bool> IsEmpty() override;
  absl::StatusOr<ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<ServiceAccountRecord> FindByTokenPublicId(
      std::string_view public_id) override;
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldAuthorizations(
      std::span<const Subject> subjects, const Uuid& account_id) override;

  // The first trouble with the medium (IsEngineFailure) since the last Begin(),
  // whether or not the body passed it on.
  const absl::Status& engine_failure() const { return engine_failure_; }

  // Starts afresh for another body.
  void Begin() { engine_failure_ = absl::OkStatus(); }

 protected:
  explicit SqliteReads(ReadStatements statements)
      : statements_(std::move(statements)) {}

  // Remembers `status` if it tells of the medium, and returns it.
  absl::Status Note(absl::Status status);
  // Remembers `status`, not OK, whatever it tells.
  void SetEngineFailure(const absl::Status& status) {
    if (engine_failure_.ok()) engine_failure_ = status;
  }

 private:
  absl::StatusOr<ServiceAccountRecord> OneServiceAccount(Rows rows);

  ReadStatements statements_;
  absl::Status engine_failure_;
};

extern template class SqliteReads<ReadTxn>;
extern template class SqliteReads<WriteTxn>;

// What a ReadBody sees.
class SqliteReadTxn final : public SqliteReads<ReadTxn> {
 public:
  explicit SqliteReadTxn(ReadStatements statements)
      : SqliteReads(std::move(statements)) {}
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_READ_TXN_H_
