// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CALL_ACCESS_LOG_H_
#define SIGNET_CALL_ACCESS_LOG_H_

#include "base/log.h"
#include "call/call_observer.h"

namespace signet::call {

// Writes one line for each call, with neither a credential, nor a message, nor
// a path or query of the client's: clients paste tokens into URLs. A refusal
// goes to Logger::LogRefusal(), which may leave it out. Thread-safe.
//
//   rest request: request_id, method, http_method, route, principal, code,
//     reason, status, latency_us, peer. An error, where the server failed.
//   grpc call: request_id, method, principal, code, latency_us, peer.
//   grpc stream: with `answers`: method, request_id, peer, code, answers,
//     duration_ms; without: method, principal, request_id, peer, code,
//     duration_ms.
//   external authorization refused: request_id, code, reason, detail, peer.
//     What passes leaves no line.
class AccessLog final : public CallObserver {
 public:
  // The logger outlives this object.
  explicit AccessLog(Logger* logger) : logger_(logger) {}

  void OnEnd(const CallContext& context, const CallEnd& end) override;

 private:
  Logger* const logger_;
};

}  // namespace signet::call

#endif  // SIGNET_CALL_ACCESS_LOG_H_
