// SPDX-License-Identifier: Apache-2.0
#include "server/domain/last_owner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "server/identity/token_state.h"
#include "server/seal/seal.h"

namespace signet::domain {
namespace {

absl::Status LastOwner() {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "an account would be left without an owner that can act; "
                   "grant account_owner to another live service account or "
                   "user first",
                   {.reason = "LAST_OWNER"});
}

// Whether one of its tokens is live, be it the one that a rotation replaced.
// `if_altered` where that is not to be learnt from rows that do not verify.
absl::StatusOr<bool> IsLiveNow(storage::ReadTxn& txn,
                               const storage::ServiceAccountRecord& record,
                               absl::Time now, bool if_altered) {
  // None is, so they need not be read.
  if (record.revoked_at.has_value() || !record.enabled) return false;
  if (identity::IsLive({.token = record.token, .owner = record}, now))
    return true;
  const absl::StatusOr<std::vector<storage::TokenRecord>> tokens =
      txn.ListTokensInUse(record.account_id, record.id);
  if (GetErrorDetail(tokens.status()).reason == seal::kRecordAltered) {
    return if_altered;
  }
  if (!tokens.ok()) return tokens.status();
  return std::any_of(
      tokens->begin(), tokens->end(), [&](const storage::TokenRecord& token) {
        return identity::IsLive({.token = token, .owner = record}, now);
      });
}

using IsLost = absl::FunctionRef<bool(const storage::AuthorizationRecord&)>;

// Whether who calls is an owner of the account that can act, of which `is_lost`
// says no.
absl::StatusOr<bool> OwnsAfterwards(storage::ReadTxn& txn,
                                    const identity::Principal& by,
                                    OauthOwners users, absl::Time now,
                                    const Uuid& account_id, IsLost is_lost) {
  for (const storage::Subject& subject : by.Subjects()) {
    storage::AuthorizationRecord ownership;
    ownership.account_id = account_id;
    ownership.subject = subject;
    ownership.grant_kind = storage::GrantKind::kAccountOwner;
    const absl::StatusOr<storage::AuthorizationRecord> found =
        txn.FindEqualAuthorization(ownership);
    if (absl::IsNotFound(found.status())) continue;
    if (!found.ok()) return found.status();
    if (is_lost(*found)) continue;
    const absl::StatusOr<bool> acts = CanAct(txn, users, now, subject);
    if (!acts.ok() || *acts) return acts;
  }
  return false;
}

// OK if an owner of the account can act of which `is_lost` says no, among the
// newest `left`, which are so many fewer afterwards.
absl::Status CheckOwnerRemains(storage::ReadTxn& txn,
                               const identity::Principal& by, OauthOwners users,
                               absl::Time now, const Uuid& account_id,
                               IsLost is_lost, int& left) {
  const absl::StatusOr<bool> owns =
      OwnsAfterwards(txn, by, users, now, account_id, is_lost);
  if (!owns.ok()) return owns.status();
  if (*owns) return absl::OkStatus();
  // Mostly one of the first is enough.
  constexpr int kFirst = 4;
  size_t seen = 0;
  for (const int limit : {std::min(left, kFirst), left}) {
    const absl::StatusOr<std::vector<storage::AuthorizationRecord>> owners =
        txn.ListOwners(account_id, limit);
    if (!owners.ok()) return owners.status();
    for (; seen < owners->size(); ++seen) {
      const storage::AuthorizationRecord& owner = (*owners)[seen];
      --left;
      if (is_lost(owner)) continue;
      const absl::StatusOr<bool> acts = CanAct(txn, users, now, owner.subject);
      if (!acts.ok()) return acts.status();
      if (*acts) return absl::OkStatus();
    }
    if (owners->size() < static_cast<size_t>(limit)) break;
  }
  return LastOwner();
}

}  // namespace

absl::StatusOr<bool> CanAct(storage::ReadTxn& txn, OauthOwners users,
                            absl::Time now, const storage::Subject& subject) {
  if (subject.type != storage::SubjectType::kServiceAccount) {
    return users == OauthOwners::kCanAct;
  }
  const std::optional<Uuid> id = Uuid::Parse(subject.id);
  if (!id.has_value()) return false;
  const absl::StatusOr<std::vector<storage::ServiceAccountRecord>> found =
      txn.FindServiceAccounts(*id);
  // Its tokens authenticate nobody.
  if (GetErrorDetail(found.status()).reason == seal::kRecordAltered)
    return false;
  if (!found.ok()) return found.status();
  for (const storage::ServiceAccountRecord& record : *found) {
    const absl::StatusOr<bool> live =
        IsLiveNow(txn, record, now, /*if_altered=*/false);
    if (!live.ok() || *live) return live;
  }
  return false;
}

absl::Status CheckMayLose(
    storage::ReadTxn& txn, const identity::Principal& by, OauthOwners users,
    absl::Time now, std::span<const storage::ServiceAccountRecord> ending) {
  std::set<storage::Subject> lost;
  std::set<Uuid> accounts;
  for (const storage::ServiceAccountRecord& record : ending) {
    const storage::Subject subject = {
        .type = storage::SubjectType::kServiceAccount,
        .id = record.id.ToString()};
    lost.insert(subject);
    const absl::StatusOr<bool> acts =
        IsLiveNow(txn, record, now, /*if_altered=*/true);
    if (!acts.ok()) return acts.status();
    if (!*acts) continue;
    const absl::StatusOr<std::vector<storage::AuthorizationRecord>> owned =
        txn.ListGrantsOf(subject, {.kind = storage::GrantKind::kAccountOwner},
                         kMaxOwnedAccounts + 1);
    if (!owned.ok()) return owned.status();
    if (owned->size() > kMaxOwnedAccounts) return LastOwner();
    for (const storage::AuthorizationRecord& grant : *owned) {
      accounts.insert(grant.account_id);
    }
  }
  int left = kMaxOwners;
  for (const Uuid& account_id : accounts) {
    const absl::Status status = CheckOwnerRemains(
        txn, by, users, now, account_id,
        [&lost](const storage::AuthorizationRecord& owner) {
          return lost.contains(owner.subject);
        },
        left);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status CheckMayLose(storage::ReadTxn& txn, const identity::Principal& by,
                          OauthOwners users, absl::Time now,
                          const storage::AuthorizationRecord& ownership) {
  // One of another issuer's user is none.
  const absl::Status stands = txn.FindEqualAuthorization(ownership).status();
  if (absl::IsNotFound(stands)) return absl::OkStatus();
  if (!stands.ok()) return stands;
  const absl::StatusOr<bool> acts = CanAct(txn, users, now, ownership.subject);
  if (!acts.ok()) return acts.status();
  if (!*acts) return absl::OkStatus();
  int left = kMaxOwners;
  return CheckOwnerRemains(
      txn, by, users, now, ownership.account_id,
      [&ownership](const storage::AuthorizationRecord& owner) {
        return owner.id == ownership.id;
      },
      left);
}

}  // namespace signet::domain
