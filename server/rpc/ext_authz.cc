// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/ext_authz.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/secret.h"
#include "call/call_context.h"
#include "gateway/problem.h"
#include "gateway/problem_response.h"
#include "http/request_id.h"
#include "server/api/convert_tokens.h"
#include "server/domain/requirement.h"
#include "server/domain/violations.h"
#include "server/identity/credential.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace signet::rpc {
namespace {

namespace auth = envoy::service::auth::v3;

// HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD.
constexpr int kOverwrite = 2;

constexpr std::string_view kExtensions[] = {"capability", "account_id",
                                            "resource_type", "resource_id"};

// What the configuration of the proxy's route asks for.
struct Wanted {
  std::optional<Uuid> account_id;
  std::shared_ptr<const domain::Requirement> requirement;
};

std::string ValueOf(const google::protobuf::Map<std::string, std::string>& map,
                    const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

absl::StatusOr<Wanted> ReadWanted(const auth::AttributeContext& attributes) {
  const auto& extensions = attributes.context_extensions();
  const std::string account_id = ValueOf(extensions, "account_id");
  domain::Violations violations;
  // A slip of the pen must not open a route.
  for (const auto& [key, value] : extensions) {
    if (!std::ranges::count(kExtensions, key)) {
      violations.Add(key, "want no such key");
    } else if (value.empty()) {
      violations.Add(key, "want a value");
    }
  }
  Wanted wanted;
  if (!account_id.empty()) {
    wanted.account_id = violations.TakeId("account_id", account_id);
  }
  std::vector<std::string> keys;
  if (const std::string text = ValueOf(extensions, "capability");
      !text.empty()) {
    for (const absl::string_view key : absl::StrSplit(text, ',')) {
      keys.emplace_back(absl::StripAsciiWhitespace(key));
    }
  }
  wanted.requirement =
      domain::ReadAllOf(keys, account_id, ValueOf(extensions, "resource_type"),
                        ValueOf(extensions, "resource_id"), violations);
  if (!violations.empty()) return std::move(violations).ToStatus();
  return wanted;
}

void SetHeader(
    const std::string& name, const std::string& value,
    google::protobuf::RepeatedPtrField<auth::HeaderValueOption>& headers) {
  auth::HeaderValueOption& option = *headers.Add();
  option.mutable_header()->set_key(name);
  option.mutable_header()->set_value(value);
  option.set_append_action(kOverwrite);
}

void Pass(const domain::TokenVerification& verification,
          auth::CheckResponse& response) {
  v1::CheckAccessResponse access;
  api::ToProto(verification, access);
  response.mutable_status();  // OK.
  auth::OkHttpResponse& ok = *response.mutable_ok_response();
  const std::pair<const char*, const std::string&> fields[] = {
      {"x-signet-subject-type", access.subject_type()},
      {"x-signet-subject-id", access.subject_id()},
      {"x-signet-account-id", access.account_id()},
      {"x-signet-token-public-id", access.token_public_id()},
      {"x-signet-capabilities", access.capabilities()}};
  for (const auto& [name, value] : fields) {
    if (value.empty()) {
      ok.add_headers_to_remove(name);
    } else {
      SetHeader(name, value, *ok.mutable_headers());
    }
  }
}

void FillDenial(const google::rpc::Status& status, const http::Response& answer,
                auth::CheckResponse& response) {
  *response.mutable_status() = status;
  auth::DeniedHttpResponse& denied = *response.mutable_denied_response();
  denied.mutable_status()->set_code(answer.status);
  for (const http::Field& field : answer.fields) {
    SetHeader(absl::AsciiStrToLower(field.name), field.value,
              *denied.mutable_headers());
  }
  denied.set_body(answer.body);
}

// What the request that is asked about has of a field, as often as it has it.
std::vector<std::string> FieldsOf(
    const auth::AttributeContext::HttpRequest& request, std::string_view name) {
  std::vector<std::string> values;
  if (const auto found = request.headers().find(std::string(name));
      found != request.headers().end()) {
    values.push_back(found->second);
  }
  for (const auth::RawHeader& header : request.header_map().headers()) {
    if (!absl::EqualsIgnoreCase(absl::string_view(header.key()),
                                absl::string_view(name.data(), name.size()))) {
      continue;
    }
    values.push_back(header.raw_value().empty() ? header.value()
                                                : header.raw_value());
  }
  return values;
}

// Of the copies of a credential that the message itself has.
void WipeFields(auth::AttributeContext::HttpRequest& request,
                std::string_view name) {
  auto& headers = *request.mutable_headers();
  if (const auto found = headers.find(std::string(name));
      found != headers.end()) {
    Wipe(found->second);
  }
  for (auth::RawHeader& header :
       *request.mutable_header_map()->mutable_headers()) {
    if (!absl::EqualsIgnoreCase(absl::string_view(header.key()),
                                absl::string_view(name.data(), name.size()))) {
      continue;
    }
    Wipe(*header.mutable_value());
    Wipe(*header.mutable_raw_value());
  }
}

// What the configuration of the proxy does wrong is nothing for its clients.
gateway::Problem RouteMisconfigured() {
  return {.status = 500,
          .code = google::rpc::INTERNAL,
          .reason = "ROUTE_MISCONFIGURED",
          .detail = "the proxy's route is misconfigured"};
}

}  // namespace

// A check from its start to its end.
struct ExtAuthz::Open {
  const Dependencies& deps;
  grpc::ServerUnaryReactor* reactor;
  grpc::ByteBuffer* response;  // gRPC's, until the reactor has finished.
  call::CallContext context;   // The peer is the proxy.

