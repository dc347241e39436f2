// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/ext_authz.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/domain/requirement.h"
#include "server/domain/violations.h"
#include "server/rpc/convert_tokens.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/status.h"

namespace signet {
namespace {

namespace auth = envoy::service::auth::v3;

// HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD.
constexpr int kOverwrite = 2;

// What the configuration of the proxy's route asks for.
struct Wanted {
  std::optional<Uuid> account_id;
  std::shared_ptr<const Requirement> requirement;
};

std::string ValueOf(const google::protobuf::Map<std::string, std::string>& map,
                    const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : found->second;
}

absl::StatusOr<Wanted> ReadWanted(const auth::AttributeContext& attributes) {
  const auto& extensions = attributes.context_extensions();
  const std::string account_id = ValueOf(extensions, "account_id");
  Violations violations;
  Wanted wanted;
  if (!account_id.empty()) {
    wanted.account_id = violations.TakeId("account_id", account_id);
  }
  const std::string capabilities = ValueOf(extensions, "capability");
  if (!capabilities.empty()) {
    Requirement all_of;
    for (const absl::string_view key : absl::StrSplit(capabilities, ',')) {
      all_of.of.push_back(
          {.kind = Requirement::Kind::kCapability,
           .capability = ReadRequiredCapability(
               "", std::string(absl::StripAsciiWhitespace(key)), account_id,
               ValueOf(extensions, "resource_type"),
               ValueOf(extensions, "resource_id"), violations)});
    }
    wanted.requirement = std::make_shared<const Requirement>(std::move(all_of));
  }
  if (!violations.empty()) return std::move(violations).ToStatus();
  return wanted;
}

void SetHeader(
    const char* name, const std::string& value,
    google::protobuf::RepeatedPtrField<auth::HeaderValueOption>& headers) {
  auth::HeaderValueOption& option = *headers.Add();
  option.mutable_header()->set_key(name);
  option.mutable_header()->set_value(value);
  option.set_append_action(kOverwrite);
}

void Pass(const TokenVerification& verification,
          auth::CheckResponse& response) {
  v1::CheckAccessResponse facts;
  ToProto(verification, facts);
  response.mutable_status();  // OK.
  auth::OkHttpResponse& ok = *response.mutable_ok_response();
  const std::pair<const char*, const std::string&> fields[] = {
      {"x-signet-subject-type", facts.subject_type()},
      {"x-signet-subject-id", facts.subject_id()},
      {"x-signet-account-id", facts.account_id()},
      {"x-signet-token-public-id", facts.token_public_id()},
      {"x-signet-capabilities", facts.capabilities()}};
  for (const auto& [name, value] : fields) {
    if (value.empty()) {
      ok.add_headers_to_remove(name);
    } else {
      SetHeader(name, value, *ok.mutable_headers());
    }
  }
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    default:
      return 500;
  }
}

// `http_status`: what the client of the proxy gets.
void Deny(const absl::Status& status, int http_status,
          auth::CheckResponse& response) {
  *response.mutable_status() = ToRpcStatus(status);
  auth::DeniedHttpResponse& denied = *response.mutable_denied_response();
  denied.mutable_status()->set_code(http_status);
  const std::string reason = GetErrorDetail(status).reason;
  if (http_status == 401) {
    // RFC 6750 section 3.1: no error where there was no credential.
    SetHeader("www-authenticate",
              reason == "CREDENTIAL_MISSING"
                  ? R"(Bearer realm="signet")"
                  : R"(Bearer realm="signet", error="invalid_token")",
              *denied.mutable_headers());
  }
  SetHeader("content-type", "application/problem+json",
            *denied.mutable_headers());
  SetHeader("cache-control", "no-store", *denied.mutable_headers());
  const bool ours = http_status >= 500;
  const nlohmann::ordered_json body = {
      {"title",
       ours ? "The route is misconfigured" : std::string(status.message())},
      {"status", http_status},
      {"reason", ours ? "ROUTE_MISCONFIGURED" : reason}};
  denied.set_body(body.dump());
}

}  // namespace

// A check from its start to its end.
struct ExtAuthz::Open {
  Logger* logger;
  grpc::ServerUnaryReactor* reactor;
  auth::CheckResponse* response;  // gRPC's, until the reactor has finished.
  std::string peer;

  void Finish(const absl::StatusOr<TokenVerification>& verification) && {
    absl::Status status = verification.status();
    if (status.ok() &&
        verification->verdict == TokenVerdict::kCapabilityMissing) {
      status = CapabilityMissingError();
    }
    if (status.ok()) {
      Pass(*verification, *response);
      reactor->Finish(grpc::Status::OK);
      return;
    }
    Log(status);
    if (absl::IsUnavailable(status) || IsInternal(status.code())) {
      reactor->Finish(ToGrpcStatus(ToRpcStatus(status)));
      return;
    }
    Deny(status, HttpStatusOf(status.code()), *response);
    reactor->Finish(grpc::Status::OK);
  }

  // The route's configuration breaks a rule.
  void Misconfigured(const absl::Status& status) && {
    Log(status);
    Deny(status, 500, *response);
    reactor->Finish(grpc::Status::OK);
  }

  void Log(const absl::Status& status) const {
    const std::string reason = GetErrorDetail(status).reason;
    logger->Info("external authorization refused",
                 {{"code", CodeName(status.code())},
                  {"reason", std::string_view(reason)},
                  {"peer", std::string_view(peer)}});
  }
};

grpc::ServerUnaryReactor* ExtAuthz::Check(grpc::CallbackServerContext* context,
                                          const auth::CheckRequest* request,
                                          auth::CheckResponse* response) {
  Open open = {.logger = logger_,
               .reactor = context->DefaultReactor(),
               .response = response,
               .peer = PeerAddress(context->peer())};
  grpc::ServerUnaryReactor* const reactor = open.reactor;
  absl::StatusOr<Wanted> wanted = ReadWanted(request->attributes());
  if (!wanted.ok()) {
    std::move(open).Misconfigured(wanted.status());
    return reactor;
  }
  std::vector<std::string> authorization;
  const auto& headers = request->attributes().request().http().headers();
  if (const auto found = headers.find("authorization");
      found != headers.end()) {
    authorization.push_back(found->second);
  }
  authenticator_->Authenticate(
      authorization, clock_->Now(),
      [this, open = std::move(open), wanted = *std::move(wanted)](
          absl::StatusOr<Principal> principal) mutable {
        if (!principal.ok()) {
          std::move(open).Finish(principal.status());
          return;
        }
        verifier_->VerifyCaller(
            *principal, wanted.account_id, std::move(wanted.requirement),
            [open = std::move(open)](
                const absl::StatusOr<TokenVerification>& verification) mutable {
              std::move(open).Finish(verification);
            });
      });
  for (std::string& credential : authorization) Wipe(credential);
  return reactor;
}

}  // namespace signet
