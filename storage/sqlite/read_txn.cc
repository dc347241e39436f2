// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_txn.h"

#include <algorithm>
#include <optional>

#include "storage/sqlite/sqlite_error.h"

namespace signet {
namespace {

#define SIGNET_SERVICE_ACCOUNT_COLUMNS                                    \
  "SELECT s.account_id, s.id, s.name, s.created_at, s.updated_at,"        \
  " s.created_by_user_id, s.last_used_at, s.revoked_at,"                  \
  " s.revoked_by_user_id, t.public_id, t.prefix, t.last4, t.key_version," \
  " t.mac, t.created_at, t.expires_at"

#define SIGNET_AUTHORIZATION_COLUMNS                                    \
  "SELECT id, account_id, grant_kind, subject_type, subject_id,"        \
  " capability_key, resource_type, resource_id, created_at, revoked_at" \
  " FROM authorizations"

constexpr char kAnyAccount[] = "SELECT EXISTS (SELECT 1 FROM accounts)";

constexpr char kServiceAccount[] = SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM service_accounts AS s"
    " JOIN tokens AS t ON t.public_id = s.token_public_id"
    " WHERE s.account_id = ?1 AND s.id = ?2";

// A token that has been replaced finds nothing.
constexpr char kServiceAccountByPublicId[] = SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM tokens AS t"
    " JOIN service_accounts AS s"
    " ON s.account_id = t.account_id AND s.id = t.service_account_id"
    " AND s.token_public_id = t.public_id"
    " WHERE t.public_id = ?1";

// Two look-ups, each by an index of its own: a single condition would walk all
// that the subject holds on other accounts.
constexpr char kHeldAuthorizations[] = SIGNET_AUTHORIZATION_COLUMNS
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = ?3"
    " AND revoked_at IS NULL"
    " UNION ALL " SIGNET_AUTHORIZATION_COLUMNS
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id <> ?3"
    " AND grant_kind = 3 AND revoked_at IS NULL";

ServiceAccountRecord ReadServiceAccount(Rows& rows) {
  ServiceAccountRecord record;
  int column = 0;
  record.account_id = rows.Id(column++);
  record.id = rows.Id(column++);
  record.name = rows.Text(column++);
  record.created_at = rows.Time(column++);
  record.updated_at = rows.Time(column++);
  record.created_by_user_id = rows.OptionalId(column++);
  record.last_used_at = rows.OptionalTime(column++);
  record.revoked_at = rows.OptionalTime(column++);
  record.revoked_by_user_id = rows.OptionalId(column++);
  record.token.public_id = rows.Text(column++);
  record.token.prefix = rows.Text(column++);
  record.token.last4 = rows.Text(column++);
  record.token.key_version = static_cast<uint32_t>(rows.Integer(column++));
  rows.Blob(column++, record.token.mac);
  record.token.created_at = rows.Time(column++);
  record.token.expires_at = rows.OptionalTime(column++);
  return record;
}

AuthorizationRecord ReadAuthorization(Rows& rows) {
  AuthorizationRecord record;
  int column = 0;
  record.id = rows.Id(column++);
  record.account_id = rows.Id(column++);
  record.grant_kind = static_cast<GrantKind>(rows.Integer(column++));
  record.subject.type = static_cast<SubjectType>(rows.Integer(column++));
  record.subject.id = rows.Text(column++);
  record.capability_key = rows.OptionalText(column++);
  record.resource_type = rows.OptionalText(column++);
  record.resource_id = rows.OptionalId(column++);
  record.created_at = rows.Time(column++);
  record.revoked_at = rows.OptionalTime(column++);
  return record;
}

bool ById(const AuthorizationRecord& a, const AuthorizationRecord& b) {
  return a.id < b.id;
}

}  // namespace

absl::StatusOr<ReadStatements> ReadStatements::Prepare(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  ReadStatements statements{
      .any_account = prepare(kAnyAccount),
      .service_account = prepare(kServiceAccount),
      .service_account_by_public_id = prepare(kServiceAccountByPublicId),
      .held_authorizations = prepare(kHeldAuthorizations),
  };
  if (!prepare.status().ok()) return prepare.status();
  return statements;
}

template <typename Interface>
absl::Status SqliteReads<Interface>::Note(absl::Status status) {
  if (IsEngineFailure(status)) SetEngineFailure(status);
  return status;
}

template <typename Interface>
absl::StatusOr<bool> SqliteReads<Interface>::IsEmpty() {
  Rows rows = statements_.any_account.Query();
  const bool any = rows.Next() && rows.Integer(0) != 0;
  if (!rows.status().ok()) return Note(rows.status());
  return !any;
}

template <typename Interface>
absl::StatusOr<ServiceAccountRecord> SqliteReads<Interface>::OneServiceAccount(
    Rows rows) {
  ServiceAccountRecord record;
  const bool found = rows.Next();
  if (found) record = ReadServiceAccount(rows);
  if (!rows.status().ok()) return Note(rows.status());
  if (!found) return absl::NotFoundError("no such service account");
  return record;
}

template <typename Interface>
absl::StatusOr<ServiceAccountRecord> SqliteReads<Interface>::GetServiceAccount(
    const Uuid& account_id, const Uuid& id) {
  return OneServiceAccount(statements_.service_account.Query(account_id, id));
}

template <typename Interface>
absl::StatusOr<ServiceAccountRecord>
SqliteReads<Interface>::FindByTokenPublicId(std::string_view public_id) {
  return OneServiceAccount(
      statements_.service_account_by_public_id.Query(public_id));
}

template <typename Interface>
absl::StatusOr<std::vector<AuthorizationRecord>>
SqliteReads<Interface>::ListHeldAuthorizations(
    std::span<const Subject> subjects, const Uuid& account_id) {
  std::vector<AuthorizationRecord> held;
  for (const Subject& subject : subjects) {
    Rows rows = statements_.held_authorizations.Query(
        static_cast<int64_t>(subject.type), subject.id, account_id);
    while (rows.Next()) held.push_back(ReadAuthorization(rows));
    if (!rows.status().ok()) return Note(rows.status());
  }
  std::sort(held.begin(), held.end(), ById);
  // A subject may be named twice.
  held.erase(std::unique(held.begin(), held.end()), held.end());
  return held;
}

template class SqliteReads<ReadTxn>;
template class SqliteReads<WriteTxn>;

}  // namespace signet
