// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/service_account_writes.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/connection/seal_column.h"

namespace signet::sqlite {
namespace {

constexpr char kInsertAccount[] =
    "INSERT INTO service_accounts (account_id, id, name, token_public_id,"
    " created_at, updated_at, created_by_user_id, last_used_at, revoked_at,"
    " revoked_by_user_id, revoke_reason, revoke_comment, description, labels,"
    " enabled, revision, owner, allowed_addresses, token_shown_to, seal)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
    " ?16, ?17, ?18, ?19, ?20)";

constexpr char kInsertToken[] =
    "INSERT INTO tokens (public_id, account_id, service_account_id, prefix,"
    " last4, key_version, mac, created_at, expires_at, not_before, seal)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

constexpr char kUpdate[] =
    "UPDATE service_accounts SET name = ?3, updated_at = ?4, revoked_at = ?5,"
    " revoked_by_user_id = ?6, revoke_reason = ?7, revoke_comment = ?8,"
    " description = ?9, labels = ?10, enabled = ?11, revision = ?12,"
    " owner = ?13, allowed_addresses = ?14, token_shown_to = ?15, seal = ?16"
    " WHERE account_id = ?1 AND id = ?2";

#define SIGNET_CURRENT                                        \
  "public_id = (SELECT token_public_id FROM service_accounts" \
  " WHERE account_id = ?1 AND id = ?2)"

// Most updates leave the token as it is.
constexpr char kUpdateCurrent[] =
    "UPDATE tokens SET expires_at = ?3, not_before = ?4, seal = ?5"
    " WHERE " SIGNET_CURRENT
    " AND (expires_at IS NOT ?3 OR not_before IS NOT ?4 OR seal IS NOT ?5)";

constexpr char kSetCurrent[] =
    "UPDATE service_accounts SET token_public_id = ?3"
    " WHERE account_id = ?1 AND id = ?2";

constexpr char kFindStatus[] =
    "SELECT s.token_public_id = t.public_id, t.ended FROM tokens AS t"
    " CROSS JOIN service_accounts AS s"
    " ON s.account_id = t.account_id AND s.id = t.service_account_id"
    " WHERE t.public_id = ?3 AND t.account_id = ?1"
    " AND t.service_account_id = ?2";

constexpr char kUpdateToken[] =
    "UPDATE tokens SET expires_at = ?2, retires_at = ?3, not_before = ?4,"
    " ended = ?5, seal = ?6 WHERE public_id = ?1";

constexpr char kTouch[] =
    "UPDATE service_accounts SET last_used_at = ?3"
    " WHERE account_id = ?1 AND id = ?2"
    " AND (last_used_at IS NULL OR last_used_at < ?3)";

constexpr char kDeleteReplaced[] =
    "DELETE FROM tokens WHERE public_id IN"
    " (SELECT public_id FROM tokens INDEXED BY tokens_replaced"
    " WHERE account_id = ?1 AND service_account_id = ?2"
    " AND retires_at IS NOT NULL ORDER BY public_id LIMIT ?3)";

constexpr char kDeleteCurrent[] = "DELETE FROM tokens WHERE " SIGNET_CURRENT;

constexpr char kDelete[] =
    "DELETE FROM service_accounts WHERE account_id = ?1 AND id = ?2";

absl::Status NoSuchServiceAccount() {
  return absl::NotFoundError("no such service account");
}

}  // namespace

ServiceAccountWrites::ServiceAccountWrites(Preparer& prepare)
    : insert_(prepare(kInsertAccount)),
      insert_token_(prepare(kInsertToken)),
      update_(prepare(kUpdate)),
      update_current_(prepare(kUpdateCurrent)),
      set_current_(prepare(kSetCurrent)),
      find_status_(prepare(kFindStatus)),
      update_token_(prepare(kUpdateToken)),
      touch_(prepare(kTouch)),
      delete_replaced_(prepare(kDeleteReplaced)),
      delete_current_(prepare(kDeleteCurrent)),
      delete_(prepare(kDelete)) {}

absl::Status ServiceAccountWrites::Insert(
    const storage::ServiceAccountRecord& record) {
  const absl::Status status = insert_.Execute(
      record.account_id, record.id, record.name, record.token.public_id,
      record.created_at, record.updated_at, record.created_by_user_id,
      record.last_used_at, record.revoked_at, record.revoked_by_user_id,
      static_cast<int64_t>(record.revoke_reason), Filled(record.revoke_comment),
      Filled(record.description), BindableLabels(record.labels), record.enabled,
      record.revision, Filled(record.owner), Filled(record.allowed_addresses),
      Filled(record.token_shown_to), EncodeSeal(record.seal));
  return status.ok() ? InsertToken(record) : status;
}

absl::Status ServiceAccountWrites::InsertToken(
    const storage::ServiceAccountRecord& record) {
  const storage::TokenRecord& token = record.token;
  return insert_token_.Execute(token.public_id, record.account_id, record.id,
                               token.prefix, token.last4, token.key_version,
                               token.mac, token.created_at, token.expires_at,
                               token.not_before, EncodeSeal(token.seal));
}

absl::Status ServiceAccountWrites::UpdateRow(
    const storage::ServiceAccountRecord& record) {
  const absl::Status status = update_.Execute(
      record.account_id, record.id, record.name, record.updated_at,
      record.revoked_at, record.revoked_by_user_id,
      static_cast<int64_t>(record.revoke_reason), Filled(record.revoke_comment),
      Filled(record.description), BindableLabels(record.labels), record.enabled,
      record.revision, Filled(record.owner), Filled(record.allowed_addresses),
      Filled(record.token_shown_to), EncodeSeal(record.seal));
  if (!status.ok()) return status;
  return update_.ChangedRows() > 0 ? absl::OkStatus() : NoSuchServiceAccount();
}

absl::Status ServiceAccountWrites::Update(
    const storage::ServiceAccountRecord& record) {
  if (absl::Status s = UpdateRow(record); !s.ok()) return s;
  return update_current_.Execute(
      record.account_id, record.id, record.token.expires_at,
      record.token.not_before, EncodeSeal(record.token.seal));
}

absl::Status ServiceAccountWrites::ReplaceToken(
    const storage::ServiceAccountRecord& record) {
  if (absl::Status s = UpdateRow(record); !s.ok()) return s;
  if (absl::Status s = InsertToken(record); !s.ok()) return s;
  return set_current_.Execute(record.account_id, record.id,
                              record.token.public_id);
}

absl::StatusOr<storage::TokenStatus> ServiceAccountWrites::GetTokenStatus(
    const Uuid& account_id, const Uuid& service_account_id,
    std::string_view public_id) {
  return ReadOne(find_status_.Query(account_id, service_account_id, public_id),
                 "no such token", [](Rows& rows) {
                   return storage::TokenStatus{.current = rows.Integer(0) != 0,
                                               .ended = rows.Integer(1) != 0};
                 });
}

absl::Status ServiceAccountWrites::UpdateToken(
    const storage::TokenRecord& token) {
  return update_token_.Execute(token.public_id, token.expires_at,
                               token.retires_at, token.not_before, token.ended,
                               EncodeSeal(token.seal));
}

absl::Status ServiceAccountWrites::TouchLastUsed(
    std::span<const storage::LastUse> uses) {
  for (const storage::LastUse& use : uses) {
    if (absl::Status s =
            touch_.Execute(use.account_id, use.service_account_id, use.at);
        !s.ok()) {
      return s;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ServiceAccountWrites::DeleteReplaced(const Uuid& account_id,
                                                         const Uuid& id,
                                                         int limit) {
  if (absl::Status s =
          delete_replaced_.Execute(account_id, id, std::max(limit, 0));
      !s.ok()) {
    return s;
  }
  return delete_replaced_.ChangedRows();
}

absl::Status ServiceAccountWrites::Delete(const Uuid& account_id,
                                          const Uuid& id) {
  // To SQLite, a negative limit is none.
  if (absl::Status s = delete_replaced_.Execute(account_id, id, int64_t{-1});
      !s.ok()) {
    return s;
  }
  if (absl::Status s = delete_current_.Execute(account_id, id); !s.ok())
    return s;
  if (absl::Status s = delete_.Execute(account_id, id); !s.ok()) return s;
  return delete_.ChangedRows() > 0 ? absl::OkStatus() : NoSuchServiceAccount();
}

}  // namespace signet::sqlite
