// SPDX-License-Identifier: Apache-2.0
#include "server/domain/cover.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "server/domain/access.h"
#include "server/seal/seal.h"

namespace signet::domain {
namespace {

// Whether who holds `held` on `grant`'s account may grant it.
bool Covers(const storage::AuthorizationRecord& held,
            const storage::AuthorizationRecord& grant) {
  const bool whole = !held.resource_type.has_value();
  if (held.grant_kind == storage::GrantKind::kSuperAdmin && whole) return true;
  switch (grant.grant_kind) {
    case storage::GrantKind::kSuperAdmin:
      return false;
    case storage::GrantKind::kAccountOwner:
      return held.grant_kind == storage::GrantKind::kAccountOwner && whole &&
             held.account_id == grant.account_id;
    case storage::GrantKind::kCapability:
      return Gives(held, {.account_id = grant.account_id,
                          .capability_key = *grant.capability_key,
                          .resource_type = grant.resource_type,
                          .resource_id = grant.resource_id});
  }
  return false;
}

// Of capabilities, those that govern begin so.
constexpr std::string_view kGoverningPrefix = "auth.";

absl::Status NotCovered() {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "the caller's rights do not cover those of the service "
                   "account; anyone who could grant all of them can do it, on "
                   "this account an owner, or else a super_admin",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

// So that no request reads without bound.
absl::Status HoldsTooMuch() {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "the service account holds more authorizations than are "
                   "compared, so that only a super_admin covers them; revoke "
                   "some first",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

// What was granted by a row that somebody has damaged is not to be learnt, and
// it may be put right again.
absl::Status CoverUnknown() {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "an authorization of the service account is not as this "
                   "server wrote it, so that only a super_admin covers it; the "
                   "server's operator finds out more by a check of the "
                   "database",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

}  // namespace

bool IsGoverning(const storage::AuthorizationRecord& grant) {
  return grant.grant_kind != storage::GrantKind::kCapability ||
         grant.capability_key->starts_with(kGoverningPrefix);
}

absl::StatusOr<bool> Rights::MayGrant(
    const storage::AuthorizationRecord& grant) {
  auto found = held_.find(grant.account_id);
  if (found == held_.end()) {
    absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
        txn_->ListHeldAuthorizations(subjects_, grant.account_id);
    if (!held.ok()) return held.status();
    found = held_.emplace(grant.account_id, *std::move(held)).first;
  }
  return std::any_of(found->second.begin(), found->second.end(),
                     [&grant](const storage::AuthorizationRecord& own) {
                       return Covers(own, grant);
                     });
}

absl::StatusOr<bool> Rights::IsSuperAdmin() {
  storage::AuthorizationRecord anything;
  anything.grant_kind = storage::GrantKind::kSuperAdmin;
  return MayGrant(anything);
}

absl::Status CheckCovers(storage::ReadTxn& txn, Rights& rights,
                         const Uuid& service_account_id, Cover cover,
                         int* read) {
  const storage::Subject target = {
      .type = storage::SubjectType::kServiceAccount,
      .id = service_account_id.ToString()};
  const absl::StatusOr<bool> everything = rights.IsSuperAdmin();
  if (!everything.ok()) return everything.status();
  if (*everything) return absl::OkStatus();
  const bool governing = cover == Cover::kGoverning;
  const int limit = governing ? kMaxGoverningGrants : kMaxCoveredGrants;
  storage::GrantFilter filter;
  if (governing) filter.capability_prefix = kGoverningPrefix;
  const absl::StatusOr<std::vector<storage::AuthorizationRecord>> grants =
      txn.ListGrantsOf(target, filter, limit + 1);
  if (GetErrorDetail(grants.status()).reason == seal::kRecordAltered) {
    return CoverUnknown();
  }
  if (!grants.ok()) return grants.status();
  if (read != nullptr) *read += static_cast<int>(grants->size());
  if (static_cast<int>(grants->size()) > limit) return HoldsTooMuch();
  for (const storage::AuthorizationRecord& grant : *grants) {
    const absl::StatusOr<bool> covered = rights.MayGrant(grant);
    if (!covered.ok()) return covered.status();
    if (!*covered) return NotCovered();
  }
  return absl::OkStatus();
}

absl::Status CheckMayGrant(storage::ReadTxn& txn,
                           std::span<const storage::Subject> subjects,
                           const storage::AuthorizationRecord& grant) {
  Rights rights(&txn, {subjects.begin(), subjects.end()});
  return CheckMayGrant(rights, grant);
}

absl::Status CheckMayGrant(Rights& rights,
                           const storage::AuthorizationRecord& grant) {
  const absl::StatusOr<bool> may = rights.MayGrant(grant);
  if (!may.ok()) return may.status();
  if (*may) return absl::OkStatus();
  return MakeError(absl::StatusCode::kPermissionDenied,
                   grant.grant_kind == storage::GrantKind::kSuperAdmin
                       ? "the caller does not hold what it would grant or take "
                         "away; only a super_admin can"
                       : "the caller does not hold what it would grant or take "
                         "away; an owner of the account can do it",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

bool IsItself(const identity::Principal& principal, const Uuid& account_id,
              const Uuid& id) {
  return principal.kind == identity::PrincipalKind::kServiceAccount &&
         principal.id == id && principal.home_account_id == account_id;
}

bool IsItself(const identity::Principal& principal,
              const storage::ServiceAccountRecord& record) {
  return IsItself(principal, record.account_id, record.id);
}

absl::Status CheckMayActOn(storage::ReadTxn& txn,
                           const identity::Principal& principal,
                           const storage::ServiceAccountRecord& record,
                           Cover cover) {
  // It holds what it holds.
  if (IsItself(principal, record)) return absl::OkStatus();
  Rights rights(&txn, principal.Subjects());
  return CheckCovers(txn, rights, record.id, cover);
}

absl::Status SelfLimitError() {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "a service account may not enable or relabel itself, nor "
                   "let itself live longer",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

}  // namespace signet::domain
