// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "storage/memory/memory_txn.h"
#include "storage/page_filler.h"

namespace signet::memory {
namespace {

// Rows as they lie in a table.
template <typename Record>
using RowPointers = std::vector<const Record*>;

bool InForceOn(const Uuid& account_id,
               const storage::AuthorizationRecord& record) {
  if (record.revoked_at.has_value()) return false;
  return record.account_id == account_id ||
         record.grant_kind == storage::GrantKind::kSuperAdmin;
}

// Whether `a` comes before `b` in an ascending listing.
bool IsBefore(storage::ServiceAccountOrder order,
              const storage::ServiceAccountPosition& a,
              const storage::ServiceAccountPosition& b) {
  switch (order) {
    case storage::ServiceAccountOrder::kCreated:
      return a.id < b.id;
    case storage::ServiceAccountOrder::kName:
      return std::tie(a.name, a.id) < std::tie(b.name, b.id);
    case storage::ServiceAccountOrder::kLastUsed:
      return std::tie(a.last_used_at, a.id) < std::tie(b.last_used_at, b.id);
  }
  return false;
}

bool IsBefore(const Uuid& a, const Uuid& b) { return a < b; }

// The page behind `query.after` of rows in listing order, in which `behind`
// tells whether a first position lies behind a second.
template <typename Page, typename Query, typename Record, typename Behind>
Page MakePage(const Query& query, const RowPointers<Record>& rows,
              Behind behind) {
  storage::PageFiller<Page, Query> filler(query);
  for (const Record* row : rows) {
    if (query.after.has_value() &&
        !behind(storage::PositionOf(*row, query), *query.after)) {
      continue;
    }
    if (filler.complete()) {
      filler.SetMore();
      break;
    }
    filler.Take(*row);
  }
  return std::move(filler).Finish();
}

template <typename Record>
std::vector<Record> Copies(const RowPointers<Record>& rows, int limit) {
  std::vector<Record> copies;
  for (const Record* row : rows) {
    if (static_cast<int>(copies.size()) >= limit) break;
    copies.push_back(*row);
  }
  return copies;
}

}  // namespace

template <typename Interface>
absl::StatusOr<bool> MemoryReads<Interface>::IsEmpty() {
  return reads_.accounts.empty();
}

template <typename Interface>
absl::StatusOr<bool> MemoryReads<Interface>::HasAccount(
    const Uuid& account_id) {
  return reads_.accounts.contains(account_id);
}

template <typename Interface>
absl::StatusOr<storage::ServiceAccountRecord>
MemoryReads<Interface>::GetServiceAccount(const Uuid& account_id,
                                          const Uuid& id) {
  const auto found = reads_.service_accounts.find({account_id, id});
  if (found == reads_.service_accounts.end()) {
    return absl::NotFoundError("no such service account");
  }
  return found->second;
}

template <typename Interface>
absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
MemoryReads<Interface>::FindServiceAccounts(const Uuid& id) {
  std::vector<storage::ServiceAccountRecord> found;
  for (const auto& [key, record] : reads_.service_accounts) {
    if (key.id == id) found.push_back(record);
  }
  return found;
}

template <typename Interface>
absl::StatusOr<storage::TokenOwner> MemoryReads<Interface>::FindToken(
    std::string_view public_id) {
  const auto token = reads_.tokens.find(public_id);
  if (token == reads_.tokens.end()) return absl::NotFoundError("no such token");
  const storage::ServiceAccountRecord& owner =
      reads_.service_accounts.find(token->second.owner)->second;
  return storage::TokenOwner{token->second.replaced.value_or(owner.token),
                             owner};
}

template <typename Interface>
absl::StatusOr<std::vector<storage::TokenRecord>>
MemoryReads<Interface>::ListTokensInUse(const Uuid& account_id,
                                        const Uuid& id) {
  const MemoryTables::ServiceAccountKey key = {account_id, id};
  std::vector<storage::TokenRecord> tokens;
  const auto owner = reads_.service_accounts.find(key);
  if (owner == reads_.service_accounts.end()) return tokens;
  tokens.push_back(owner->second.token);
  for (auto it = reads_.tokens.rbegin(); it != reads_.tokens.rend(); ++it) {
    const auto& token = it->second;
    if (token.owner == key && token.replaced.has_value() &&
        !token.replaced->ended) {
      tokens.push_back(*token.replaced);
    }
  }
  return tokens;
}

template <typename Interface>
absl::StatusOr<storage::ServiceAccountPage>
MemoryReads<Interface>::ListServiceAccounts(
    const storage::ServiceAccountQuery& query) {
  RowPointers<storage::ServiceAccountRecord> rows;
  for (auto row =
           reads_.service_accounts.lower_bound({query.account_id, Uuid()});
       row != reads_.service_accounts.end() &&
       row->first.account_id == query.account_id;
       ++row) {
    if (query.order != storage::ServiceAccountOrder::kName ||
        row->second.name.starts_with(query.filter.name_prefix)) {
      rows.push_back(&row->second);
    }
  }
  const auto behind = [&](const storage::ServiceAccountPosition& a,
                          const storage::ServiceAccountPosition& b) {
    return query.descending ? IsBefore(query.order, a, b)
                            : IsBefore(query.order, b, a);
  };
  std::sort(rows.begin(), rows.end(), [&](const auto* a, const auto* b) {
    return behind(storage::PositionOf(*b, query),
                  storage::PositionOf(*a, query));
  });
  return MakePage<storage::ServiceAccountPage>(query, rows, behind);
}

template <typename Interface>
absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
MemoryReads<Interface>::ListExpiring(absl::Time from, std::string_view after,
                                     absl::Time until, int limit) {
  RowPointers<storage::ServiceAccountRecord> rows;
  for (const auto& [key, record] : reads_.service_accounts) {
    const std::optional<absl::Time>& expires_at = record.token.expires_at;
    if (!record.revoked_at.has_value() && record.enabled &&
        expires_at.has_value() && *expires_at >= from && *expires_at < until &&
        (*expires_at > from || record.token.public_id.compare(after) > 0)) {
      rows.push_back(&record);
    }
  }
  std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return std::tie(a->token.expires_at, a->token.public_id) <
           std::tie(b->token.expires_at, b->token.public_id);
  });
  return Copies(rows, limit);
}

