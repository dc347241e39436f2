// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_EXT_AUTHZ_H_
#define SIGNET_SERVER_RPC_EXT_AUTHZ_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "envoy/service/auth/v3/external_auth.grpc.pb.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/random.h"
#include "server/domain/token_verifier.h"
#include "server/identity/authenticator.h"
#include "server/rpc/call_count.h"

namespace signet {

// Envoy's external authorization over gRPC (envoy.service.auth.v3): verifies
// the Authorization field of the request that a proxy asks about, as
// CheckAccess verifies its own.
//   It passes: OK, with fields X-Signet-* as CheckAccess answers them, in place
//     of what the client sent; those without a value are removed.
//   It does not: 401 with a challenge, or 403, and the problem document for the
//     client that REST answers with (see ProblemResponse). A route whose
//     extensions break a rule is denied with 500: it must not be open because
//     it is misconfigured.
//   It cannot be told, as the store or the issuer does not answer: UNAVAILABLE;
//     the proxy decides (failure_mode_allow).
// What does not pass leaves a line in the log. Thread-safe; blocks as
// Dispatcher does.
class ExtAuthz final
    : public envoy::service::auth::v3::Authorization::CallbackService {
 public:
  // All outlive this object, which outlives its calls.
  struct Dependencies {
    Authenticator* authenticator;
    TokenVerifier* verifier;
    std::string resource_metadata;  // As ProblemResponse takes it.
    const Clock* clock;
    RandomSource* random;  // For request ids.
    Logger* logger;
    CallCount* count;
  };

  explicit ExtAuthz(Dependencies dependencies)
      : deps_(std::move(dependencies)) {}

  grpc::ServerUnaryReactor* Check(
      grpc::CallbackServerContext* context,
      const envoy::service::auth::v3::CheckRequest* request,
      envoy::service::auth::v3::CheckResponse* response) override;

 private:
  struct Open;

  const Dependencies deps_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_EXT_AUTHZ_H_
