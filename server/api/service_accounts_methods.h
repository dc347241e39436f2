// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_SERVICE_ACCOUNTS_METHODS_H_
#define SIGNET_SERVER_API_SERVICE_ACCOUNTS_METHODS_H_

#include <vector>

#include "base/log.h"
#include "server/api/unary_method.h"
#include "server/domain/service_accounts.h"

namespace signet::api {

// The methods of signet.v1.ServiceAccounts. Both outlive them.
std::vector<UnaryMethod> ServiceAccountsMethods(
    domain::ServiceAccounts* service_accounts, Logger* logger);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_SERVICE_ACCOUNTS_METHODS_H_