template <typename Interface>
absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
MemoryReads<Interface>::ListDead(absl::Time before, int limit) {
  RowPointers<storage::ServiceAccountRecord> rows;
  for (const auto& [key, record] : reads_.service_accounts) {
    if (record.revoked_at.value_or(absl::InfiniteFuture()) < before ||
        record.token.expires_at.value_or(absl::InfiniteFuture()) < before) {
      rows.push_back(&record);
    }
  }
  return Copies(rows, limit);
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
MemoryReads<Interface>::ListHeldAuthorizations(
    std::span<const storage::Subject> subjects, const Uuid& account_id) {
  std::vector<storage::AuthorizationRecord> held;
  // A subject may be named twice.
  for (const storage::Subject& subject :
       std::set<storage::Subject>(subjects.begin(), subjects.end())) {
    for (auto grant = reads_.grants.lower_bound({subject, Uuid()});
         grant != reads_.grants.end() && grant->subject == subject; ++grant) {
      const storage::AuthorizationRecord& record =
          reads_.authorizations.find(grant->id)->second;
      if (InForceOn(account_id, record)) held.push_back(record);
    }
  }
  std::sort(held.begin(), held.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return held;
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
MemoryReads<Interface>::ListHeldFor(std::span<const storage::Subject> subjects,
                                    const Uuid& account_id,
                                    const storage::HeldFilter& filter) {
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
      ListHeldAuthorizations(subjects, account_id);
  std::erase_if(*held, [&filter](const storage::AuthorizationRecord& grant) {
    return !filter.Matches(grant);
  });
  return held;
}

template <typename Interface>
absl::StatusOr<int> MemoryReads<Interface>::CountHeldAuthorizations(
    const storage::Subject& subject, const Uuid& account_id, int limit) {
  int count = 0;
  for (auto grant = reads_.grants.lower_bound({subject, Uuid()});
       grant != reads_.grants.end() && grant->subject == subject &&
       count < limit;
       ++grant) {
    const storage::AuthorizationRecord& record =
        reads_.authorizations.find(grant->id)->second;
    count += record.account_id == account_id && !record.revoked_at.has_value();
  }
  return count;
}

template <typename Interface>
absl::StatusOr<storage::AuthorizationRecord>
MemoryReads<Interface>::FindEqualAuthorization(
    const storage::AuthorizationRecord& wanted) {
  for (auto grant = reads_.grants.lower_bound({wanted.subject, Uuid()});
       grant != reads_.grants.end() && grant->subject == wanted.subject;
       ++grant) {
    const storage::AuthorizationRecord& record =
        reads_.authorizations.find(grant->id)->second;
    if (!record.revoked_at.has_value() && GrantsTheSame(record, wanted)) {
      return record;
    }
  }
  return absl::NotFoundError("no equal authorization");
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
MemoryReads<Interface>::ListGrantsOf(const storage::Subject& subject,
                                     const storage::GrantFilter& filter,
                                     int limit) {
  RowPointers<storage::AuthorizationRecord> rows;
  for (auto grant = reads_.grants.lower_bound({subject, Uuid()});
       grant != reads_.grants.end() && grant->subject == subject; ++grant) {
    const storage::AuthorizationRecord& record =
        reads_.authorizations.find(grant->id)->second;
    if (!record.revoked_at.has_value() && filter.Matches(record)) {
      rows.push_back(&record);
    }
  }
  return Copies(rows, limit);
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuthorizationRecord>>
MemoryReads<Interface>::ListOwners(const Uuid& account_id, int limit) {
  RowPointers<storage::AuthorizationRecord> rows;
  for (const auto& [id, record] : reads_.authorizations) {
    if (record.account_id == account_id && !record.revoked_at.has_value() &&
        record.grant_kind == storage::GrantKind::kAccountOwner) {
      rows.push_back(&record);
    }
  }
  std::reverse(rows.begin(), rows.end());
  return Copies(rows, limit);
}

template <typename Interface>
absl::StatusOr<storage::AuthorizationRecord>
MemoryReads<Interface>::GetAuthorization(const Uuid& account_id,
                                         const Uuid& id) {
  const auto found = reads_.authorizations.find(id);
  if (found == reads_.authorizations.end() ||
      found->second.account_id != account_id) {
    return absl::NotFoundError("no such authorization");
  }
  return found->second;
}

template <typename Interface>
absl::StatusOr<storage::AuthorizationPage>
MemoryReads<Interface>::ListAuthorizations(
    const storage::AuthorizationQuery& query) {
  RowPointers<storage::AuthorizationRecord> rows;
  for (const auto& [id, record] : reads_.authorizations) {
    if (record.account_id == query.account_id) rows.push_back(&record);
  }
  std::reverse(rows.begin(), rows.end());
  return MakePage<storage::AuthorizationPage>(
      query, rows, [](const Uuid& a, const Uuid& b) { return IsBefore(a, b); });
}

template <typename Interface>
absl::StatusOr<std::vector<storage::OwnedToken>>
MemoryReads<Interface>::ListTokens(std::string_view after, int limit) {
  std::vector<storage::OwnedToken> tokens;
  for (auto row = reads_.tokens.upper_bound(after);
       row != reads_.tokens.end() && static_cast<int>(tokens.size()) < limit;
       ++row) {
    const MemoryTables::StoredToken& stored = row->second;
    tokens.push_back(
        {.account_id = stored.owner.account_id,
         .service_account_id = stored.owner.id,
         .token =
             stored.replaced.has_value()
                 ? *stored.replaced
                 : reads_.service_accounts.find(stored.owner)->second.token});
  }
  return tokens;
}

template <typename Interface>
absl::StatusOr<std::vector<Uuid>> MemoryReads<Interface>::ListAccounts(
    const std::optional<Uuid>& after, int limit) {
  std::vector<Uuid> accounts;
  for (auto account = after.has_value() ? reads_.accounts.upper_bound(*after)
                                        : reads_.accounts.begin();
       account != reads_.accounts.end() &&
       static_cast<int>(accounts.size()) < limit;
       ++account) {
    accounts.push_back(account->first);
  }
  return accounts;
}

template <typename Interface>
absl::StatusOr<storage::AuditChainRecord> MemoryReads<Interface>::GetAuditChain(
    const Uuid& account_id) {
  const auto found = reads_.audit_chains.find(account_id);
  if (found == reads_.audit_chains.end()) {
    return absl::NotFoundError("no such audit chain");
  }
  return found->second;
}

template <typename Interface>
absl::StatusOr<storage::AuditPage> MemoryReads<Interface>::ListAuditEvents(
    const storage::AuditQuery& query) {
  RowPointers<storage::AuditEventRecord> rows;
  for (auto row = reads_.audit_events.lower_bound({query.account_id, 0});
       row != reads_.audit_events.end() &&
       row->first.account_id == query.account_id;
       ++row) {
    rows.push_back(&row->second);
  }
  if (query.descending) std::reverse(rows.begin(), rows.end());
  return MakePage<storage::AuditPage>(query, rows, [&](uint64_t a, uint64_t b) {
    return query.descending ? a < b : a > b;
  });
}

template <typename Interface>
absl::StatusOr<std::vector<Uuid>> MemoryReads<Interface>::ListAuditedAccounts(
    const std::optional<Uuid>& after, int limit) {
  std::vector<Uuid> accounts;
  for (auto account = after.has_value() ? reads_.accounts.upper_bound(*after)
                                        : reads_.accounts.begin();
       account != reads_.accounts.end() &&
       static_cast<int>(accounts.size()) < limit;
       ++account) {
    const auto event = reads_.audit_events.lower_bound({account->first, 0});
    if (reads_.audit_chains.contains(account->first) ||
        (event != reads_.audit_events.end() &&
         event->second.account_id == account->first)) {
      accounts.push_back(account->first);
    }
  }
  return accounts;
}

template <typename Interface>
absl::StatusOr<std::vector<storage::AuditHeadRecord>>
MemoryReads<Interface>::ListAuditHeads() {
  std::vector<storage::AuditHeadRecord> heads;
  for (const auto& [writer, head] : reads_.audit_heads) heads.push_back(head);
  return heads;
}

template <typename Interface>
absl::StatusOr<storage::IdempotencyRecord>
MemoryReads<Interface>::FindIdempotencyRecord(
    const std::array<uint8_t, 32>& lookup) {
  const auto found = reads_.idempotency_records.find(lookup);
  if (found == reads_.idempotency_records.end()) {
    return absl::NotFoundError("no such idempotency record");
  }
  return found->second;
}

template <typename Interface>
absl::StatusOr<absl::Time> MemoryReads<Interface>::GetWatermark(
    std::string_view name) {
  const auto found = reads_.watermarks.find(name);
  if (found == reads_.watermarks.end()) {
    return absl::NotFoundError("no such watermark");
  }
  return found->second;
}

template class MemoryReads<storage::ReadTxn>;
template class MemoryReads<storage::WriteTxn>;

}  // namespace signet::memory
