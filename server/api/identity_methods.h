// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_IDENTITY_METHODS_H_
#define SIGNET_SERVER_API_IDENTITY_METHODS_H_

#include <vector>

#include "server/api/unary_method.h"
#include "server/domain/service_accounts.h"
#include "storage/store.h"

namespace signet::api {

// The methods of signet.v1.Identity. Both outlive them.
std::vector<UnaryMethod> IdentityMethods(
    storage::Store* store, domain::ServiceAccounts* service_accounts);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_IDENTITY_METHODS_H_
