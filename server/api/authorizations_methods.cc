// SPDX-License-Identifier: Apache-2.0
#include "server/api/authorizations_methods.h"

#include <optional>
#include <string>
#include <utility>

#include "server/api/convert.h"
#include "server/api/method_support.h"
#include "signet/v1/authorization.pb.h"
#include "signet/v1/authorizations.pb.h"

namespace signet::api {
namespace {

constexpr char kAuthorizationsService[] = "Authorizations";

std::optional<std::string> Optional(bool present, const std::string& text) {
  return present ? std::optional(text) : std::nullopt;
}

UnaryMethod List(domain::Authorizations* authorizations) {
  using Request = v1::ListAuthorizationsRequest;
  UnaryMethod method = NewMethod(
      kAuthorizationsService, "ListAuthorizations", "authorization.list",
      domain::Authorizations::kRight, &Request::account_id);
  method.admit_first = true;
  method.handle = [authorizations](const MethodCall& call,
                                   UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    authorizations->List(
        call.caller,
        {.account_id = request.account_id(),
         .subject_type = request.subject_type(),
         .subject_id = request.subject_id(),
         .grant_kind = request.grant_kind(),
         .capability_key = request.capability_key(),
         .include_revoked = request.include_revoked(),
         .page_size = request.page_size(),
         .page_token = request.page_token()},
        Answer<v1::ListAuthorizationsResponse, domain::Authorizations::Page>(
            std::move(done)));
  };
  return method;
}

UnaryMethod Get(domain::Authorizations* authorizations) {
  using Request = v1::GetAuthorizationRequest;
  UnaryMethod method =
      NewMethod(kAuthorizationsService, "GetAuthorization", "authorization.get",
                domain::Authorizations::kRight, &Request::account_id);
  NameResource(method, audit::kAuthorizationResource,
               &Request::authorization_id);
  method.handle = [authorizations](const MethodCall& call,
                                   UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    authorizations->Get(call.caller,
                        {.account_id = request.account_id(),
                         .authorization_id = request.authorization_id()},
                        Answer<v1::Authorization, storage::AuthorizationRecord>(
                            std::move(done)));
  };
  return method;
}

UnaryMethod Create(domain::Authorizations* authorizations) {
  using Request = v1::CreateAuthorizationRequest;
  UnaryMethod method = NewMethod(
      kAuthorizationsService, "CreateAuthorization", "authorization.create",
      domain::Authorizations::kRight, &Request::account_id);
  method.admit_first = true;
  method.handle = [authorizations](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    authorizations->Grant(
        std::move(call.caller),
        {.account_id = request.account_id(),
         .grant_kind = request.grant_kind(),
         .subject_type = request.subject_type(),
         .subject_id = request.subject_id(),
         .capability_key =
             Optional(request.has_capability_key(), request.capability_key()),
         .resource_type =
             Optional(request.has_resource_type(), request.resource_type()),
         .resource_id =
             Optional(request.has_resource_id(), request.resource_id()),
         .acknowledge_token_shown = request.acknowledge_token_shown()},
        Answer<v1::Authorization, storage::AuthorizationRecord>(
            std::move(done)));
  };
  return method;
}

UnaryMethod Revoke(domain::Authorizations* authorizations) {
  using Request = v1::RevokeAuthorizationRequest;
  UnaryMethod method = NewMethod(
      kAuthorizationsService, "RevokeAuthorization", "authorization.revoke",
      domain::Authorizations::kRight, &Request::account_id);
  NameResource(method, audit::kAuthorizationResource,
               &Request::authorization_id);
  method.admit_first = true;
  method.handle = [authorizations](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    authorizations->Revoke(
        std::move(call.caller),
        {.account_id = request.account_id(),
         .authorization_id = request.authorization_id()},
        Answer<v1::Authorization, storage::AuthorizationRecord>(
            std::move(done)));
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> AuthorizationsMethods(
    domain::Authorizations* authorizations) {
  std::vector<UnaryMethod> methods;
  for (const auto make : {List, Get, Create, Revoke}) {
    methods.push_back(make(authorizations));
  }
  return methods;
}

}  // namespace signet::api
