// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/dispatcher.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/steady_event.h"
#include "crypto/digest.h"
#include "server/identity/auth_error.h"
#include "server/identity/credential.h"
#include "server/rpc/status.h"
#include "server/rpc/wire.h"

namespace signet::rpc {
namespace {

using MethodTable =
    absl::flat_hash_map<const google::protobuf::MethodDescriptor*,
                        api::UnaryMethod>;

MethodTable MakeTable(std::vector<api::UnaryMethod> methods) {
  MethodTable table;
  table.reserve(methods.size());
  for (api::UnaryMethod& method : methods) {
    table.emplace(method.descriptor, std::move(method));
  }
  return table;
}

// See idempotency.h. Of the token alone: the scheme may be written in any case.
Secret IdempotencySeed(const identity::Credential& credential) {
  constexpr std::string_view kPurpose = "signet replay v1";
  crypto::Sha256Digest seed = crypto::HmacSha256(
      std::span(reinterpret_cast<const uint8_t*>(kPurpose.data()),
                kPurpose.size()),
      credential.token());
  Secret secret(
      std::string(reinterpret_cast<const char*>(seed.data()), seed.size()));
  Wipe(seed);
  return secret;
}

// Whether who calls is the OAuth client that it says it is, if it says so. A
// user has no client of Signet's.
bool IsClient(const identity::Principal& principal,
              const std::optional<Uuid>& client_id) {
  return !client_id.has_value() ||
         principal.kind == identity::PrincipalKind::kUser ||
         principal.id == *client_id;
}

// One that asks again at once is refused ten times a second then, for each call
// that it has in flight.
constexpr absl::Duration kHoldRefusals = absl::Milliseconds(100);
constexpr size_t kMostHeldRefusals = 4096;

// Whether the caller has too much waiting already.
bool IsFlooder(const absl::Status& status) {
  if (!absl::IsResourceExhausted(status)) return false;
  const std::string reason = GetErrorDetail(status).reason;
  return reason == "READ_QUEUE_FULL" || reason == "WRITE_QUEUE_FULL";
}

constexpr absl::Duration kIdlePoll = absl::Milliseconds(2);

}  // namespace

void Dispatcher::WipeAndDelete::operator()(
    google::protobuf::Message* request) const {
  WipeToken(*request);
  delete request;
}

// What is kept of a call until it is answered.
struct Dispatcher::Pending {
  RunningCall running;
  Logger* logger;
  audit::DenialLog* denials;
  HeldAnswers* held;
  const google::protobuf::MethodDescriptor* method;
  call::CallContextPtr context;
  identity::CallerPtr caller;  // Null until it is known.
  std::string action;          // See UnaryMethod.
  std::string account_id;      // Empty where the method is about none.
  api::Resource resource;
  bool admitted = false;  // The caller was found to have the method's right.
  Done done;

  void Answer(std::unique_ptr<google::protobuf::Message> response) && {
    std::move(done)({.status = {},
                     .response = std::move(response),
                     .principal = Principal(),
                     .tenant_id = TenantId()});
  }

  void Fail(const absl::Status& status) && {
    if (absl::IsPermissionDenied(status) && !account_id.empty()) {
      denials->Note(*caller, account_id,
                    {.action = std::move(action),
                     .resource_type = std::move(resource.type),
                     .resource_id = std::move(resource.id)},
                    status);
    }
    if (IsInternal(status.code())) {
      const std::string detail =
          status.ToString(absl::StatusToStringMode::kWithNoExtraData);
      logger->Error("call failed inside",
                    {{"request_id", std::string_view(context->request_id)},
                     {"method", method == nullptr
                                    ? std::string_view()
                                    : std::string_view(method->full_name())},
                     {"detail", std::string_view(detail)}});
    }
    gateway::BackendReply reply = {.status = ToRpcStatus(status),
                                   .response = nullptr,
                                   .principal = Principal(),
                                   .tenant_id = TenantId()};
    if (!IsFlooder(status)) return std::move(done)(std::move(reply));
    HeldAnswers* const keeper = held;
    keeper->Hold(
        [pending = std::move(*this), reply = std::move(reply)]() mutable {
          std::move(pending.done)(std::move(reply));
        });
  }

  std::string Principal() const {
    if (caller == nullptr) return std::string();
    return caller->trusted ? "trusted" : caller->principal.ToString();
  }

