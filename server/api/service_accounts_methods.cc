// SPDX-License-Identifier: Apache-2.0
#include "server/api/service_accounts_methods.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "google/protobuf/field_mask.pb.h"
#include "server/api/convert.h"
#include "server/api/method_support.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"

namespace signet::api {
namespace {

constexpr char kServiceAccountsService[] = "ServiceAccounts";

std::optional<domain::RawTimestamp> Optional(
    bool present, const google::protobuf::Timestamp& time) {
  if (!present) return std::nullopt;
  return FromProto(time);
}

std::map<std::string, std::string> ToMap(
    const google::protobuf::Map<std::string, std::string>& map) {
  return {map.begin(), map.end()};
}

// As Answer(); the log tells of one that was given before.
domain::OutcomeDone<domain::IssuedServiceAccount> AnswerIssued(
    const identity::Caller& caller, Logger* logger, UnaryMethod::Done done) {
  return
      [context = caller.context, logger,
       answer = Answer<v1::IssuedServiceAccount, domain::IssuedServiceAccount>(
           std::move(done))](
          absl::StatusOr<domain::IssuedServiceAccount> issued) mutable {
        if (issued.ok() && issued->repeated) {
          logger->Info("a call was repeated and got the answer given before",
                       {{"request_id", std::string_view(context->request_id)}});
        }
        std::move(answer)(std::move(issued));
      };
}

UnaryMethod Create(domain::ServiceAccounts* accounts, Logger* logger) {
  using Request = v1::CreateServiceAccountRequest;
  UnaryMethod method = NewMethod(
      kServiceAccountsService, "CreateServiceAccount", "service_account.create",
      domain::ServiceAccounts::kChangeRight, &Request::account_id);
  method.repeatable = true;
  method.admit_first = true;
  method.handle = [accounts, logger](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    auto answer = AnswerIssued(*call.caller, logger, std::move(done));
    accounts->Create(
        std::move(call.caller),
        {.account_id = request.account_id(),
         .name = request.name(),
         .expires_at = Optional(request.has_expires_at(), request.expires_at()),
         .description = request.description(),
         .labels = ToMap(request.labels()),
         .capabilities = {request.capabilities().begin(),
                          request.capabilities().end()},
         .idempotency_key = request.request_id()},
        std::move(answer));
  };
  return method;
}

UnaryMethod Get(domain::ServiceAccounts* accounts) {
  using Request = v1::GetServiceAccountRequest;
  UnaryMethod method = NewMethod(
      kServiceAccountsService, "GetServiceAccount", "service_account.get",
      domain::ServiceAccounts::kReadRight, &Request::account_id);
  NameResource(method, audit::kServiceAccountResource,
               &Request::service_account_id);
  method.handle = [accounts](const MethodCall& call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    accounts->Get(call.caller,
                  {.account_id = request.account_id(),
                   .service_account_id = request.service_account_id(),
                   .token_public_id = request.token_public_id()},
                  Answer<v1::ServiceAccount, storage::ServiceAccountRecord>(
                      std::move(done)));
  };
  return method;
}

UnaryMethod List(domain::ServiceAccounts* accounts) {
  using Request = v1::ListServiceAccountsRequest;
  UnaryMethod method = NewMethod(
      kServiceAccountsService, "ListServiceAccounts", "service_account.list",
      domain::ServiceAccounts::kReadRight, &Request::account_id);
  method.admit_first = true;
  method.handle = [accounts](const MethodCall& call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    accounts->List(
        call.caller,
        {.account_id = request.account_id(),
         .conditions = {.include_revoked = request.include_revoked(),
                        .name_prefix = request.name_prefix(),
                        .state = request.state(),
                        .expires_before = Optional(request.has_expires_before(),
                                                   request.expires_before()),
                        .unused_since = Optional(request.has_unused_since(),
                                                 request.unused_since())},
         .order_by = request.order_by(),
         .page_size = request.page_size(),
         .page_token = request.page_token()},
        Answer<v1::ListServiceAccountsResponse, domain::ServiceAccounts::Page>(
            std::move(done)));
  };
  return method;
}

// What `*` stands for (AIP-134): all that can be changed but `enabled`, so that
// nobody switches one on or off who does not say so.
google::protobuf::FieldMask FullMask() {
  google::protobuf::FieldMask mask;
  for (const char* path : {"name", "expires_at", "description", "labels"}) {
    mask.add_paths(path);
  }
  return mask;
}

// The fields of `account` that are set, which are the mask where none is given.
google::protobuf::FieldMask ImpliedMask(const v1::ServiceAccount& account) {
  google::protobuf::FieldMask mask;
  if (!account.name().empty()) mask.add_paths("name");
  if (account.has_expires_at()) mask.add_paths("expires_at");
  if (!account.description().empty()) mask.add_paths("description");
  if (!account.labels().empty()) mask.add_paths("labels");
  if (account.has_enabled()) mask.add_paths("enabled");
  return mask;
}

domain::ServiceAccounts::UpdateRequest ReadUpdate(
    const v1::UpdateServiceAccountRequest& request) {
  const v1::ServiceAccount& account = request.service_account();
  domain::ServiceAccounts::UpdateRequest update = {
      .account_id = account.account_id(),
      .service_account_id = account.id(),
      .etag = account.etag()};
  google::protobuf::FieldMask mask =
      request.has_update_mask() ? request.update_mask() : ImpliedMask(account);
  if (mask.paths_size() == 1 && mask.paths(0) == "*") mask = FullMask();
  for (const std::string& path : mask.paths()) {
    if (path == "name") {
      update.name = account.name();
    } else if (path == "expires_at") {
      update.set_expires_at = true;
      update.expires_at =
          Optional(account.has_expires_at(), account.expires_at());
    } else if (path == "description") {
      update.description = account.description();
    } else if (path == "labels") {
      update.labels = ToMap(account.labels());
    } else if (path == "enabled") {
      // Unset is how every service account starts.
      update.enabled = !account.has_enabled() || account.enabled();
    } else {
      update.not_updatable.push_back(path);
    }
  }
  return update;
}

UnaryMethod Update(domain::ServiceAccounts* accounts) {
  using Request = v1::UpdateServiceAccountRequest;
  UnaryMethod method = NewMethod<Request>(
      kServiceAccountsService, "UpdateServiceAccount", "service_account.update",
      domain::ServiceAccounts::kChangeRight, nullptr);
  method.account_id = [](const identity::Principal&,
                         const google::protobuf::Message& request) {
    return As<Request>(request).service_account().account_id();
  };
  method.resource = [](const google::protobuf::Message& request) {
    return ResourceOf(audit::kServiceAccountResource,
                      As<Request>(request).service_account().id());
  };
  method.admit_first = true;
  method.handle = [accounts](MethodCall call, UnaryMethod::Done done) {
    accounts->Update(std::move(call.caller),
                     ReadUpdate(As<Request>(call.request)),
                     Answer<v1::ServiceAccount, storage::ServiceAccountRecord>(
                         std::move(done)));
  };
  return method;
}

UnaryMethod Rotate(domain::ServiceAccounts* accounts, Logger* logger) {
  using Request = v1::RotateServiceAccountRequest;
  UnaryMethod method = NewMethod(
      kServiceAccountsService, "RotateServiceAccount", "service_account.rotate",
      domain::ServiceAccounts::kChangeRight, &Request::account_id);
  method.repeatable = true;
  NameResource(method, audit::kServiceAccountResource,
               &Request::service_account_id);
  method.admit_first = true;
  method.handle = [accounts, logger](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    auto answer = AnswerIssued(*call.caller, logger, std::move(done));
    domain::ServiceAccounts::RotateRequest rotate = {
        .account_id = request.account_id(),
        .service_account_id = request.service_account_id(),
        .expires_at = Optional(request.has_expires_at(), request.expires_at()),
        .idempotency_key = request.request_id(),
        .etag = request.etag()};
    if (request.has_overlap()) rotate.overlap = FromProto(request.overlap());
    accounts->Rotate(std::move(call.caller), rotate, std::move(answer));
  };
  return method;
}

UnaryMethod Revoke(domain::ServiceAccounts* accounts) {
  using Request = v1::RevokeServiceAccountRequest;
  UnaryMethod method = NewMethod(
      kServiceAccountsService, "RevokeServiceAccount", "service_account.revoke",
      domain::ServiceAccounts::kChangeRight, &Request::account_id);
  NameResource(method, audit::kServiceAccountResource,
               &Request::service_account_id);
  method.admit_first = true;
  method.handle = [accounts](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    accounts->Revoke(std::move(call.caller),
                     {.account_id = request.account_id(),
                      .service_account_id = request.service_account_id(),
                      .reason = request.reason(),
                      .comment = request.comment(),
                      .etag = request.etag()},
                     Answer<v1::ServiceAccount, storage::ServiceAccountRecord>(
                         std::move(done)));
  };
  return method;
}

UnaryMethod BatchRevoke(domain::ServiceAccounts* accounts) {
  using Request = v1::BatchRevokeServiceAccountsRequest;
  UnaryMethod method =
      NewMethod(kServiceAccountsService, "BatchRevokeServiceAccounts",
                "service_account.batch_revoke",
                domain::ServiceAccounts::kChangeRight, &Request::account_id);
  method.admit_first = true;
  method.handle = [accounts](MethodCall call, UnaryMethod::Done done) {
    const auto& request = As<Request>(call.request);
    accounts->BatchRevoke(
        std::move(call.caller),
        {.account_id = request.account_id(),
         .conditions = {.name_prefix = request.name_prefix(),
                        .state = request.state(),
                        .expires_before = Optional(request.has_expires_before(),
                                                   request.expires_before()),
                        .unused_since = Optional(request.has_unused_since(),
                                                 request.unused_since())},
         .reason = request.reason(),
         .comment = request.comment(),
         .dry_run = request.dry_run(),
         .page_token = request.page_token()},
        Answer<v1::BatchRevokeServiceAccountsResponse,
               domain::ServiceAccounts::Batch>(std::move(done)));
  };
  return method;
}

}  // namespace

std::vector<UnaryMethod> ServiceAccountsMethods(
    domain::ServiceAccounts* service_accounts, Logger* logger) {
  std::vector<UnaryMethod> methods;
  for (const auto make : {Create, Rotate}) {
    methods.push_back(make(service_accounts, logger));
  }
  for (const auto make : {Get, List, Update, Revoke, BatchRevoke}) {
    methods.push_back(make(service_accounts));
  }
  return methods;
}

}  // namespace signet::api
