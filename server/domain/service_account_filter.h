// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_FILTER_H_
#define SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_FILTER_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "crypto/mac_keyring.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"
#include "storage/queries.h"

namespace signet::domain {

// The filter that `conditions` say, at `now`; what breaks a rule goes into
// `violations`.
storage::ServiceAccountFilter ReadConditions(
    const ServiceAccounts::Conditions& conditions, absl::Time now,
    Violations& violations);

// Sets the order that `order_by` says (AIP-132); empty means the newest first.
void ReadOrder(std::string_view order_by, storage::ServiceAccountQuery& query,
               Violations& violations);

// The reason that `text` names, or `fallback` where it is empty.
storage::RevokeReason ReadRevokeReason(std::string_view text,
                                       storage::RevokeReason fallback,
                                       Violations& violations);

// What a page token belongs to: a method, by a name of its own, and what it was
// asked.
std::string QuestionOf(std::string_view method,
                       const storage::ServiceAccountQuery& query);

// The page token that leads on from `position`.
std::string MakePageToken(const crypto::MacKeyring& keyring,
                          std::string_view question,
                          const storage::ServiceAccountPosition& position);

// Sets where the query begins to where such a token leads; see TakePosition of
// page_token.h.
void TakePosition(const crypto::MacKeyring& keyring, std::string_view question,
                  std::string_view token, storage::ServiceAccountQuery& query,
                  Violations& violations);

// As clients see it.
std::string_view RevokeReasonName(storage::RevokeReason reason);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_FILTER_H_
