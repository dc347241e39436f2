// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_TOKENS_METHODS_H_
#define SIGNET_SERVER_API_TOKENS_METHODS_H_

#include <vector>

#include "base/clock.h"
#include "server/api/unary_method.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_verifier.h"

namespace signet::api {

// The unary methods of signet.v1.Tokens, for a Dispatcher. All outlive them.
std::vector<UnaryMethod> TokensMethods(
    domain::TokenVerifier* verifier, domain::ServiceAccounts* service_accounts,
    const Clock* clock);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_TOKENS_METHODS_H_