  Uuid TenantId() const {
    if (caller == nullptr || caller->trusted) return Uuid();
    return caller->principal.work_for().tenant_id;
  }
};

Dispatcher::Dispatcher(identity::Authenticator* authenticator,
                       domain::Access* access, audit::DenialLog* denials,
                       const Clock* clock, Logger* logger,
                       std::vector<api::UnaryMethod> methods)
    : authenticator_(authenticator),
      access_(access),
      denials_(denials),
      clock_(clock),
      logger_(logger),
      methods_(MakeTable(std::move(methods))),
      held_(std::make_unique<HeldAnswers>(kHoldRefusals, kMostHeldRefusals)) {}

void Dispatcher::Call(gateway::BackendCall call, Done done) {
  std::vector<std::string> authorization = std::move(call.authorization);
  const auto found = methods_.find(call.method);
  const api::UnaryMethod* method =
      found == methods_.end() ? nullptr : &found->second;
  auto caller = std::make_shared<identity::Caller>();
  caller->context = call.context;
  Pending pending = {.running = RunningCall(running_),
                     .logger = logger_,
                     .denials = denials_,
                     .held = held_.get(),
                     .method = call.method,
                     .context = call.context,
                     .caller = nullptr,
                     .action = {},
                     .account_id = {},
                     .resource = {},
                     .done = std::move(done)};
  RequestPtr request(call.request.release());
  caller->trusted = call.context->trusted() && authorization.empty() &&
                    method != nullptr &&
                    method->right == domain::Right::kVerify;
  if (caller->trusted || (method != nullptr && method->open)) {
    Proceed(method, std::move(call), std::move(request), std::move(caller),
            std::move(pending));
  } else if (const absl::StatusOr<identity::Credential> credential =
                 identity::Credential::FromAuthorization(authorization);
             !credential.ok()) {
    std::move(pending).Fail(credential.status());
  } else {
    if (method != nullptr && method->repeatable) {
      caller->idempotency_seed = IdempotencySeed(*credential);
    }
    // Whether a route exists is for live tokens only.
    const bool to_end = method != nullptr && method->ends_token &&
                        call.scope != gateway::CallScope::kIdentify;
    identity::Authenticator::Done proved =
        [this, method, caller = std::move(caller), call = std::move(call),
         request = std::move(request), pending = std::move(pending)](
            absl::StatusOr<identity::Principal> principal) mutable {
          if (!principal.ok()) {
            std::move(pending).Fail(principal.status());
            return;
          }
          if (!IsClient(*principal, call.client_id)) {
            std::move(pending).Fail(identity::TokenInvalidError());
            return;
          }
          caller->principal = *std::move(principal);
          pending.caller = caller;
          Proceed(method, std::move(call), std::move(request),
                  std::move(caller), std::move(pending));
        };
    if (to_end) {
      authenticator_->AuthenticateToEnd(*credential, clock_->Now(),
                                        std::move(proved));
    } else {
      authenticator_->Authenticate(*credential, clock_->Now(),
                                   std::move(proved));
    }
  }
  for (std::string& value : authorization) Wipe(value);
}

bool Dispatcher::AwaitIdle(absl::Duration limit) const {
  const SteadyEvent::Moment end = SteadyEvent::In(limit);
  while (!running_->BegunIfIdle().has_value()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    absl::SleepFor(kIdlePoll);
  }
  return true;
}

void Dispatcher::Proceed(const api::UnaryMethod* method,
                         gateway::BackendCall call, RequestPtr request,
                         identity::CallerPtr caller, Pending pending) const {
  if (caller->trusted) pending.caller = caller;
  if (call.scope == gateway::CallScope::kIdentify) {
    std::move(pending).Answer(nullptr);
  } else if (method == nullptr) {
    std::move(pending).Fail(MakeError(absl::StatusCode::kUnimplemented,
                                      "no such method",
                                      {.reason = "METHOD_UNKNOWN"}));
  } else {
    Act(*method, std::move(call), std::move(request), std::move(caller),
        std::move(pending));
  }
}

void Dispatcher::Act(const api::UnaryMethod& method, gateway::BackendCall call,
                     RequestPtr request, identity::CallerPtr caller,
                     Pending pending) const {
  if (method.right.has_value()) {
    pending.action = method.action;
    pending.account_id = method.account_id(caller->principal, *request);
    if (method.resource != nullptr)
      pending.resource = method.resource(*request);
  }
  if (call.scope == gateway::CallScope::kAdmit) {
    Admit(method, std::move(pending),
          [](Pending admitted) { std::move(admitted).Answer(nullptr); });
  } else if (method.admit_first) {
    Admit(method, std::move(pending),
          [this, &method, request = std::move(request),
           caller = std::move(caller)](Pending admitted) mutable {
            Handle(method, *request, std::move(caller), std::move(admitted));
          });
  } else {
    Handle(method, *request, std::move(caller), std::move(pending));
  }
}

void Dispatcher::Admit(const api::UnaryMethod& method, Pending pending,
                       absl::AnyInvocable<void(Pending) &&> next) const {
  if (!method.right.has_value() || pending.admitted ||
      pending.caller->trusted) {
    std::move(next)(std::move(pending));
    return;
  }
  const identity::CallerPtr caller = pending.caller;
  const std::string account_id = pending.account_id;
  access_->Admit(caller->principal, account_id, *method.right,
                 [pending = std::move(pending),
                  next = std::move(next)](const absl::Status& status) mutable {
                   if (!status.ok()) return std::move(pending).Fail(status);
                   pending.admitted = true;
                   std::move(next)(std::move(pending));
                 });
}

void Dispatcher::Handle(const api::UnaryMethod& method,
                        const google::protobuf::Message& request,
                        identity::CallerPtr caller, Pending pending) const {
  method.handle({.caller = std::move(caller), .request = request},
                [this, &method, pending = std::move(pending)](
                    absl::StatusOr<std::unique_ptr<google::protobuf::Message>>
                        response) mutable {
                  if (response.ok()) {
                    std::move(pending).Answer(*std::move(response));
                  } else if (absl::IsInvalidArgument(response.status())) {
                    Admit(method, std::move(pending),
                          [fault = response.status()](Pending admitted) {
                            std::move(admitted).Fail(fault);
                          });
                  } else {
                    std::move(pending).Fail(response.status());
                  }
                });
}

}  // namespace signet::rpc
