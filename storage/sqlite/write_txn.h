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
  static absl::StatusOr<WriteStatements> Prepare(SqliteConnection& connection);

  Statement savepoint;
  Statement release;
  Statement undo;  // Back to the savepoint.
  Statement insert_account;
  Statement insert_service_account;
  Statement insert_token;
  Statement insert_authorization;
};

// What a WriteBody sees: a part of the transaction that is open on the
// connection. Lasts as long as its connection and serves one body after
// another. Not thread-safe.
class SqliteWriteTxn final : public SqliteReads<WriteTxn> {
 public:
  static absl::StatusOr<SqliteWriteTxn> Create(SqliteConnection& connection);

  // Runs `body`. Returns its status, or that of a change of its that failed.
  // When that is not OK, what the body had changed by then, must_undo(), is
  // still there: roll the whole transaction back. So it is when
  // engine_failure() is not OK.
  absl::Status Run(Store::WriteBody& body);
  bool must_undo() const { return must_undo_; }

  // The same within a savepoint: a body that fails is undone alone. Costs about
  // a fifth more.
  absl::Status RunInSavepoint(Store::WriteBody& body);

  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now) override;
  absl::Status InsertServiceAccount(
      const ServiceAccountRecord& record) override;
  absl::Status InsertAuthorization(const AuthorizationRecord& record) override;

 private:
  SqliteWriteTxn(ReadStatements reads, WriteStatements writes)
      : SqliteReads(std::move(reads)), statements_(std::move(writes)) {}

  // Runs a statement of the savepoint's. False: engine_failure() is set.
  bool Manage(Statement& statement);
  // OK if no change has failed yet and the record may be stored.
  template <typename Record>
  absl::Status Check(const Record& record);
  // Runs one statement that changes rows.
  template <typename... Args>
  absl::Status Change(Statement& statement, const Args&... args);

  WriteStatements statements_;
  bool changed_ = false;  // Whether the body has changed a row.
  bool must_undo_ = false;
  absl::Status failed_change_;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_WRITE_TXN_H_
