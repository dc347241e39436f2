// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/memory_txn.h"

#include <algorithm>
#include <string>
#include <utility>

namespace signet::memory {
namespace {

absl::Status NoSuch(const char* what) { return absl::NotFoundError(what); }

absl::Status RowExists() { return absl::AlreadyExistsError("the row exists"); }

absl::Status RowMissing() {
  return absl::FailedPreconditionError("a row it refers to is missing");
}

// `record`, but what may not change as it is in `stored`.
storage::ServiceAccountRecord Updated(
    const storage::ServiceAccountRecord& stored,
    storage::ServiceAccountRecord record) {
  storage::TokenRecord token = stored.token;
  token.expires_at = record.token.expires_at;
  token.not_before = record.token.not_before;
  token.seal = record.token.seal;
  record.token = std::move(token);
  record.created_at = stored.created_at;
  record.created_by_user_id = stored.created_by_user_id;
  record.last_used_at = stored.last_used_at;
  return record;
}

}  // namespace

absl::Status MemoryWriteTxn::Run(storage::Store::WriteBody& body,
                                 storage::ChangeJournal& journal) {
  absl::Status outcome = RunBody(body, journal);
  if (!outcome.ok()) {
    std::for_each(undo_.rbegin(), undo_.rend(), [](auto& undo) { undo(); });
  }
  return outcome;
}

template <typename Map>
void MemoryWriteTxn::Set(Map& map, const typename Map::key_type& key,
                         std::optional<typename Map::mapped_type> row) {
  auto put = [&map, key](std::optional<typename Map::mapped_type> value) {
    if (value.has_value()) {
      map.insert_or_assign(key, *std::move(value));
    } else {
      map.erase(key);
    }
  };
  const auto found = map.find(key);
  std::optional<typename Map::mapped_type> before;
  if (found != map.end()) before = std::move(found->second);
  put(std::move(row));
  undo_.push_back(
      [put, before = std::move(before)]() mutable { put(std::move(before)); });
}

absl::Status MemoryWriteTxn::DoEnsureAccount(const Uuid& account_id,
                                             absl::Time now) {
  if (!tables_.accounts.contains(account_id)) {
    Set(tables_.accounts, account_id, now);
  }
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoInsertServiceAccount(
    const storage::ServiceAccountRecord& record) {
  const MemoryTables::ServiceAccountKey key = {record.account_id, record.id};
  if (tables_.service_accounts.contains(key)) return RowExists();
  if (!tables_.accounts.contains(record.account_id)) return RowMissing();
  if (tables_.tokens.contains(record.token.public_id)) return RowExists();
  Set(tables_.service_accounts, key, record);
  Set(tables_.tokens, record.token.public_id,
      MemoryTables::StoredToken{.owner = key});
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoUpdateServiceAccount(
    const storage::ServiceAccountRecord& record) {
  const MemoryTables::ServiceAccountKey key = {record.account_id, record.id};
  const auto stored = tables_.service_accounts.find(key);
  if (stored == tables_.service_accounts.end()) {
    return NoSuch("no such service account");
  }
  Set(tables_.service_accounts, key, Updated(stored->second, record));
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoReplaceToken(
    const storage::ServiceAccountRecord& record) {
  const MemoryTables::ServiceAccountKey key = {record.account_id, record.id};
  const auto stored = tables_.service_accounts.find(key);
  if (stored == tables_.service_accounts.end()) {
    return NoSuch("no such service account");
  }
  if (tables_.tokens.contains(record.token.public_id)) return RowExists();
  const storage::TokenRecord replaced = stored->second.token;
  storage::ServiceAccountRecord updated = Updated(stored->second, record);
  updated.token = record.token;
  Set(tables_.tokens, replaced.public_id,
      MemoryTables::StoredToken{key, replaced});
  Set(tables_.tokens, updated.token.public_id,
      MemoryTables::StoredToken{.owner = key});
  Set(tables_.service_accounts, key, updated);
  return absl::OkStatus();
}

absl::StatusOr<storage::TokenStatus> MemoryWriteTxn::DoGetTokenStatus(
    const Uuid& account_id, const Uuid& service_account_id,
    std::string_view public_id) {
  const auto found = tables_.tokens.find(public_id);
  if (found == tables_.tokens.end() ||
      found->second.owner !=
          MemoryTables::ServiceAccountKey{account_id, service_account_id}) {
    return NoSuch("no such token");
  }
  // What has ended was replaced before.
  const std::optional<storage::TokenRecord>& replaced = found->second.replaced;
  return storage::TokenStatus{.current = !replaced.has_value(),
                              .ended = replaced.has_value() && replaced->ended};
}

absl::Status MemoryWriteTxn::DoUpdateToken(const Uuid& account_id,
                                           const Uuid& service_account_id,
                                           const storage::TokenRecord& token) {
  const MemoryTables::ServiceAccountKey key = {account_id, service_account_id};
  const auto update = [&token](storage::TokenRecord stored) {
    stored.expires_at = token.expires_at;
    stored.retires_at = token.retires_at;
    stored.not_before = token.not_before;
    stored.ended = token.ended;
    stored.seal = token.seal;
    return stored;
  };
  const auto& replaced = tables_.tokens.find(token.public_id)->second.replaced;
  if (replaced.has_value()) {
    Set(tables_.tokens, token.public_id,
        MemoryTables::StoredToken{key, update(*replaced)});
  } else {
    storage::ServiceAccountRecord owner =
        tables_.service_accounts.find(key)->second;
    owner.token = update(std::move(owner.token));
    Set(tables_.service_accounts, key, std::move(owner));
  }
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoTouchLastUsed(
    std::span<const storage::LastUse> uses) {
  for (const storage::LastUse& use : uses) {
    const auto stored =
        tables_.service_accounts.find({use.account_id, use.service_account_id});
    if (stored == tables_.service_accounts.end() ||
        stored->second.last_used_at >= use.at) {
      continue;
    }
    storage::ServiceAccountRecord touched = stored->second;
    touched.last_used_at = use.at;
    Set(tables_.service_accounts, stored->first, touched);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> MemoryWriteTxn::DoDeleteReplacedTokens(
    const Uuid& account_id, const Uuid& id, int limit) {
  std::vector<std::string> public_ids;
  const MemoryTables::ServiceAccountKey key = {account_id, id};
  for (const auto& [public_id, token] : tables_.tokens) {
    if (static_cast<int>(public_ids.size()) >= limit) break;
    if (token.owner == key && token.replaced.has_value())
      public_ids.push_back(public_id);
  }
  for (const std::string& public_id : public_ids) {
    Set(tables_.tokens, public_id, std::nullopt);
  }
  return static_cast<int>(public_ids.size());
}

absl::Status MemoryWriteTxn::DoDeleteServiceAccount(const Uuid& account_id,
                                                    const Uuid& id) {
  const MemoryTables::ServiceAccountKey key = {account_id, id};
  if (!tables_.service_accounts.contains(key)) {
    return NoSuch("no such service account");
  }
  std::vector<std::string> public_ids;
  for (const auto& [public_id, token] : tables_.tokens) {
    if (token.owner == key) public_ids.push_back(public_id);
  }
  for (const std::string& public_id : public_ids) {
    Set(tables_.tokens, public_id, std::nullopt);
  }
  Set(tables_.service_accounts, key, std::nullopt);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoInsertAuthorization(
    const storage::AuthorizationRecord& record) {
  if (tables_.authorizations.contains(record.id)) return RowExists();
  if (!tables_.accounts.contains(record.account_id)) return RowMissing();
  for (auto grant = tables_.grants.lower_bound({record.subject, Uuid()});
       grant != tables_.grants.end() && grant->subject == record.subject &&
       !record.revoked_at.has_value();
       ++grant) {
    const storage::AuthorizationRecord& held =
        tables_.authorizations.find(grant->id)->second;
    if (!held.revoked_at.has_value() && GrantsTheSame(held, record)) {
      return RowExists();
    }
  }
  const MemoryTables::GrantKey key = {record.subject, record.id};
  tables_.grants.insert(key);
  undo_.push_back([this, key] { tables_.grants.erase(key); });
  Set(tables_.authorizations, record.id, record);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoRevokeAuthorization(const Uuid& account_id,
                                                   const Uuid& id,
                                                   absl::Time at,
                                                   const storage::Seal& seal) {
  const auto stored = tables_.authorizations.find(id);
  if (stored == tables_.authorizations.end() ||
      stored->second.account_id != account_id) {
    return NoSuch("no such authorization");
  }
  if (stored->second.revoked_at.has_value()) return absl::OkStatus();
  storage::AuthorizationRecord revoked = stored->second;
  revoked.revoked_at = at;
  revoked.seal = seal;
  Set(tables_.authorizations, id, revoked);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoSealAuthorization(const Uuid& account_id,
                                                 const Uuid& id,
                                                 const storage::Seal& seal) {
  const auto stored = tables_.authorizations.find(id);
  if (stored == tables_.authorizations.end() ||
      stored->second.account_id != account_id) {
    return NoSuch("no such authorization");
  }
  storage::AuthorizationRecord sealed = stored->second;
  sealed.seal = seal;
  Set(tables_.authorizations, id, sealed);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoInsertAuditEvent(
    const storage::AuditEventRecord& record) {
  const MemoryTables::AuditKey key = {record.account_id, record.sequence};
  if (tables_.audit_events.contains(key)) return RowExists();
  if (!tables_.accounts.contains(record.account_id)) return RowMissing();
  Set(tables_.audit_events, key, record);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoPutAuditChain(
    const storage::AuditChainRecord& record) {
  if (!tables_.accounts.contains(record.account_id)) return RowMissing();
  Set(tables_.audit_chains, record.account_id, record);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoPutAuditHead(
    const storage::AuditHeadRecord& record) {
  Set(tables_.audit_heads, record.writer, record);
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoDeleteAuditEventsBefore(const Uuid& account_id,
                                                       uint64_t sequence) {
  const auto first = tables_.audit_events.lower_bound({account_id, 0});
  const auto end = tables_.audit_events.lower_bound({account_id, sequence});
  std::vector<MemoryTables::AuditKey> keys;
  for (auto row = first; row != end; ++row) keys.push_back(row->first);
  for (const MemoryTables::AuditKey& key : keys) {
    Set(tables_.audit_events, key, std::nullopt);
  }
  return absl::OkStatus();
}

absl::Status MemoryWriteTxn::DoPutIdempotencyRecord(
    const storage::IdempotencyRecord& record) {
  Set(tables_.idempotency_records, record.lookup, record);
  return absl::OkStatus();
}

absl::StatusOr<int> MemoryWriteTxn::DoDeleteIdempotencyRecordsBefore(
    absl::Time before, int limit) {
  std::vector<std::pair<absl::Time, std::array<uint8_t, 32>>> old;
  for (const auto& [lookup, record] : tables_.idempotency_records) {
    if (record.created_at < before) old.push_back({record.created_at, lookup});
  }
  std::sort(old.begin(), old.end());
  old.resize(std::min(old.size(), static_cast<size_t>(std::max(limit, 0))));
  for (const auto& [created_at, lookup] : old) {
    Set(tables_.idempotency_records, lookup, std::nullopt);
  }
  return static_cast<int>(old.size());
}

absl::Status MemoryWriteTxn::DoSetWatermark(std::string_view name,
                                            absl::Time time) {
  Set(tables_.watermarks, std::string(name), time);
  return absl::OkStatus();
}

}  // namespace signet::memory
