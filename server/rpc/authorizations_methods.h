// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_AUTHORIZATIONS_METHODS_H_
#define SIGNET_SERVER_RPC_AUTHORIZATIONS_METHODS_H_

#include <vector>

#include "server/domain/authorizations.h"
#include "server/rpc/unary_method.h"

namespace signet {

// The methods of signet.v1.Authorizations. `authorizations` outlives them.
std::vector<UnaryMethod> AuthorizationsMethods(Authorizations* authorizations);

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_AUTHORIZATIONS_METHODS_H_
