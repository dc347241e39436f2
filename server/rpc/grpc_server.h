// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_GRPC_SERVER_H_
#define SIGNET_SERVER_RPC_GRPC_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "call/call_observer.h"
#include "gateway/backend.h"
#include "server/audit/denial_log.h"
#include "server/domain/change_feed.h"
#include "server/domain/token_verifier.h"
#include "server/identity/authenticator.h"
#include "server/identity/token_directory.h"
#include "server/rpc/stream_limits.h"

namespace signet::rpc {

struct GrpcServerOptions {
  std::string address;  // HOST:PORT; port 0 lets the system pick one.
  // Calls without a credential may ask about tokens
  // (call::Listener::kTrustedGrpc).
  bool trusted = false;
};

// What signet.v1.Tokens needs beside the backend, for its streams and for
// answers from memory. Without it every call goes to the backend, and there are
// no streams.
struct GrpcTokenParts {
  identity::TokenDirectory* directory;
  domain::TokenVerifier* verifier;
  identity::Authenticator* authenticator;
  audit::DenialLog* denials;
  domain::ChangeFeed* feed;
  std::string resource_metadata = {};  // As ProblemResponse takes it.
  StreamLimits limits = {};
};

// Serves proto/signet/v1 over gRPC (cleartext HTTP/2) from a Backend, with
// Envoy's external authorization, grpc.health.v1.Health and server reflection
// beside it.
//
// Metadata: every `authorization` goes to the backend. `x-request-id` (1 to 64
// of `A-Za-z0-9._-`) is kept, else replaced, and returned as initial metadata.
// `signet-call-scope: admit` asks for authorization only (CallScope::kAdmit)
// and is answered by an empty message. Errors carry google.rpc.Status in
// `grpc-status-details-bin`. A message that cannot be read (not protobuf, not
// UTF-8) is INVALID_ARGUMENT / MESSAGE_MALFORMED, after authentication; over
// 64 KiB (of BatchVerifyTokens, 256 KiB) it is RESOURCE_EXHAUSTED. A credential
// of 16 KiB fits.
//
// The observer is told of each call, each stream, and each check of a proxy.
//
// Connections are refused while fewer than Listener::kSpareDescriptors file
// descriptors are left to the process. Thread-safe but for Drain.
class GrpcServer {
 public:
  // Starts to serve. All outlive the server; `tokens` may be null.
  //   INVALID_ARGUMENT, UNAVAILABLE: as Listener::Listen says.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(
      const GrpcServerOptions& options, gateway::Backend* backend,
      const GrpcTokenParts* tokens, call::CallObserver* observer,
      const Clock* clock, RandomSource* random, Logger* logger);

  virtual ~GrpcServer() = default;  // Drains without grace.

  // The port it listens on.
  virtual int port() const = 0;

  // What health says of every service from now on; SERVING at the start.
  virtual void SetServing(bool serving) = 0;

  // Health says NOT_SERVING for good, connections are sent away (GOAWAY) and no
  // new ones taken. Streams end; calls in flight finish; those that have not
  // after `grace` are cancelled. Blocks until the last one is done; clients
  // that stay connected without a call do not hold it up for more than a few
  // seconds. Idempotent; for one thread at a time.
  virtual void Drain(absl::Duration grace) = 0;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_GRPC_SERVER_H_
