// SPDX-License-Identifier: Apache-2.0
#include "server/api/api_methods.h"

#include <iterator>
#include <utility>

#include "server/api/audit_methods.h"
#include "server/api/authorizations_methods.h"
#include "server/api/identity_methods.h"
#include "server/api/service_accounts_methods.h"
#include "server/api/tokens_methods.h"

namespace signet::api {

std::vector<UnaryMethod> ApiMethods(const ApiDomain& domain) {
  std::vector<UnaryMethod> methods;
  const auto add = [&methods](std::vector<UnaryMethod> more) {
    std::move(more.begin(), more.end(), std::back_inserter(methods));
  };
  add(ServiceAccountsMethods(domain.service_accounts, domain.logger));
  add(AuthorizationsMethods(domain.authorizations));
  add(AuditMethods(domain.audit));
  add(IdentityMethods(domain.store, domain.service_accounts));
  add(TokensMethods(domain.verifier, domain.service_accounts, domain.clock));
  add(DiscoveryMethods(domain.metadata));
  return methods;
}

}  // namespace signet::api
