// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/api_methods.h"

#include <utility>

#include "server/rpc/identity_methods.h"
#include "server/rpc/service_accounts_methods.h"

namespace signet {

std::vector<UnaryMethod> ApiMethods(ServiceAccounts* service_accounts) {
  std::vector<UnaryMethod> methods = ServiceAccountsMethods(service_accounts);
  for (UnaryMethod& method : IdentityMethods()) {
    methods.push_back(std::move(method));
  }
  return methods;
}

}  // namespace signet
