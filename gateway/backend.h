// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_BACKEND_H_
#define SIGNET_GATEWAY_BACKEND_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "base/uuid.h"
#include "call/call_context.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/rpc/status.pb.h"

namespace signet::gateway {

// How much of a method to do.
enum class CallScope {
  kFull,      // Authenticate, authorize, validate, act.
  kAdmit,     // Authenticate and authorize only: the caller has already found
              // a fault in the request that ranks after a 403 and wants to know
              // whether an earlier refusal stands.
  kIdentify,  // Authenticate only; `request` is null, and `method` may be.
};

// One call from outside. `request` is of the method's input type; with kAdmit
// only the fields that come from the path are set.
struct BackendCall {
  call::CallContextPtr context = {};  // Never null.
  const google::protobuf::MethodDescriptor* method = nullptr;
  CallScope scope = CallScope::kFull;
  std::unique_ptr<google::protobuf::Message> request;
  // Every Authorization value, in order; or the one that a form stands for.
  std::vector<std::string> authorization;
  // What an OAuth client says that it is, beside its credential: a service
  // account's id. The credential of any other service account is no good then.
  std::optional<Uuid> client_id = {};
};

struct BackendReply {
  google::rpc::Status status;  // Code 0: `response` is set (kFull only).
  std::unique_ptr<google::protobuf::Message> response = nullptr;
  std::string principal = {};  // For the log: who called, if known.
  Uuid tenant_id = {};         // Whose call it was (see WorkFor); nil: unknown.
};

// The methods behind the gateway: in this process, or on a remote gRPC server.
// Thread-safe.
class Backend {
 public:
  using Done = absl::AnyInvocable<void(BackendReply) &&>;

  virtual ~Backend() = default;

  // Calls `done` once, on any thread, perhaps before returning. Errors follow
  // AIP-193: exactly one google.rpc.ErrorInfo, BadRequest where fields are at
  // fault, RetryInfo where a retry may help; nothing internal in the message.
  virtual void Call(BackendCall call, Done done) = 0;
};

}  // namespace signet::gateway

#endif  // SIGNET_GATEWAY_BACKEND_H_
