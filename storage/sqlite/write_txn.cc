// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/write_txn.h"

#include <utility>

namespace signet {
namespace {

constexpr char kInsertAccount[] =
    "INSERT INTO accounts (id, created_at) VALUES (?1, ?2)"
    " ON CONFLICT (id) DO NOTHING";

constexpr char kInsertServiceAccount[] =
    "INSERT INTO service_accounts (account_id, id, name, token_public_id,"
    " created_at, updated_at, created_by_user_id, last_used_at, revoked_at,"
    " revoked_by_user_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

constexpr char kInsertToken[] =
    "INSERT INTO tokens (public_id, account_id, service_account_id, prefix,"
    " last4, key_version, mac, created_at, expires_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

constexpr char kInsertAuthorization[] =
    "INSERT INTO authorizations (id, account_id, grant_kind, subject_type,"
    " subject_id, capability_key, resource_type, resource_id, created_at,"
    " revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

}  // namespace

absl::StatusOr<WriteStatements> WriteStatements::Prepare(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  WriteStatements statements{
      .savepoint = prepare("SAVEPOINT body"),
      .release = prepare("RELEASE body"),
      .undo = prepare("ROLLBACK TO body"),
      .insert_account = prepare(kInsertAccount),
      .insert_service_account = prepare(kInsertServiceAccount),
      .insert_token = prepare(kInsertToken),
      .insert_authorization = prepare(kInsertAuthorization),
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
  return SqliteWriteTxn(*std::move(reads), *std::move(writes));
}

absl::Status SqliteWriteTxn::Run(Store::WriteBody& body) {
  Begin();
  changed_ = false;
  failed_change_ = absl::OkStatus();
  absl::Status outcome = body(*this);
  if (outcome.ok()) outcome = failed_change_;
  must_undo_ = changed_ && !outcome.ok();
  return outcome;
}

absl::Status SqliteWriteTxn::RunInSavepoint(Store::WriteBody& body) {
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

template <typename... Args>
absl::Status SqliteWriteTxn::Change(Statement& statement, const Args&... args) {
  if (!failed_change_.ok()) return failed_change_;
  failed_change_ = Note(statement.Execute(args...));
  changed_ |= failed_change_.ok() && statement.ChangedRows();
  return failed_change_;
}

template <typename Record>
absl::Status SqliteWriteTxn::Check(const Record& record) {
  if (failed_change_.ok()) failed_change_ = CheckRecord(record);
  return failed_change_;
}

absl::Status SqliteWriteTxn::EnsureAccount(const Uuid& account_id,
                                           absl::Time now) {
  return Change(statements_.insert_account, account_id, now);
}

absl::Status SqliteWriteTxn::InsertServiceAccount(
    const ServiceAccountRecord& record) {
  if (absl::Status s = Check(record); !s.ok()) return s;
  const TokenRecord& token = record.token;
  absl::Status status =
      Change(statements_.insert_service_account, record.account_id, record.id,
             record.name, token.public_id, record.created_at, record.updated_at,
             record.created_by_user_id, record.last_used_at, record.revoked_at,
             record.revoked_by_user_id);
  if (!status.ok()) return status;
  return Change(statements_.insert_token, token.public_id, record.account_id,
                record.id, token.prefix, token.last4, token.key_version,
                token.mac, token.created_at, token.expires_at);
}

absl::Status SqliteWriteTxn::InsertAuthorization(
    const AuthorizationRecord& record) {
  if (absl::Status s = Check(record); !s.ok()) return s;
  return Change(statements_.insert_authorization, record.id, record.account_id,
                static_cast<int64_t>(record.grant_kind),
                static_cast<int64_t>(record.subject.type), record.subject.id,
                record.capability_key, record.resource_type, record.resource_id,
                record.created_at, record.revoked_at);
}

}  // namespace signet
