// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/write_txn.h"

#include <utility>

namespace signet::sqlite {

absl::StatusOr<WriteStatements> WriteStatements::Prepare(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  WriteStatements statements{
      .savepoint = prepare("SAVEPOINT body"),
      .release = prepare("RELEASE body"),
      .undo = prepare("ROLLBACK TO body"),
      .service_accounts = ServiceAccountWrites(prepare),
      .authorizations = AuthorizationWrites(prepare),
      .audit = AuditWrites(prepare),
      .upkeep = UpkeepWrites(prepare),
  };
  if (!prepare.status().ok()) return prepare.status();
  return statements;
}

absl::StatusOr<SqliteWriteTxn> SqliteWriteTxn::Create(
    SqliteConnection& connection) {
  absl::StatusOr<ReadStatements> reads = ReadStatements::Prepare(connection);
  if (!reads.ok()) return reads.status();
  absl::StatusOr<WriteStatements> writes = WriteStatements::Prepare(connection);
  if (!writes.ok()) return writes.status();
  return SqliteWriteTxn(connection.handle(), *std::move(reads),
                        *std::move(writes));
}

absl::Status SqliteWriteTxn::Run(storage::Store::WriteBody& body,
                                 storage::ChangeJournal& journal) {
  ForgetFailure();
  const int changes_before = sqlite3_total_changes(db_);
  absl::Status outcome = RunBody(body, journal);
  must_undo_ = !outcome.ok() && sqlite3_total_changes(db_) != changes_before;
  return outcome;
}

absl::Status SqliteWriteTxn::RunInSavepoint(storage::Store::WriteBody& body,
                                            storage::ChangeJournal& journal) {
  ForgetFailure();
  if (!Manage(statements_.savepoint)) return engine_failure();
  absl::Status outcome = Run(body, journal);
  if (!engine_failure().ok()) return outcome;
  if (std::exchange(must_undo_, false) && !Manage(statements_.undo)) {
    return engine_failure();
  }
  return Manage(statements_.release) ? outcome : engine_failure();
}

bool SqliteWriteTxn::Manage(Statement& statement) {
  const absl::Status status = statement.Execute();
  if (!status.ok()) SetEngineFailure(status);
  return status.ok();
}

absl::Status SqliteWriteTxn::DoEnsureAccount(const Uuid& account_id,
                                             absl::Time now) {
  return Note(statements_.authorizations.EnsureAccount(account_id, now));
}

absl::Status SqliteWriteTxn::DoInsertServiceAccount(
    const storage::ServiceAccountRecord& record) {
  return Note(statements_.service_accounts.Insert(record));
}

absl::Status SqliteWriteTxn::DoUpdateServiceAccount(
    const storage::ServiceAccountRecord& record) {
  return Note(statements_.service_accounts.Update(record));
}

absl::Status SqliteWriteTxn::DoReplaceToken(
    const storage::ServiceAccountRecord& record) {
  return Note(statements_.service_accounts.ReplaceToken(record));
}

absl::StatusOr<storage::TokenStatus> SqliteWriteTxn::DoGetTokenStatus(
    const Uuid& account_id, const Uuid& service_account_id,
    std::string_view public_id) {
  return Note(statements_.service_accounts.GetTokenStatus(
      account_id, service_account_id, public_id));
}

absl::Status SqliteWriteTxn::DoUpdateToken(const Uuid&, const Uuid&,
                                           const storage::TokenRecord& token) {
  return Note(statements_.service_accounts.UpdateToken(token));
}

absl::Status SqliteWriteTxn::DoTouchLastUsed(
    std::span<const storage::LastUse> uses) {
  return Note(statements_.service_accounts.TouchLastUsed(uses));
}

absl::StatusOr<int> SqliteWriteTxn::DoDeleteReplacedTokens(
    const Uuid& account_id, const Uuid& id, int limit) {
  return Note(
      statements_.service_accounts.DeleteReplaced(account_id, id, limit));
}

absl::Status SqliteWriteTxn::DoDeleteServiceAccount(const Uuid& account_id,
                                                    const Uuid& id) {
  return Note(statements_.service_accounts.Delete(account_id, id));
}

absl::Status SqliteWriteTxn::DoInsertAuthorization(
    const storage::AuthorizationRecord& record) {
  return Note(statements_.authorizations.Insert(record));
}

absl::Status SqliteWriteTxn::DoRevokeAuthorization(const Uuid& account_id,
                                                   const Uuid& id,
                                                   absl::Time at,
                                                   const storage::Seal& seal) {
  return Note(statements_.authorizations.Revoke(account_id, id, at, seal));
}

absl::Status SqliteWriteTxn::DoSealAuthorization(const Uuid& account_id,
                                                 const Uuid& id,
                                                 const storage::Seal& seal) {
  return Note(statements_.authorizations.PutSeal(account_id, id, seal));
}

absl::Status SqliteWriteTxn::DoInsertAuditEvent(
    const storage::AuditEventRecord& record) {
  return Note(statements_.audit.Insert(record));
}

absl::Status SqliteWriteTxn::DoPutAuditChain(
    const storage::AuditChainRecord& record) {
  return Note(statements_.audit.PutChain(record));
}

absl::Status SqliteWriteTxn::DoPutAuditHead(
    const storage::AuditHeadRecord& record) {
  return Note(statements_.audit.PutHead(record));
}

absl::Status SqliteWriteTxn::DoDeleteAuditEventsBefore(const Uuid& account_id,
                                                       uint64_t sequence) {
  return Note(statements_.audit.DeleteBefore(account_id, sequence));
}

absl::Status SqliteWriteTxn::DoPutIdempotencyRecord(
    const storage::IdempotencyRecord& record) {
  return Note(statements_.upkeep.PutIdempotencyRecord(record));
}

absl::StatusOr<int> SqliteWriteTxn::DoDeleteIdempotencyRecordsBefore(
    absl::Time before, int limit) {
  return Note(statements_.upkeep.DeleteIdempotencyRecordsBefore(before, limit));
}

absl::Status SqliteWriteTxn::DoSetWatermark(std::string_view name,
                                            absl::Time time) {
  return Note(statements_.upkeep.SetWatermark(name, time));
}

}  // namespace signet::sqlite
