// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/authorization_rows.h"

#include <algorithm>
#include <cstdint>

#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/connection/seal_column.h"

namespace signet::sqlite {
namespace {

#define SIGNET_COLUMNS_OF(source)                                        \
  "SELECT id, account_id, grant_kind, subject_type, subject_id,"         \
  " capability_key, resource_type, resource_id, created_at, revoked_at," \
  " subject_issuer, seal FROM " source
#define SIGNET_AUTHORIZATION_COLUMNS SIGNET_COLUMNS_OF("authorizations")

constexpr char kAnyAccount[] = "SELECT EXISTS (SELECT 1 FROM accounts)";

constexpr char kHasAccount[] =
    "SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ?1)";

// Two look-ups, each by an index of its own: a single condition would walk all
// that the subject holds on other accounts.
constexpr char kHeld[] = SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = ?3"
    " AND revoked_at IS NULL"
    " UNION ALL " SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY super_admins_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id <> ?3"
    " AND grant_kind = 3 AND revoked_at IS NULL";

// Of one who holds many, what bears on a question: all but capabilities, and
// capabilities one by one, each by the index.
constexpr char kHeldKinds[] = SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = ?3"
    " AND grant_kind IN (2, 3) AND revoked_at IS NULL"
    " UNION ALL " SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY super_admins_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id <> ?3"
    " AND grant_kind = 3 AND revoked_at IS NULL";
constexpr char kHeldCapability[] = SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = ?3"
    " AND grant_kind = 1 AND ifnull(capability_key, '') = ?4"
    " AND ifnull(resource_type, '') IN ('', ifnull(?5, ''))"
    " AND ifnull(resource_id, x'') IN (x'', ifnull(?6, x''))"
    " AND revoked_at IS NULL";

constexpr char kCountHeld[] =
    "SELECT 1 FROM authorizations INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = ?3"
    " AND revoked_at IS NULL LIMIT ?4";

constexpr char kEqual[] = SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = ?3"
    " AND grant_kind = ?4 AND ifnull(capability_key, '') = ifnull(?5, '')"
    " AND ifnull(resource_type, '') = ifnull(?6, '')"
    " AND ifnull(resource_id, x'') = ifnull(?7, x'')"
    " AND ifnull(subject_issuer, '') = ?8 AND revoked_at IS NULL";

// So many are read one after another; of more, only what is needed.
constexpr int kFewGrants = 64;

// From one account of the subject's to the next, and on each what is asked for,
// all by the index: what else the subject holds there is not gone through.
constexpr char kGrantsOf[] =
    "WITH RECURSIVE held_on (account) AS (SELECT x''"
    " UNION ALL SELECT"
    " (SELECT account_id FROM authorizations INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id > account"
    " AND revoked_at IS NULL ORDER BY account_id LIMIT 1)"
    " FROM held_on WHERE account IS NOT NULL) " SIGNET_COLUMNS_OF(
        "held_on CROSS JOIN authorizations")
    " INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = account"
    " AND revoked_at IS NULL"
    " AND grant_kind IN (2, 3) AND ifnull(?3, grant_kind) = grant_kind"
    " UNION ALL " SIGNET_COLUMNS_OF("held_on CROSS JOIN authorizations")
    " INDEXED BY authorizations_in_force"
    " WHERE subject_type = ?1 AND subject_id = ?2 AND account_id = account"
    " AND revoked_at IS NULL AND grant_kind = 1 AND ifnull(?3, 1) = 1"
    " AND ifnull(capability_key, '') >= ?4"
    " AND ifnull(capability_key, '') < ifnull(?5, x'ff') LIMIT ?6";

constexpr char kOwners[] = SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY owners_in_force"
    " WHERE account_id = ?1 AND grant_kind = 2 AND revoked_at IS NULL"
    " ORDER BY id DESC LIMIT ?2";

constexpr char kGetAuthorization[] =
    SIGNET_AUTHORIZATION_COLUMNS " WHERE id = ?2 AND account_id = ?1";

constexpr char kList[] = SIGNET_AUTHORIZATION_COLUMNS
    " INDEXED BY authorizations_by_account"
    " WHERE account_id = ?1 AND id < ?2 ORDER BY id DESC";

constexpr char kEnsureAccount[] =
    "INSERT INTO accounts (id, created_at) VALUES (?1, ?2)"
    " ON CONFLICT (id) DO NOTHING";

constexpr char kInsertAuthorization[] =
    "INSERT INTO authorizations (id, account_id, grant_kind, subject_type,"
    " subject_id, capability_key, resource_type, resource_id, created_at,"
    " revoked_at, subject_issuer, seal)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

// One that is revoked counts as changed too.
constexpr char kRevoke[] =
    "UPDATE authorizations SET"
    " seal = iif(revoked_at IS NULL, ?4, seal),"
    " revoked_at = ifnull(revoked_at, ?3)"
    " WHERE id = ?2 AND account_id = ?1";

constexpr char kPutSeal[] =
    "UPDATE authorizations SET seal = ?3 WHERE id = ?2 AND account_id = ?1";

constexpr char kAccountsInOrder[] =
    "SELECT id FROM accounts WHERE id > ?1 ORDER BY id LIMIT ?2";

storage::AuthorizationRecord ReadAuthorization(Rows& rows) {
  storage::AuthorizationRecord record;
  int column = 0;
  record.id = rows.Id(column++);
  record.account_id = rows.Id(column++);
  record.grant_kind = static_cast<storage::GrantKind>(rows.Integer(column++));
  record.subject.type =
      static_cast<storage::SubjectType>(rows.Integer(column++));
  record.subject.id = rows.Text(column++);
  record.capability_key = rows.OptionalText(column++);
  record.resource_type = rows.OptionalText(column++);
  record.resource_id = rows.OptionalId(column++);
  record.created_at = rows.Time(column++);
  record.revoked_at = rows.OptionalTime(column++);
  record.subject_issuer = rows.OptionalText(column++).value_or("");
  record.seal = rows.ReadSeal(column++);
  return record;
}

bool ById(const storage::AuthorizationRecord& a,
          const storage::AuthorizationRecord& b) {
  return a.id < b.id;
}

void SortUnique(std::vector<storage::AuthorizationRecord>& held) {
  std::sort(held.begin(), held.end(), ById);
  // A subject may be named twice.
  held.erase(std::unique(held.begin(), held.end()), held.end());
}

absl::StatusOr<bool> ReadBool(Rows rows) {
  const bool value = rows.Next() && rows.Integer(0) != 0;
  if (!rows.status().ok()) return rows.status();
  return value;
}

}  // namespace

AuthorizationReads::AuthorizationReads(Preparer& prepare)
    : any_account_(prepare(kAnyAccount)),
      has_account_(prepare(kHasAccount)),
      list_accounts_(prepare(kAccountsInOrder)),
      held_(prepare(kHeld)),
      held_kinds_(prepare(kHeldKinds)),
      held_capability_(prepare(kHeldCapability)),
      count_held_(prepare(kCountHeld)),
      equal_(prepare(kEqual)),
      grants_of_(prepare(kGrantsOf)),
      owners_(prepare(kOwners)),
      get_(prepare(kGetAuthorization)),
      list_(prepare(kList)) {}

absl::StatusOr<bool> AuthorizationReads::AnyAccount() {
  return ReadBool(any_account_.Query());
}

absl::StatusOr<std::vector<Uuid>> AuthorizationReads::ListAccounts(
    const std::optional<Uuid>& after, int limit) {
  const std::span<const uint8_t> id =
      after.has_value() ? std::span<const uint8_t>(after->bytes()) : kBeforeAll;
  return ReadAll(list_accounts_.Query(id, std::max(limit, 0)),
                 [](Rows& rows) { return rows.Id(0); });
}

absl::StatusOr<bool> AuthorizationReads::HasAccount(const Uuid& account_id) {
  return ReadBool(has_account_.Query(account_id));
}

absl::StatusOr<std::vector<storage::AuthorizationRecord>>
AuthorizationReads::ListHeld(std::span<const storage::Subject> subjects,
                             const Uuid& account_id) {
  std::vector<storage::AuthorizationRecord> held;
  for (const storage::Subject& subject : subjects) {
    Rows rows =
        held_.Query(static_cast<int64_t>(subject.type), subject.id, account_id);
    while (rows.Next()) held.push_back(ReadAuthorization(rows));
    if (!rows.status().ok()) return rows.status();
  }
  SortUnique(held);
  return held;
}

absl::Status AuthorizationReads::AddHeldFor(
    const storage::Subject& subject, const Uuid& account_id,
    const storage::HeldFilter& filter,
    std::vector<storage::AuthorizationRecord>& held) {
  const auto type = static_cast<int64_t>(subject.type);
  const size_t before = held.size();
  {
    int read = 0;
    Rows rows = held_.Query(type, subject.id, account_id);
    while (read < kFewGrants && rows.Next()) {
      ++read;
      storage::AuthorizationRecord grant = ReadAuthorization(rows);
      if (filter.Matches(grant)) held.push_back(std::move(grant));
    }
    if (!rows.status().ok()) return rows.status();
    if (read < kFewGrants) return absl::OkStatus();
  }
  held.resize(before);
  {
    Rows rows = held_kinds_.Query(type, subject.id, account_id);
    while (rows.Next()) held.push_back(ReadAuthorization(rows));
    if (!rows.status().ok()) return rows.status();
  }
  for (const std::string& key : filter.capability_keys) {
    Rows rows =
        held_capability_.Query(type, subject.id, account_id, key,
                               filter.resource_type, filter.resource_id);
    while (rows.Next()) held.push_back(ReadAuthorization(rows));
    if (!rows.status().ok()) return rows.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<storage::AuthorizationRecord>>
AuthorizationReads::ListHeldFor(std::span<const storage::Subject> subjects,
                                const Uuid& account_id,
                                const storage::HeldFilter& filter) {
  std::vector<storage::AuthorizationRecord> held;
  for (const storage::Subject& subject : subjects) {
    absl::Status status = AddHeldFor(subject, account_id, filter, held);
    if (!status.ok()) return status;
  }
  SortUnique(held);
  return held;
}

absl::StatusOr<int> AuthorizationReads::CountHeld(
    const storage::Subject& subject, const Uuid& account_id, int limit) {
  Rows rows = count_held_.Query(static_cast<int64_t>(subject.type), subject.id,
                                account_id, int64_t{limit});
  int count = 0;
  while (rows.Next()) ++count;
  if (!rows.status().ok()) return rows.status();
  return count;
}

absl::StatusOr<storage::AuthorizationRecord> AuthorizationReads::FindEqual(
    const storage::AuthorizationRecord& grant) {
  return ReadOne(
      equal_.Query(static_cast<int64_t>(grant.subject.type), grant.subject.id,
                   grant.account_id, static_cast<int64_t>(grant.grant_kind),
                   grant.capability_key, grant.resource_type, grant.resource_id,
                   grant.subject_issuer),
      "no equal authorization", &ReadAuthorization);
}

absl::StatusOr<std::vector<storage::AuthorizationRecord>>
AuthorizationReads::ListGrantsOf(const storage::Subject& subject,
                                 const storage::GrantFilter& filter,
                                 int limit) {
  std::optional<int64_t> kind;
  if (filter.kind.has_value()) kind = static_cast<int64_t>(*filter.kind);
  const std::optional<std::string> end = EndOfPrefix(filter.capability_prefix);
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> grants = ReadAll(
      grants_of_.Query(static_cast<int64_t>(subject.type), subject.id, kind,
                       filter.capability_prefix, end, std::max(limit, 0)),
      &ReadAuthorization);
  if (grants.ok()) std::sort(grants->begin(), grants->end(), ById);
  return grants;
}

absl::StatusOr<std::vector<storage::AuthorizationRecord>>
AuthorizationReads::ListOwners(const Uuid& account_id, int limit) {
  return ReadAll(owners_.Query(account_id, std::max(limit, 0)),
                 &ReadAuthorization);
}

absl::StatusOr<storage::AuthorizationRecord> AuthorizationReads::Get(
    const Uuid& account_id, const Uuid& id) {
  return ReadOne(get_.Query(account_id, id), "no such authorization",
                 &ReadAuthorization);
}

absl::StatusOr<storage::AuthorizationPage> AuthorizationReads::List(
    const storage::AuthorizationQuery& query) {
  const std::span<const uint8_t> id =
      query.after.has_value() ? std::span<const uint8_t>(query.after->bytes())
                              : kBehindAll;
  return ReadPage<storage::AuthorizationPage>(list_.Query(query.account_id, id),
                                              query, &ReadAuthorization);
}

AuthorizationWrites::AuthorizationWrites(Preparer& prepare)
    : ensure_account_(prepare(kEnsureAccount)),
      insert_(prepare(kInsertAuthorization)),
      revoke_(prepare(kRevoke)),
      put_seal_(prepare(kPutSeal)) {}

absl::Status AuthorizationWrites::EnsureAccount(const Uuid& account_id,
                                                absl::Time now) {
  return ensure_account_.Execute(account_id, now);
}

absl::Status AuthorizationWrites::Insert(
    const storage::AuthorizationRecord& record) {
  return insert_.Execute(
      record.id, record.account_id, static_cast<int64_t>(record.grant_kind),
      static_cast<int64_t>(record.subject.type), record.subject.id,
      record.capability_key, record.resource_type, record.resource_id,
      record.created_at, record.revoked_at, Filled(record.subject_issuer),
      EncodeSeal(record.seal));
}

absl::Status AuthorizationWrites::PutSeal(const Uuid& account_id,
                                          const Uuid& id,
                                          const storage::Seal& seal) {
  absl::Status status = put_seal_.Execute(account_id, id, EncodeSeal(seal));
  if (!status.ok()) return status;
  return put_seal_.ChangedRows() > 0
             ? absl::OkStatus()
             : absl::NotFoundError("no such authorization");
}

absl::Status AuthorizationWrites::Revoke(const Uuid& account_id, const Uuid& id,
                                         absl::Time at,
                                         const storage::Seal& seal) {
  if (absl::Status s = revoke_.Execute(account_id, id, at, EncodeSeal(seal));
      !s.ok()) {
    return s;
  }
  return revoke_.ChangedRows() > 0
             ? absl::OkStatus()
             : absl::NotFoundError("no such authorization");
}

}  // namespace signet::sqlite
