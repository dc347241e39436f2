// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_TOKEN_RECEIVER_H_
#define SIGNET_SERVER_DOMAIN_TOKEN_RECEIVER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/identity/principal.h"
#include "storage/store.h"

namespace signet::domain {

inline constexpr char kTokenShownToAnother[] = "TOKEN_SHOWN_TO_ANOTHER";

// Anyone who was shown a service account's token may have kept it, and would
// have what the service account is granted afterwards.

// ServiceAccountRecord::token_shown_to of a token that the operator of the
// server got, at a first start or by --issue_super_admin. Who has the machine
// and the keys is no one to be kept from a right.
inline constexpr char kShownToOperator[] = "operator";

// ServiceAccountRecord::token_shown_to of a token that `principal` is shown: a
// user, or a service account and the token that it presents. Who was shown the
// latter may have called.
std::string ReceiverName(const identity::Principal& principal);

// OK if `grant` gives nobody who was shown the current token of its subject a
// right to govern (IsGoverning) that they do not cover now: a user by what was
// granted to its id, a service account while it is live and the token that it
// presented is its current one: who was shown that one before may have called,
// and a rotation takes only this one from them. The granter knows what it does.
// Anyone who has lost the right since counts as one who has not got it,
// and the other way round. A rotation of a service account by itself shows the
// token to nobody new: those who were shown the one before had what it takes
// to see this one.
//   FAILED_PRECONDITION / TOKEN_SHOWN_TO_ANOTHER: somebody would get more; or
//     it is not known who was shown the token, as of those made before this
//     was kept, or a replaced one that is good until its overlap ends. A
//     rotation without an overlap, by another, helps.
//   FAILED_PRECONDITION / RECORD_ALTERED: that is not to be learnt from rows
//     that do not verify.
absl::Status CheckReceiver(storage::ReadTxn& txn,
                           const identity::Principal& granter, absl::Time now,
                           const storage::AuthorizationRecord& grant);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_TOKEN_RECEIVER_H_
