// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/dispatcher.h"

#include <memory>
#include <string>
#include <utility>

#include "server/base/error.h"
#include "server/base/secret.h"
#include "server/rpc/status.h"

namespace signet {
namespace {

using MethodTable =
    absl::flat_hash_map<const google::protobuf::MethodDescriptor*, UnaryMethod>;

MethodTable MakeTable(std::vector<UnaryMethod> methods) {
  MethodTable table;
  table.reserve(methods.size());
  for (UnaryMethod& method : methods) {
    table.emplace(method.descriptor, std::move(method));
  }
  return table;
}

}  // namespace

// What is kept of a call until it is answered.
struct Dispatcher::Pending {
  Logger* logger;
  const google::protobuf::MethodDescriptor* method;
  std::string request_id;
  std::string principal;
  Done done;

  void Answer(std::unique_ptr<google::protobuf::Message> response) && {
    std::move(done)({.status = {},
                     .response = std::move(response),
                     .principal = std::move(principal)});
  }

  void Fail(const absl::Status& status) && {
    if (IsInternal(status.code())) {
      const std::string detail = status.ToString();
      logger->Error("call failed inside",
                    {{"request_id", std::string_view(request_id)},
                     {"method", method == nullptr
                                    ? std::string_view()
                                    : std::string_view(method->full_name())},
                     {"detail", std::string_view(detail)}});
    }
    std::move(done)({.status = ToRpcStatus(status),
                     .response = nullptr,
                     .principal = std::move(principal)});
  }
};

Dispatcher::Dispatcher(Authenticator* authenticator, const Clock* clock,
                       Logger* logger, std::vector<UnaryMethod> methods)
    : authenticator_(authenticator),
      clock_(clock),
      logger_(logger),
      methods_(MakeTable(std::move(methods))) {}

void Dispatcher::Call(BackendCall call, Done done) {
  std::vector<std::string> authorization = std::move(call.authorization);
  Pending pending = {.logger = logger_,
                     .method = call.method,
                     .request_id = std::move(call.request_id),
                     .principal = {},
                     .done = std::move(done)};
  authenticator_->Authenticate(
      authorization, clock_->Now(),
      [this, call = std::move(call), pending = std::move(pending)](
          const absl::StatusOr<Principal>& principal) mutable {
        if (!principal.ok()) {
          std::move(pending).Fail(principal.status());
          return;
        }
        pending.principal = principal->ToString();
        Act(std::move(call), *principal, std::move(pending));
      });
  for (std::string& credential : authorization) Wipe(credential);
}

void Dispatcher::Act(BackendCall call, const Principal& principal,
                     Pending pending) const {
  if (call.scope == CallScope::kIdentify) {
    std::move(pending).Answer(nullptr);
    return;
  }
  const auto found = methods_.find(call.method);
  if (found == methods_.end()) {
    std::move(pending).Fail(MakeError(absl::StatusCode::kUnimplemented,
                                      "no such method",
                                      {.reason = "METHOD_UNKNOWN"}));
    return;
  }
  const UnaryMethod& method = found->second;
  MethodCall method_call = {
      .principal = principal,
      .request = *call.request,
      .expired = [clock = clock_, deadline = call.deadline,
                  cancelled = std::move(call.cancelled)]() mutable {
        return (cancelled && cancelled()) || clock->Now() >= deadline;
      }};
  if (call.scope == CallScope::kAdmit) {
    method.admit(
        std::move(method_call),
        [pending = std::move(pending)](const absl::Status& status) mutable {
          if (status.ok()) {
            std::move(pending).Answer(nullptr);
          } else {
            std::move(pending).Fail(status);
          }
        });
    return;
  }
  method.handle(std::move(method_call),
                [pending = std::move(pending)](
                    absl::StatusOr<std::unique_ptr<google::protobuf::Message>>
                        response) mutable {
                  if (response.ok()) {
                    std::move(pending).Answer(*std::move(response));
                  } else {
                    std::move(pending).Fail(response.status());
                  }
                });
}

}  // namespace signet
