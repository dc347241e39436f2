// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_WRITE_TXN_H_
#define SIGNET_STORAGE_SQLITE_WRITE_TXN_H_

#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/audit_rows.h"
#include "storage/sqlite/authorization_rows.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/connection/statement.h"
#include "storage/sqlite/read_txn.h"
#include "storage/sqlite/service_account_writes.h"
#include "storage/sqlite/upkeep_rows.h"
#include "storage/store.h"

namespace signet::sqlite {

// The prepared changes of the writing connection.
struct WriteStatements {
  static absl::StatusOr<WriteStatements> Prepare(SqliteConnection& connection);

  Statement savepoint;
  Statement release;
  Statement undo;  // Back to the savepoint.
  ServiceAccountWrites service_accounts;
  AuthorizationWrites authorizations;
  AuditWrites audit;
  UpkeepWrites upkeep;
};

// What a WriteBody sees: a part of the transaction that is open on the
// connection. Lasts as long as its connection and serves one body after
// another. Not thread-safe.
class SqliteWriteTxn final : public SqliteReads<storage::WriteTxn> {
 public:
  static absl::StatusOr<SqliteWriteTxn> Create(SqliteConnection& connection);

  // Runs `body`. Returns its status, or that of a change of its that failed.
  // When that is not OK, what the body had changed by then, must_undo(), is
  // still there: roll the whole transaction back. So it is when
  // engine_failure() is not OK. Leaves in `journal` what it changed.
  absl::Status Run(storage::Store::WriteBody& body,
                   storage::ChangeJournal& journal);
  bool must_undo() const { return must_undo_; }

  // The same within a savepoint: a body that fails is undone alone. Costs about
  // a fifth more.
  absl::Status RunInSavepoint(storage::Store::WriteBody& body,
                              storage::ChangeJournal& journal);

 protected:
  absl::Status DoEnsureAccount(const Uuid& account_id, absl::Time now) override;
  absl::Status DoInsertServiceAccount(
      const storage::ServiceAccountRecord& record) override;
  absl::Status DoUpdateServiceAccount(
      const storage::ServiceAccountRecord& record) override;
  absl::Status DoReplaceToken(
      const storage::ServiceAccountRecord& record) override;
  absl::StatusOr<storage::TokenStatus> DoGetTokenStatus(
      const Uuid& account_id, const Uuid& service_account_id,
      std::string_view public_id) override;
  absl::Status DoUpdateToken(const Uuid& account_id,
                             const Uuid& service_account_id,
                             const storage::TokenRecord& token) override;
  absl::Status DoTouchLastUsed(std::span<const storage::LastUse> uses) override;
  absl::StatusOr<int> DoDeleteReplacedTokens(const Uuid& account_id,
                                             const Uuid& id,
                                             int limit) override;
  absl::Status DoDeleteServiceAccount(const Uuid& account_id,
                                      const Uuid& id) override;
  absl::Status DoInsertAuthorization(
      const storage::AuthorizationRecord& record) override;
  absl::Status DoRevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                     absl::Time at,
                                     const storage::Seal& seal) override;
  absl::Status DoSealAuthorization(const Uuid& account_id, const Uuid& id,
                                   const storage::Seal& seal) override;
  absl::Status DoInsertAuditEvent(
      const storage::AuditEventRecord& record) override;
  absl::Status DoPutAuditChain(
      const storage::AuditChainRecord& record) override;
  absl::Status DoPutAuditHead(const storage::AuditHeadRecord& record) override;
  absl::Status DoDeleteAuditEventsBefore(const Uuid& account_id,
                                         uint64_t sequence) override;
  absl::Status DoPutIdempotencyRecord(
      const storage::IdempotencyRecord& record) override;
  absl::StatusOr<int> DoDeleteIdempotencyRecordsBefore(absl::Time before,
                                                       int limit) override;
  absl::Status DoSetWatermark(std::string_view name, absl::Time time) override;

 private:
  SqliteWriteTxn(sqlite3* db, ReadStatements reads, WriteStatements writes)
      : SqliteReads(std::move(reads)),
        db_(db),
        statements_(std::move(writes)) {}

  // Runs a statement of the savepoint's. False: engine_failure() is set.
  bool Manage(Statement& statement);

  sqlite3* db_;
  WriteStatements statements_;
  bool must_undo_ = false;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_WRITE_TXN_H_
