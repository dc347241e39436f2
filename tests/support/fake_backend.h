// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_FAKE_BACKEND_H_
#define SIGNET_TESTS_SUPPORT_FAKE_BACKEND_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/backend.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace signet {

// An error as AIP-193 has it.
inline google::rpc::Status RpcError(google::rpc::Code code, std::string message,
                                    std::string reason) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(std::move(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::move(reason));
  info.set_domain("signet");
  status.add_details()->PackFrom(info);
  return status;
}

// A backend that refuses as it is told, in the order of a real one, or answers
// with what `act` makes of the request. Calls `done` before returning. For one
// thread.
class FakeBackend final : public gateway::Backend {
 public:
  std::optional<google::rpc::Status> identity_error;   // 401, 400, 503.
  std::optional<google::rpc::Status> admission_error;  // 403.
  std::optional<google::rpc::Status> action_error;     // Whatever comes later.
  std::function<std::unique_ptr<google::protobuf::Message>(
      const google::protobuf::Message& request)>
      act;
  Uuid tenant_id;  // Of who calls.

  const std::vector<gateway::BackendCall>& calls() const { return calls_; }

  void Call(gateway::BackendCall call, Done done) override {
    gateway::BackendReply reply;
    if (identity_error.has_value()) {
      reply.status = *identity_error;
    } else {
      reply.principal = "service_account:test";
      reply.tenant_id = tenant_id;
      if (call.scope != gateway::CallScope::kIdentify &&
          admission_error.has_value()) {
        reply.status = *admission_error;
      } else if (call.scope == gateway::CallScope::kFull) {
        if (action_error.has_value()) {
          reply.status = *action_error;
        } else if (act != nullptr) {
          reply.response = act(*call.request);
        }
      }
    }
    calls_.push_back(std::move(call));
    std::move(done)(std::move(reply));
  }

 private:
  std::vector<gateway::BackendCall> calls_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_FAKE_BACKEND_H_
