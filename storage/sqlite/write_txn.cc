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

absl::Status SqliteWriteTxn::Run(storage::Store::WriteBody& body) {
  Begin();
  failed_change_ = absl::OkStatus();
  const int changes_before = sqlite3_total_changes(db_);
  absl::Status outcome = body(*this);
  if (outcome.ok()) outcome = failed_change_;
  must_undo_ = !outcome.ok() && sqlite3_total_changes(db_) != changes_before;
  return outcome;
}

absl::Status SqliteWriteTxn::RunInSavepoint(storage::Store::WriteBody& body) {
  Begin();
  if (!Manage(statements_.savepoint)) return engine_failure();
  absl::Status outcome = Run(body);
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

template <typename Change>
absl::Status SqliteWriteTxn::Attempt(Change change) {
  if (failed_change_.ok()) failed_change_ = Note(change());
  return failed_change_;
}

absl::Status SqliteWriteTxn::EnsureAccount(const Uuid& account_id,
                                           absl::Time now) {
  return Attempt([&] {
    return statements_.authorizations.EnsureAccount(account_id, now);
  });
}

absl::Status SqliteWriteTxn::InsertServiceAccount(
    const storage::ServiceAccountRecord& record) {
  return Attempt([&] { return statements_.service_accounts.Insert(record); });
}

absl::Status SqliteWriteTxn::UpdateServiceAccount(
    const storage::ServiceAccountRecord& record) {
  return Attempt([&] { return statements_.service_accounts.Update(record); });
}

absl::Status SqliteWriteTxn::ReplaceToken(
    const storage::ServiceAccountRecord& record) {
  return Attempt(
      [&] { return statements_.service_accounts.ReplaceToken(record); });
}

absl::Status SqliteWriteTxn::UpdateToken(const Uuid& account_id,
                                         const Uuid& service_account_id,
                                         const storage::TokenRecord& token) {
  return Attempt([&] {
    return statements_.service_accounts.UpdateToken(account_id,
                                                    service_account_id, token);
  });
}

absl::Status SqliteWriteTxn::TouchLastUsed(
    std::span<const storage::LastUse> uses) {
  return Attempt(
      [&] { return statements_.service_accounts.TouchLastUsed(uses); });
}

absl::StatusOr<int> SqliteWriteTxn::DeleteReplacedTokens(const Uuid& account_id,
                                                         const Uuid& id,
                                                         int limit) {
  absl::StatusOr<int> deleted = 0;
  const absl::Status status = Attempt([&] {
    deleted =
        statements_.service_accounts.DeleteReplaced(account_id, id, limit);
    return deleted.status();
  });
  if (!status.ok()) return status;
  return deleted;
}

absl::Status SqliteWriteTxn::DeleteServiceAccount(const Uuid& account_id,
                                                  const Uuid& id) {
  return Attempt(
      [&] { return statements_.service_accounts.Delete(account_id, id); });
}

absl::Status SqliteWriteTxn::InsertAuthorization(
    const storage::AuthorizationRecord& record) {
  return Attempt([&] { return statements_.authorizations.Insert(record); });
}

absl::Status SqliteWriteTxn::RevokeAuthorization(const Uuid& account_id,
                                                 const Uuid& id, absl::Time at,
                                                 const storage::Seal& seal) {
  return Attempt([&] {
    return statements_.authorizations.Revoke(account_id, id, at, seal);
  });
}

absl::Status SqliteWriteTxn::SealAuthorization(const Uuid& account_id,
                                               const Uuid& id,
                                               const storage::Seal& seal) {
  return Attempt(
      [&] { return statements_.authorizations.PutSeal(account_id, id, seal); });
}

absl::Status SqliteWriteTxn::InsertAuditEvent(
    const storage::AuditEventRecord& record) {
  return Attempt([&] { return statements_.audit.Insert(record); });
}

absl::Status SqliteWriteTxn::PutAuditChain(
    const storage::AuditChainRecord& record) {
  return Attempt([&] { return statements_.audit.PutChain(record); });
}

absl::Status SqliteWriteTxn::PutAuditHead(
    const storage::AuditHeadRecord& record) {
  return Attempt([&] { return statements_.audit.PutHead(record); });
}

absl::Status SqliteWriteTxn::DeleteAuditEventsBefore(const Uuid& account_id,
                                                     uint64_t sequence) {
  return Attempt(
      [&] { return statements_.audit.DeleteBefore(account_id, sequence); });
}

absl::Status SqliteWriteTxn::PutReplay(const storage::ReplayRecord& record) {
  return Attempt([&] { return statements_.upkeep.PutReplay(record); });
}

absl::StatusOr<int> SqliteWriteTxn::DeleteReplaysBefore(absl::Time before,
                                                        int limit) {
  absl::StatusOr<int> deleted = 0;
  const absl::Status status = Attempt([&] {
    deleted = statements_.upkeep.DeleteReplaysBefore(before, limit);
    return deleted.status();
  });
  if (!status.ok()) return status;
  return deleted;
}

absl::Status SqliteWriteTxn::SetWatermark(std::string_view name,
                                          absl::Time time) {
  return Attempt([&] { return statements_.upkeep.SetWatermark(name, time); });
}

}  // namespace signet::sqlite
