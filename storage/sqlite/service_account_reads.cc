// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/service_account_reads.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "storage/sqlite/connection/page_rows.h"

namespace signet::sqlite {
namespace {

#define SIGNET_TOKEN_COLUMNS(t)                                           \
#t ".public_id, " #t ".prefix, " #t ".last4, " #t ".key_version, " #t   \
     ".mac, " #t ".created_at, " #t ".expires_at, " #t ".retires_at, " #t \
     ".not_before, " #t ".ended, " #t ".seal"
#define SIGNET_SERVICE_ACCOUNT_COLUMNS                        \
  "s.account_id, s.id, s.name, s.created_at, s.updated_at,"   \
  " s.created_by_user_id, s.last_used_at, s.revoked_at,"      \
  " s.revoked_by_user_id, s.revoke_reason, s.revoke_comment," \
  " s.description, s.labels, s.enabled, s.revision, s.owner," \
  " s.allowed_addresses, s.token_shown_to, s.seal, " SIGNET_TOKEN_COLUMNS(t)

// CROSS JOIN: in this order. INDEXED BY: so, or no statement at all.

constexpr char kGetAccount[] =
    "SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM service_accounts AS s"
    " CROSS JOIN tokens AS t ON t.public_id = s.token_public_id"
    " WHERE s.account_id = ?1 AND s.id = ?2";

constexpr char kFindAccount[] =
    "SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM service_accounts AS s INDEXED BY service_accounts_by_id"
    " CROSS JOIN tokens AS t ON t.public_id = s.token_public_id"
    " WHERE s.id = ?1 ORDER BY s.account_id";

// The current token is looked up even if it is the one found, so that a
// replaced token takes no longer.
constexpr char kFindToken[] = "SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS ", "
    SIGNET_TOKEN_COLUMNS(found)
    " FROM tokens AS found"
    " CROSS JOIN service_accounts AS s"
    " ON s.account_id = found.account_id AND s.id = found.service_account_id"
    " CROSS JOIN tokens AS t ON t.public_id = s.token_public_id"
    " WHERE found.public_id = ?1";

// The second part finds the others by an index of its own.
constexpr char kTokensInUse[] = "SELECT " SIGNET_TOKEN_COLUMNS(t)
    " FROM service_accounts AS s"
    " CROSS JOIN tokens AS t ON t.public_id = s.token_public_id"
    " WHERE s.account_id = ?1 AND s.id = ?2"
    " UNION ALL SELECT " SIGNET_TOKEN_COLUMNS(t)
    " FROM tokens AS t INDEXED BY tokens_overlapping"
    " WHERE t.account_id = ?1 AND t.service_account_id = ?2"
    " AND t.retires_at IS NOT NULL AND t.ended = 0";

constexpr char kAllTokens[] =
    "SELECT t.account_id, t.service_account_id, " SIGNET_TOKEN_COLUMNS(t)
    " FROM tokens AS t WHERE t.public_id > ?1 ORDER BY t.public_id LIMIT ?2";

#define SIGNET_LISTING(index, behind, order)                   \
  "SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS                     \
  " FROM service_accounts AS s " index                         \
  " CROSS JOIN tokens AS t ON t.public_id = s.token_public_id" \
  " WHERE s.account_id = ?1 AND " behind " ORDER BY " order

#define SIGNET_BY_NAME "INDEXED BY service_accounts_by_name"
#define SIGNET_BY_LAST_USE "INDEXED BY service_accounts_by_last_use"

constexpr char kUpByCreation[] = SIGNET_LISTING("", "s.id > ?2", "s.id");
constexpr char kDownByCreation[] = SIGNET_LISTING("", "s.id < ?2", "s.id DESC");
// From a place to the end of those whose name begins as is asked for.
constexpr char kUpByName[] = SIGNET_LISTING(
    SIGNET_BY_NAME, "(s.name, s.id) > (?2, ?3) AND s.name < ifnull(?4, x'ff')",
    "s.name, s.id");
constexpr char kDownByName[] = SIGNET_LISTING(
    SIGNET_BY_NAME, "(s.name, s.id) < (ifnull(?2, x'ff'), ?3) AND s.name >= ?4",
    "s.name DESC, s.id DESC");
constexpr char kUpByLastUse[] = SIGNET_LISTING(
    SIGNET_BY_LAST_USE, "(s.last_use, s.id) > (?2, ?3)", "s.last_use, s.id");
constexpr char kDownByLastUse[] =
    SIGNET_LISTING(SIGNET_BY_LAST_USE, "(s.last_use, s.id) < (?2, ?3)",
                   "s.last_use DESC, s.id DESC");

constexpr char kExpiring[] =
    "SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM tokens AS t INDEXED BY tokens_expiring"
    " CROSS JOIN service_accounts AS s"
    " ON s.account_id = t.account_id AND s.id = t.service_account_id"
    " WHERE t.expires_at >= ?1 AND (t.expires_at > ?1 OR t.public_id > ?2)"
    " AND t.expires_at < ?3 AND t.retires_at IS NULL"
    " AND s.revoked_at IS NULL AND s.enabled"
    " ORDER BY t.expires_at, t.public_id LIMIT ?4";

// The second part leaves out what the first has found.
constexpr char kDead[] =
    "SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM service_accounts AS s INDEXED BY service_accounts_revoked"
    " CROSS JOIN tokens AS t ON t.public_id = s.token_public_id"
    " WHERE s.revoked_at < ?1"
    " UNION ALL SELECT " SIGNET_SERVICE_ACCOUNT_COLUMNS
    " FROM tokens AS t INDEXED BY tokens_expiring"
    " CROSS JOIN service_accounts AS s"
    " ON s.account_id = t.account_id AND s.id = t.service_account_id"
    " WHERE t.expires_at < ?1 AND t.retires_at IS NULL"
    " AND (s.revoked_at IS NULL OR s.revoked_at >= ?1) LIMIT ?2";

storage::TokenRecord ReadToken(Rows& rows, int& column) {
  storage::TokenRecord token;
  token.public_id = rows.Text(column++);
  token.prefix = rows.Text(column++);
  token.last4 = rows.Text(column++);
  token.key_version = static_cast<uint32_t>(rows.Integer(column++));
  rows.Blob(column++, token.mac);
  token.created_at = rows.Time(column++);
  token.expires_at = rows.OptionalTime(column++);
  token.retires_at = rows.OptionalTime(column++);
  token.not_before = rows.OptionalTime(column++);
  token.ended = rows.Integer(column++) != 0;
  token.seal = rows.ReadSeal(column++);
  return token;
}

// All but the labels, which cost most.
storage::ServiceAccountRecord ReadWithoutLabels(Rows& rows, int& column,
                                                int& labels_column) {
  storage::ServiceAccountRecord record;
  record.account_id = rows.Id(column++);
  record.id = rows.Id(column++);
  record.name = rows.Text(column++);
  record.created_at = rows.Time(column++);
  record.updated_at = rows.Time(column++);
  record.created_by_user_id = rows.OptionalId(column++);
  record.last_used_at = rows.OptionalTime(column++);
  record.revoked_at = rows.OptionalTime(column++);
  record.revoked_by_user_id = rows.OptionalId(column++);
  record.revoke_reason =
      static_cast<storage::RevokeReason>(rows.Integer(column++));
  record.revoke_comment = rows.OptionalText(column++).value_or("");
  record.description = rows.OptionalText(column++).value_or("");
  labels_column = column++;
  record.enabled = rows.Integer(column++) != 0;
  record.revision = static_cast<uint64_t>(rows.Integer(column++));
  record.owner = rows.OptionalText(column++).value_or("");
  record.allowed_addresses = rows.OptionalText(column++).value_or("");
  record.token_shown_to = rows.OptionalText(column++).value_or("");
  record.seal = rows.ReadSeal(column++);
  record.token = ReadToken(rows, column);
  return record;
}

storage::ServiceAccountRecord ReadColumns(Rows& rows, int& column) {
  int labels_column = 0;
  storage::ServiceAccountRecord record =
      ReadWithoutLabels(rows, column, labels_column);
  record.labels = rows.Labels(labels_column);
  return record;
}

storage::ServiceAccountRecord ReadServiceAccount(Rows& rows) {
  int column = 0;
  return ReadColumns(rows, column);
}

using ServiceAccountFiller = storage::PageFiller<storage::ServiceAccountPage,
                                                 storage::ServiceAccountQuery>;

// Reads the labels, about which there are no conditions, only of a row that is
// on the page.
void TakeServiceAccount(Rows& rows, ServiceAccountFiller& filler) {
  int column = 0;
  int labels_column = 0;
  storage::ServiceAccountRecord record =
      ReadWithoutLabels(rows, column, labels_column);
  if (!filler.Admits(record, rows.LabelBytes(labels_column))) return;
  record.labels = rows.Labels(labels_column);
  filler.Add(std::move(record));
}

storage::TokenOwner ReadTokenOwner(Rows& rows) {
  int column = 0;
  storage::TokenOwner found;
  found.owner = ReadColumns(rows, column);
  found.token = ReadToken(rows, column);
  return found;
}

}  // namespace

ServiceAccountReads::ServiceAccountReads(Preparer& prepare)
    : get_(prepare(kGetAccount)),
      find_(prepare(kFindAccount)),
      find_token_(prepare(kFindToken)),
      tokens_in_use_(prepare(kTokensInUse)),
      all_tokens_(prepare(kAllTokens)),
      by_creation_{prepare(kUpByCreation), prepare(kDownByCreation)},
      by_name_{prepare(kUpByName), prepare(kDownByName)},
      by_last_use_{prepare(kUpByLastUse), prepare(kDownByLastUse)},
      expiring_(prepare(kExpiring)),
      dead_(prepare(kDead)) {}

absl::StatusOr<storage::ServiceAccountRecord> ServiceAccountReads::Get(
    const Uuid& account_id, const Uuid& id) {
  return ReadOne(get_.Query(account_id, id), "no such service account",
                 &ReadServiceAccount);
}

absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
ServiceAccountReads::Find(const Uuid& id) {
  return ReadAll(find_.Query(id), &ReadServiceAccount);
}

absl::StatusOr<storage::TokenOwner> ServiceAccountReads::FindToken(
    std::string_view public_id) {
  return ReadOne(find_token_.Query(public_id), "no such token",
                 &ReadTokenOwner);
}

absl::StatusOr<std::vector<storage::TokenRecord>>
ServiceAccountReads::ListTokensInUse(const Uuid& account_id, const Uuid& id) {
  auto tokens = ReadAll(tokens_in_use_.Query(account_id, id), [](Rows& rows) {
    int column = 0;
    return ReadToken(rows, column);
  });
  if (tokens.ok() && !tokens->empty()) {
    std::sort(
        tokens->begin() + 1, tokens->end(),
        [](const auto& a, const auto& b) { return a.public_id > b.public_id; });
  }
  return tokens;
}

absl::StatusOr<std::vector<storage::OwnedToken>>
ServiceAccountReads::ListTokens(std::string_view after, int limit) {
  return ReadAll(all_tokens_.Query(after, std::max(limit, 0)), [](Rows& rows) {
    storage::OwnedToken row;
    int column = 0;
    row.account_id = rows.Id(column++);
    row.service_account_id = rows.Id(column++);
    row.token = ReadToken(rows, column);
    return row;
  });
}

// Without a position to begin behind, the listing begins behind a place that no
// row is before.
absl::StatusOr<storage::ServiceAccountPage> ServiceAccountReads::List(
    const storage::ServiceAccountQuery& query) {
  const auto& after = query.after;
  const bool down = query.descending;
  const std::span<const uint8_t> start = down ? kBehindAll : kBeforeAll;
  const std::span<const uint8_t> id =
      after.has_value() ? after->id.bytes() : start;
  const auto page = [&](Statement& statement, const auto&... keys) {
    return FillPage<storage::ServiceAccountPage>(
        statement.Query(query.account_id, keys...), query, &TakeServiceAccount);
  };
  switch (query.order) {
    case storage::ServiceAccountOrder::kCreated:
      return page(by_creation_.Towards(down), id);
    case storage::ServiceAccountOrder::kName: {
      // Text comes before blobs.
      const std::string& prefix = query.filter.name_prefix;
      const std::optional<std::string> end = EndOfPrefix(prefix);
      if (down) {
        return after.has_value() && (!end.has_value() || after->name < *end)
                   ? page(by_name_.descending, after->name, id, prefix)
                   : page(by_name_.descending, end, kBeforeAll, prefix);
      }
      return after.has_value() && after->name >= prefix
                 ? page(by_name_.ascending, after->name, id, end)
                 : page(by_name_.ascending, prefix, kBeforeAll, end);
    }
    case storage::ServiceAccountOrder::kLastUsed: {
      if (!after.has_value())
        return page(by_last_use_.Towards(down), start, start);
      const std::vector<uint8_t> time =
          after->last_used_at.has_value()
              ? EncodeTimeBound(*after->last_used_at)
              : std::vector<uint8_t>();
      return page(by_last_use_.Towards(down), time, id);
    }
  }
  return absl::InternalError("no such order");
}

absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
ServiceAccountReads::ListExpiring(absl::Time from, std::string_view after,
                                  absl::Time until, int limit) {
  const std::vector<uint8_t> first = EncodeTimeBound(from);
  const std::vector<uint8_t> end = EncodeTimeBound(until);
  return ReadAll(expiring_.Query(first, after, end, std::max(limit, 0)),
                 &ReadServiceAccount);
}

absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
ServiceAccountReads::ListDead(absl::Time before, int limit) {
  const std::vector<uint8_t> end = EncodeTimeBound(before);
  return ReadAll(dead_.Query(end, std::max(limit, 0)), &ReadServiceAccount);
}

}  // namespace signet::sqlite
