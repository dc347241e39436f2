// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CALL_CALL_OBSERVER_H_
#define SIGNET_CALL_CALL_OBSERVER_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "call/call_context.h"

namespace signet::call {

enum class CallKind {
  kRest,                   // A request to the REST listener.
  kGrpc,                   // A unary gRPC call.
  kStream,                 // A gRPC stream, from its opening to its end.
  kExternalAuthorization,  // A proxy's question (Envoy's ext_authz).
};

// How a call ended. The texts are read before OnEnd() returns.
struct CallEnd {
  CallKind kind = CallKind::kRest;
  std::string_view method = {};  // Its full name; empty: no such method.
  // `user:…`, `service_account:…` or `trusted`; empty: unknown.
  std::string_view principal = {};
  absl::StatusCode code = absl::StatusCode::kOk;
  // What the client was told (ErrorInfo). Empty where it was not refused, and
  // where `kind` does not say it: kGrpc and kStream.
  std::string_view reason = {};
  std::string_view detail = {};  // For people; of kExternalAuthorization only.
  absl::Duration latency = absl::ZeroDuration();  // Since the context's start.

  // The client got nothing of what it asked for, and that is not the server's
  // own failure. Clients cause as many of these as they like.
  bool refused = false;
  // The call leaves no line in the access log: it is a success of a method with
  // `unlogged_success`, or another line tells of it.
  bool unlogged = false;

  // Of kRest.
  struct Http {
    std::string_view method;  // GET, HEAD, POST, …, or `other`.
    std::string_view route;   // Its template; empty: none was found.
    int status;
  };
  std::optional<Http> http = std::nullopt;
  // Of a stream of questions: how many were answered.
  std::optional<int64_t> answers = std::nullopt;
};

// Is told of the calls that come in from outside: the one place where the
// access log is written. Not told of what TokenFastPath answers from memory to
// a unary call: those are successes, and nothing is done for them that need not
// be. Thread-safe.
class CallObserver {
 public:
  virtual ~CallObserver() = default;

  // Called once for each call, just before its answer is handed over, and for a
  // stream after its end. Does not block.
  virtual void OnEnd(const CallContext& context, const CallEnd& end) = 0;
};

}  // namespace signet::call

#endif  // SIGNET_CALL_CALL_OBSERVER_H_
