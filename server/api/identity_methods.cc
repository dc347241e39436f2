// SPDX-License-Identifier: Apache-2.0
#include "server/api/identity_methods.h"

#include <memory>
#include <utility>

#include "server/api/convert.h"
#include "server/api/method_support.h"
#include "server/domain/effective_grants.h"
#include "signet/v1/identity.pb.h"

namespace signet::api {
namespace {

constexpr char kIdentityService[] = "Identity";

UnaryMethod GetSelf(storage::Store* store) {
  using Request = v1::GetSelfRequest;
  UnaryMethod method = NewMethod<Request>(kIdentityService, "GetSelf",
                                          "self.get", std::nullopt, nullptr);
  method.handle = [store](const MethodCall& call, UnaryMethod::Done done) {
    const identity::CallerPtr caller = call.caller;
    domain::ReadEffectiveGrants(
        *store, *caller, As<Request>(call.request).account_id(),
        [caller, done = std::move(done)](
            const absl::StatusOr<domain::EffectiveGrants>& grants) mutable {
          if (!grants.ok()) {
            std::move(done)(grants.status());
            return;
          }
          auto self = std::make_unique<v1::Self>();
          ToProto(caller->principal, *self);
          ToProto(*grants, *self);
          std::move(done)(std::move(self));
        });
  };
  return method;
}

UnaryMethod RevokeSelf(domain::ServiceAccounts* accounts) {
  using Request = v1::RevokeSelfRequest;
  UnaryMethod method =
      NewMethod<Request>(kIdentityService, "RevokeSelf",
                         "service_account.revoke_self", std::nullopt, nullptr);
  method.ends_token = true;
  method.handle = [accounts](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    accounts->RevokeSelf(
        std::move(call.caller),
        {.reason = request.reason(), .comment = request.comment()},
        [done = std::move(done)](const absl::Status& status) mutable {
          if (status.ok()) {
            std::move(done)(std::make_unique<v1::RevokeSelfResponse>());
          } else {
            std::move(done)(status);
          }
        });
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> IdentityMethods(
    storage::Store* store, domain::ServiceAccounts* service_accounts) {
  std::vector<UnaryMethod> methods;
  methods.push_back(GetSelf(store));
  methods.push_back(RevokeSelf(service_accounts));
  return methods;
}

}  // namespace signet::api
