// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_WRITE_TXN_H_
#define SIGNET_STORAGE_SQLITE_WRITE_TXN_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/read_txn.h"
#include "storage/sqlite/statement.h"
#include "storage/store.h"

namespace signet {

// The prepared changes of the writing connection.
struct WriteStatements {
  static absl::StatusOr<WriteStatements> Prepare(Connection& connection);

  Statement savepoint;
  Statement release;
  Statement undo;  // Back to the savepoint.
  Statement insert_account;
  Statement insert_service_account;
  Statement insert_token;
  Statement insert_authorization;
};

// What a WriteBody sees: a part of the transaction that is open on the
// connection, undone by itself if the body fails. Lasts as long as its
// connection and serves one body after another. Not thread-safe.
class SqliteWriteTxn final : public SqliteReads<WriteTxn> {
 public:
  static absl::StatusOr<SqliteWriteTxn> Create(Connection& connection);

  // Runs `body` and undoes its changes unless all went well. Returns the body's
  // status, or that of a change of its that failed. When engine_failure() is
  // not OK afterwards, the whole transaction must be rolled back.
  absl::Status Run(Store::WriteBody& body);

  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now) override;
  absl::Status InsertServiceAccount(
      const ServiceAccountRecord& record) override;
  absl::Status InsertAuthorization(const AuthorizationRecord& record) override;

 private:
  SqliteWriteTxn(ReadStatements reads, WriteStatements writes)
      : SqliteReads(std::move(reads)), statements_(std::move(writes)) {}

  // OK if no change has failed yet and the record may be stored.
  template <typename Record>
  absl::Status Check(const Record& record);
  // Runs one statement that changes rows.
  template <typename... Args>
  absl::Status Change(Statement& statement, const Args&... args);

  WriteStatements statements_;
  bool changing_ = false;  // Whether the savepoint is set.
  absl::Status failed_change_;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_WRITE_TXN_H_
