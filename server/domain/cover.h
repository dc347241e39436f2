// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_COVER_H_
#define SIGNET_SERVER_DOMAIN_COVER_H_

#include <map>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "server/identity/principal.h"
#include "storage/store.h"

namespace signet::domain {

// What it takes to act on a service account. Anyone who has its token can do
// what it can, so nobody gets at it, or makes it stronger, who could not have
// granted it what it holds.
enum class Cover {
  // To disable it, to shorten its life, to end it, and for all that gives
  // nothing to anybody: its grants of `auth.*`, account_owner and super_admin,
  // which decide who governs. So a manager can stop a leaked program whatever
  // else that may do, and cannot put out those who are set over it.
  kGoverning,
  // To take it over, to enable it, to let it live longer, to change its labels,
  // which others may decide by: every grant, on every account.
  kEverything,
};

// How many grants of one service account are compared for kEverything, and how
// many for kGoverning. What holds more is covered by a super_admin only.
inline constexpr int kMaxCoveredGrants = 2000;
inline constexpr int kMaxGoverningGrants = 20000;

// Whether the grant decides who governs: `auth.*`, account_owner, super_admin.
// Pure.
bool IsGoverning(const storage::AuthorizationRecord& grant);

// What one who goes by any of `subjects` (Principal::Subjects) holds, read
// account by account as it is asked for. Lasts as long as its transaction.
class Rights {
 public:
  // `txn` is borrowed.
  Rights(storage::ReadTxn* txn, std::vector<storage::Subject> subjects)
      : txn_(txn), subjects_(std::move(subjects)) {}

  // Whether one who holds this may grant it (see CheckMayGrant); or the store's
  // error.
  absl::StatusOr<bool> MayGrant(const storage::AuthorizationRecord& grant);

  // Whether super_admin is among it, who covers whatever there is.
  absl::StatusOr<bool> IsSuperAdmin();

 private:
  storage::ReadTxn* const txn_;
  const std::vector<storage::Subject> subjects_;
  std::map<Uuid, std::vector<storage::AuthorizationRecord>>
      held_;  // By account.
};

// Whether one who goes by any of `subjects` may grant `grant`: nobody gives
// what they do not hold. A super_admin may anything; an owner of the account
// everything on it but super_admin; any other a capability that they hold on at
// least as much. Asked besides Right::kManage.
//   PERMISSION_DENIED / GRANT_EXCEEDS_OWN: no.
absl::Status CheckMayGrant(storage::ReadTxn& txn,
                           std::span<const storage::Subject> subjects,
                           const storage::AuthorizationRecord& grant);
// The same for who grants several.
absl::Status CheckMayGrant(Rights& rights,
                           const storage::AuthorizationRecord& grant);

// OK if `rights` cover the unrevoked grants that `cover` names of the service
// account. No others are read; how many were is added to `read`, if given.
//   PERMISSION_DENIED / GRANT_EXCEEDS_OWN: they do not. The error says nothing
//     of what the service account holds. Or one of its grants does not verify
//     (SealedStore): anyone who damaged it could put it right again afterwards.
//     A super_admin covers that too, and so can stop it.
absl::Status CheckCovers(storage::ReadTxn& txn, Rights& rights,
                         const Uuid& service_account_id, Cover cover,
                         int* read = nullptr);

// Whether the service account is the principal itself.
bool IsItself(const identity::Principal& principal, const Uuid& account_id,
              const Uuid& id);
bool IsItself(const identity::Principal& principal,
              const storage::ServiceAccountRecord& record);

// As CheckCovers for a principal that would act on the service account; what it
// may do to itself of kEverything is a matter of each method.
absl::Status CheckMayActOn(storage::ReadTxn& txn,
                           const identity::Principal& principal,
                           const storage::ServiceAccountRecord& record,
                           Cover cover);

// PERMISSION_DENIED / GRANT_EXCEEDS_OWN: a service account would make itself
// stronger.
absl::Status SelfLimitError();

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_COVER_H_