  void Finish(
      const absl::StatusOr<domain::TokenVerification>& verification) && {
    absl::Status status = verification.status();
    if (status.ok() &&
        verification->verdict == domain::TokenVerdict::kCapabilityMissing) {
      status = domain::CapabilityMissingError(*verification);
    }
    if (status.ok()) {
      auth::CheckResponse answer;
      Pass(*verification, answer);
      TellEnd(status, /*unlogged=*/true);
      Answer(answer);
      return;
    }
    const google::rpc::Status refusal = ToRpcStatus(status);
    if (absl::IsUnavailable(status) || IsInternal(status.code())) {
      TellEnd(status);
      End(ToGrpcStatus(refusal));
    } else {
      Refuse(status, gateway::BackendProblem(refusal));
    }
  }

  void Refuse(const absl::Status& status, const gateway::Problem& problem) {
    TellEnd(status);
    Deny(status, problem);
  }

  void Deny(const absl::Status& status, const gateway::Problem& problem) {
    auth::CheckResponse answer;
    FillDenial(ToRpcStatus(status),
               gateway::ProblemResponse(problem, context.request_id,
                                        gateway::ProblemReader::kApi,
                                        deps.resource_metadata),
               answer);
    Answer(answer);
  }

  void Answer(const auth::CheckResponse& answer) {
    *response = SerializeMessage(answer);
    End(grpc::Status::OK);
  }

  void End(const grpc::Status& status) {
    deps.count->End();
    reactor->Finish(status);
  }

  void TellEnd(const absl::Status& status, bool unlogged = false) const {
    const std::string reason =
        status.ok() ? std::string() : GetErrorDetail(status).reason;
    deps.observer->OnEnd(
        context, {.kind = call::CallKind::kExternalAuthorization,
                  .method = "envoy.service.auth.v3.Authorization.Check",
                  .code = status.code(),
                  .reason = reason,
                  .detail = {status.message().data(), status.message().size()},
                  .latency = deps.clock->Now() - context.start,
                  .refused = !status.ok(),
                  .unlogged = unlogged});
  }
};

void ExtAuthz::Refuse(Open open, const absl::Status& status, int http_status) {
  const absl::Time now = open.context.start;
  const int64_t total = ++unreadable_;
  if (const auto omitted = unreadable_log_.Pass(now); omitted.has_value()) {
    const std::string reason = GetErrorDetail(status).reason;
    deps_.logger->Warning("external authorization cannot read a check",
                          {{"reason", std::string_view(reason)},
                           {"peer", std::string_view(open.context.peer)},
                           {"omitted", *omitted},
                           {"since_start", total}});
  }
  open.context.request_id = http::ChooseRequestId({}, now, *deps_.random);
  open.TellEnd(status, /*unlogged=*/true);
  gateway::Problem problem = gateway::BackendProblem(ToRpcStatus(status));
  problem.status = http_status;
  open.Deny(status, problem);
}

grpc::ServerUnaryReactor* ExtAuthz::Check(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) {
  deps_.count->Begin();
  const absl::Time now = deps_.clock->Now();
  Open open = {.deps = deps_,
               .reactor = context->DefaultReactor(),
               .response = response,
               .context = {.peer = PeerAddress(context->peer()),
                           .listener = deps_.listener,
                           .start = now}};
  grpc::ServerUnaryReactor* const reactor = open.reactor;
  if (request->Length() > kMaxCheckBytes) {
    Refuse(std::move(open), MessageTooLargeError(kMaxCheckBytes), 413);
    return reactor;
  }
  auth::CheckRequest check;
  const bool parsed = ParseMessage(*request, check);
  auto& http = *check.mutable_attributes()->mutable_request()->mutable_http();
  if (!parsed) {
    WipeFields(http, "authorization");
    Refuse(std::move(open), MessageMalformedError(), 400);
    return reactor;
  }
  const std::vector<std::string> request_ids = FieldsOf(http, "x-request-id");
  open.context.request_id = http::ChooseRequestId(
      std::vector<std::string_view>(request_ids.begin(), request_ids.end()),
      now, *deps_.random);
  absl::StatusOr<Wanted> wanted = ReadWanted(check.attributes());
  std::vector<std::string> authorization;
  if (wanted.ok()) authorization = FieldsOf(http, "authorization");
  WipeFields(http, "authorization");
  if (!wanted.ok()) {
    open.Refuse(wanted.status(), RouteMisconfigured());
    return reactor;
  }
  const absl::Cleanup wiper = [&authorization] {
    for (std::string& value : authorization) Wipe(value);
  };
  const absl::StatusOr<identity::Credential> credential =
      identity::Credential::FromAuthorization(authorization);
  if (!credential.ok()) {
    std::move(open).Finish(credential.status());
    return reactor;
  }
  deps_.authenticator->Authenticate(
      *credential, now,
      [this, open = std::move(open), wanted = *std::move(wanted)](
          absl::StatusOr<identity::Principal> principal) mutable {
        if (!principal.ok()) {
          std::move(open).Finish(principal.status());
          return;
        }
        deps_.verifier->VerifyCaller(
            *principal, wanted.account_id, std::move(wanted.requirement),
            [open = std::move(open)](
                const absl::StatusOr<domain::TokenVerification>&
                    verification) mutable {
              std::move(open).Finish(verification);
            });
      });
  return reactor;
}

}  // namespace signet::rpc
