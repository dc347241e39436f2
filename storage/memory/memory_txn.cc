// SPDX-License-Identifier: Apache-2.0
#include "storage/memory/memory_txn.h"

#include <algorithm>
#include <set>

namespace signet {
namespace {

absl::Status NoSuchServiceAccount() {
  return absl::NotFoundError("no such service account");
}

absl::Status RowExists() { return absl::AlreadyExistsError("the row exists"); }

absl::Status RowMissing() {
  return absl::FailedPreconditionError("a row it refers to is missing");
}

bool InForceOn(const Uuid& account_id, const AuthorizationRecord& record) {
  if (record.revoked_at.has_value()) return false;
  return record.account_id == account_id ||
         record.grant_kind == GrantKind::kSuperAdmin;
}

}  // namespace

template <typename Interface>
absl::StatusOr<bool> MemoryReads<Interface>::IsEmpty() {
  return reads_.accounts.empty();
}

template <typename Interface>
absl::StatusOr<ServiceAccountRecord> MemoryReads<Interface>::GetServiceAccount(
    const Uuid& account_id, const Uuid& id) {
  const auto found = reads_.service_accounts.find({account_id, id});
  if (found == reads_.service_accounts.end()) return NoSuchServiceAccount();
  return found->second;
}

template <typename Interface>
absl::StatusOr<ServiceAccountRecord>
MemoryReads<Interface>::FindByTokenPublicId(std::string_view public_id) {
  const auto token = reads_.tokens.find(public_id);
  if (token == reads_.tokens.end()) return NoSuchServiceAccount();
  const ServiceAccountRecord& owner =
      reads_.service_accounts.find(token->second)->second;
  if (owner.token.public_id != public_id) return NoSuchServiceAccount();
  return owner;
}

template <typename Interface>
absl::StatusOr<std::vector<AuthorizationRecord>>
MemoryReads<Interface>::ListHeldAuthorizations(
    std::span<const Subject> subjects, const Uuid& account_id) {
  std::vector<AuthorizationRecord> held;
  // A subject may be named twice.
  for (const Subject& subject :
       std::set<Subject>(subjects.begin(), subjects.end())) {
    for (auto grant = reads_.authorizations.lower_bound({subject, Uuid()});
         grant != reads_.authorizations.end() &&
         grant->first.subject == subject;
         ++grant) {
      if (InForceOn(account_id, grant->second)) held.push_back(grant->second);
    }
  }
  std::sort(held.begin(), held.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  return held;
}

template class MemoryReads<ReadTxn>;
template class MemoryReads<WriteTxn>;

absl::Status MemoryWriteTxn::Run(Store::WriteBody& body) {
  absl::Status outcome = body(*this);
  if (outcome.ok()) outcome = failed_change_;
  if (!outcome.ok()) {
    std::for_each(undo_.rbegin(), undo_.rend(), [](auto& undo) { undo(); });
  }
  return outcome;
}

template <typename Change>
absl::Status MemoryWriteTxn::Attempt(Change change) {
  if (failed_change_.ok()) failed_change_ = change();
  return failed_change_;
}

absl::Status MemoryWriteTxn::EnsureAccount(const Uuid& account_id,
                                           absl::Time now) {
  return Attempt([&] {
    if (tables_.accounts.emplace(account_id, now).second) {
      undo_.push_back(
          [this, account_id] { tables_.accounts.erase(account_id); });
    }
    return absl::OkStatus();
  });
}

absl::Status MemoryWriteTxn::InsertServiceAccount(
    const ServiceAccountRecord& record) {
  return Attempt([&]() -> absl::Status {
    if (absl::Status s = CheckRecord(record); !s.ok()) return s;
    const MemoryTables::ServiceAccountKey key = {record.account_id, record.id};
    const std::string& public_id = record.token.public_id;
    if (tables_.service_accounts.contains(key)) return RowExists();
    if (!tables_.accounts.contains(record.account_id)) return RowMissing();
    if (tables_.tokens.contains(public_id)) return RowExists();
    tables_.service_accounts.emplace(key, record);
    tables_.tokens.emplace(public_id, key);
    undo_.push_back([this, key, public_id] {
      tables_.tokens.erase(public_id);
      tables_.service_accounts.erase(key);
    });
    return absl::OkStatus();
  });
}

absl::Status MemoryWriteTxn::InsertAuthorization(
    const AuthorizationRecord& record) {
  return Attempt([&]() -> absl::Status {
    if (absl::Status s = CheckRecord(record); !s.ok()) return s;
    if (tables_.authorization_ids.contains(record.id)) return RowExists();
    if (!tables_.accounts.contains(record.account_id)) return RowMissing();
    const MemoryTables::GrantKey key = {record.subject, record.id};
    tables_.authorization_ids.insert(record.id);
    tables_.authorizations.emplace(key, record);
    undo_.push_back([this, key] {
      tables_.authorizations.erase(key);
      tables_.authorization_ids.erase(key.id);
    });
    return absl::OkStatus();
  });
}

}  // namespace signet
