// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/service_accounts_methods.h"

#include <memory>
#include <utility>

#include "server/rpc/convert.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"

namespace signet {
namespace {

using v1::CreateServiceAccountRequest;
using v1::GetServiceAccountRequest;

template <typename Request>
const Request& As(const google::protobuf::Message& request) {
  return static_cast<const Request&>(request);
}

// Ends a method whose domain call answers `In` with a message `Out`.
template <typename Out, typename In>
ServiceAccounts::Done<In> Answer(UnaryMethod::HandleDone done) {
  return [done = std::move(done)](absl::StatusOr<In> in) mutable {
    if (!in.ok()) {
      std::move(done)(in.status());
      return;
    }
    auto out = std::make_unique<Out>();
    ToProto(*in, *out);
    std::move(done)(std::move(out));
  };
}

UnaryMethod Create(ServiceAccounts* accounts) {
  UnaryMethod method;
  method.admit = [accounts](MethodCall call, UnaryMethod::AdmitDone done) {
    const auto& request = As<CreateServiceAccountRequest>(call.request);
    accounts->AdmitCreate(call.principal, request.account_id(),
                          std::move(done));
  };
  method.handle = [accounts](MethodCall call, UnaryMethod::HandleDone done) {
    const auto& request = As<CreateServiceAccountRequest>(call.request);
    ServiceAccounts::CreateRequest create = {.account_id = request.account_id(),
                                             .name = request.name(),
                                             .expires_at = std::nullopt};
    if (request.has_expires_at()) {
      create.expires_at = FromProto(request.expires_at());
    }
    accounts->Create(call.principal, std::move(create), std::move(call.expired),
                     Answer<v1::IssuedServiceAccount, IssuedServiceAccount>(
                         std::move(done)));
  };
  return method;
}

UnaryMethod Get(ServiceAccounts* accounts) {
  UnaryMethod method;
  method.admit = [accounts](MethodCall call, UnaryMethod::AdmitDone done) {
    const auto& request = As<GetServiceAccountRequest>(call.request);
    accounts->AdmitGet(call.principal, request.account_id(), std::move(done));
  };
  method.handle = [accounts](MethodCall call, UnaryMethod::HandleDone done) {
    const auto& request = As<GetServiceAccountRequest>(call.request);
    accounts->Get(
        call.principal,
        {.account_id = request.account_id(),
         .service_account_id = request.service_account_id()},
        Answer<v1::ServiceAccount, ServiceAccountRecord>(std::move(done)));
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> ServiceAccountsMethods(
    ServiceAccounts* service_accounts) {
  const google::protobuf::ServiceDescriptor* service =
      CreateServiceAccountRequest::descriptor()->file()->FindServiceByName(
          "ServiceAccounts");
  std::vector<UnaryMethod> methods;
  methods.push_back(Create(service_accounts));
  methods.back().descriptor = service->FindMethodByName("CreateServiceAccount");
  methods.push_back(Get(service_accounts));
  methods.back().descriptor = service->FindMethodByName("GetServiceAccount");
  return methods;
}

}  // namespace signet
