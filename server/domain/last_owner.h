// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_LAST_OWNER_H_
#define SIGNET_SERVER_DOMAIN_LAST_OWNER_H_

#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "server/identity/principal.h"
#include "storage/store.h"

namespace signet::domain {

// Keeps accounts from losing the last owner that can act: a service account,
// of whatever account, that is live; a user or a group where its OAuth
// issuer is configured. An account that has none is not made worse by losing
// another that could not act. All is asked inside the transaction that changes
// it.

// Whether users and groups can act: an OAuth issuer is configured.
enum class OauthOwners { kCanAct, kCannotAct };

// Whether the subject can act at `now`; or the store's error. A service account
// whose rows do not verify cannot; nor does an ownership count that does not.
absl::StatusOr<bool> CanAct(storage::ReadTxn& txn, OauthOwners users,
                            absl::Time now, const storage::Subject& subject);

// How many owners a change looks at besides the caller, the newest of each
// account first, and how many accounts one who ends may own. Beyond, nothing
// more is found, so the change is refused; one more owner that can act helps.
inline constexpr int kMaxOwners = 2000;
inline constexpr int kMaxOwnedAccounts = 1000;

// OK if every account that these service accounts own has an owner that can act
// at `now` besides them. `by` makes the change and is asked about first, so
// that no number of others hides it. They are as they were before they are
// disabled or end.
//   FAILED_PRECONDITION / LAST_OWNER: one would have none left.
absl::Status CheckMayLose(
    storage::ReadTxn& txn, const identity::Principal& by, OauthOwners users,
    absl::Time now, std::span<const storage::ServiceAccountRecord> ending);

// The same of an unrevoked ownership that is about to be revoked.
absl::Status CheckMayLose(storage::ReadTxn& txn, const identity::Principal& by,
                          OauthOwners users, absl::Time now,
                          const storage::AuthorizationRecord& ownership);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_LAST_OWNER_H_
