// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_EXT_AUTHZ_H_
#define SIGNET_SERVER_RPC_EXT_AUTHZ_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/throttle.h"
#include "call/call_context.h"
#include "call/call_observer.h"
#include "envoy/service/auth/v3/external_auth.grpc.pb.h"
#include "server/domain/token_verifier.h"
#include "server/identity/authenticator.h"
#include "server/rpc/call_count.h"

namespace signet::rpc {

// Envoy's external authorization over gRPC (envoy.service.auth.v3): verifies
// the Authorization field of the request that a proxy asks about, as
// CheckAccess verifies its own.
//   It passes: OK, with fields X-Signet-* as CheckAccess answers them, in place
//     of what the client sent; those without a value are removed.
//   It does not: 401 with a challenge, 403, or 429 while too many reads wait,
//     and the problem document for the client that REST answers with (see
//     ProblemResponse). A route whose extensions break a rule is denied with
//     500: it must not be open because it is misconfigured.
//   It cannot be told, as the store or the issuer does not answer: UNAVAILABLE;
//     the proxy decides (failure_mode_allow).
//   The check itself cannot be read: 400, and over kMaxCheckBytes 413. Never an
//     error of the call, which a proxy that fails open would let pass. It
//     leaves one line a second at most, which counts the others, and none in
//     the access log.
// The observer is told of each check.
// Thread-safe; blocks as Dispatcher does.
class ExtAuthz final
    : public envoy::service::auth::v3::Authorization::
          WithRawCallbackMethod_Check<
              envoy::service::auth::v3::Authorization::Service> {
 public:
  // Of a check: fields, and the body where the proxy is told to send it.
  static constexpr size_t kMaxCheckBytes = 256 * 1024;

  // All outlive this object, which outlives its calls.
  struct Dependencies {
    identity::Authenticator* authenticator;
    domain::TokenVerifier* verifier;
    std::string resource_metadata;  // As ProblemResponse takes it.
    call::Listener listener;
    const Clock* clock;
    RandomSource* random;  // For request ids.
    call::CallObserver* observer;
    Logger* logger;
    CallCount* count;
  };

  explicit ExtAuthz(Dependencies dependencies)
      : deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response) override;

 private:
  struct Open;

  // Denies what cannot be read.
  void Refuse(Open open, const absl::Status& status, int http_status);

  const Dependencies deps_;
  Throttle unreadable_log_;
  std::atomic<int64_t> unreadable_ = 0;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_EXT_AUTHZ_H_
