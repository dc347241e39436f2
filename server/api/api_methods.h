// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_API_METHODS_H_
#define SIGNET_SERVER_API_API_METHODS_H_

#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "server/api/discovery_methods.h"
#include "server/api/unary_method.h"
#include "server/domain/audit_reader.h"
#include "server/domain/authorizations.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_verifier.h"
#include "storage/store.h"

namespace signet::api {

// What the methods call. All outlive them.
struct ApiDomain {
  storage::Store* store;
  domain::ServiceAccounts* service_accounts;
  domain::Authorizations* authorizations;
  domain::AuditReader* audit;
  domain::TokenVerifier* verifier;
  const Clock* clock;
  Logger* logger;
  ResourceMetadata metadata = {};
};

// Every method of proto/signet/v1, for a Dispatcher.
std::vector<UnaryMethod> ApiMethods(const ApiDomain& domain);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_API_METHODS_H_
