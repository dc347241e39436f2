// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_FILTER_H_
#define SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_FILTER_H_

#include <string_view>

#include "absl/time/time.h"
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

// As clients see it.
std::string_view RevokeReasonName(storage::RevokeReason reason);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_FILTER_H_
