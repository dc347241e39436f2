// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_AUTHORIZATIONS_METHODS_H_
#define SIGNET_SERVER_API_AUTHORIZATIONS_METHODS_H_

#include <vector>

#include "server/api/unary_method.h"
#include "server/domain/authorizations.h"

namespace signet {

// The methods of signet.v1.Authorizations. `authorizations` outlives them.
std::vector<UnaryMethod> AuthorizationsMethods(Authorizations* authorizations);

}  // namespace signet

#endif  // SIGNET_SERVER_API_AUTHORIZATIONS_METHODS_H_
