// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_API_METHODS_H_
#define SIGNET_SERVER_RPC_API_METHODS_H_

#include <vector>

#include "server/domain/service_accounts.h"
#include "server/rpc/unary_method.h"

namespace signet {

// Every method of proto/signet/v1, for a Dispatcher. `service_accounts`
// outlives them.
std::vector<UnaryMethod> ApiMethods(ServiceAccounts* service_accounts);

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_API_METHODS_H_
