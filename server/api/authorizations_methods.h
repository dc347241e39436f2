// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_AUTHORIZATIONS_METHODS_H_
#define SIGNET_SERVER_API_AUTHORIZATIONS_METHODS_H_

#include <vector>

#include "server/api/unary_method.h"
#include "server/domain/authorizations.h"

namespace signet::api {

// The methods of signet.v1.Authorizations. `authorizations` outlives them.
std::vector<UnaryMethod> AuthorizationsMethods(
    domain::Authorizations* authorizations);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_AUTHORIZATIONS_METHODS_H_
