// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_IDENTITY_METHODS_H_
#define SIGNET_SERVER_RPC_IDENTITY_METHODS_H_

#include <vector>

#include "server/rpc/unary_method.h"

namespace signet {

// The methods of signet.v1.Identity.
std::vector<UnaryMethod> IdentityMethods();

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_IDENTITY_METHODS_H_
