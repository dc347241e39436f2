// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_TOKEN_STREAMS_H_
#define SIGNET_SERVER_RPC_TOKEN_STREAMS_H_

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/steady_event.h"
#include "call/call_context.h"
#include "call/call_observer.h"
#include "gateway/backend.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/audit/denial_log.h"
#include "server/domain/change_feed.h"
#include "server/domain/token_verifier.h"
#include "server/identity/authenticator.h"
#include "server/rpc/call_count.h"
#include "server/rpc/stream_limits.h"
#include "server/rpc/token_fast_path.h"

namespace signet::rpc {

// UNAVAILABLE / SERVER_STOPPING, with a retry hint.
absl::Status StoppingError();

// Drops what the client of the call does not read, which would hold the end
// back, and tells it the code and the message. TryCancel() with a status of
// one's own; the reactor is to be finished besides.
void CancelWith(grpc::CallbackServerContext& context,
                const absl::Status& status);

// A stream that the server watches over.
class OpenStream {
 public:
  virtual ~OpenStream() = default;

  // Ends it, as the server stops. Called once.
  virtual void Stop() = 0;
  // Called now and then: it ends itself if its client keeps it waiting.
  virtual void CheckLimits() {}
};

// The streams that are open. Thread-safe.
class OpenStreams {
 public:
  // Looks at each stream `interval` after the last time.
  explicit OpenStreams(absl::Duration interval);
  ~OpenStreams() { End(); }

  // The stream is called, one call at a time, from now until Remove() has
  // returned. False: the server has stopped.
  bool Add(OpenStream* stream);
  void Remove(OpenStream* stream);
  // Ends those that are open, and lets no other begin. Idempotent.
  void End();

 private:
  void Look(absl::Duration interval);

  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  absl::flat_hash_set<OpenStream*> open_ ABSL_GUARDED_BY(mutex_);
  SteadyEvent ending_;
  std::thread looking_;
};

// The streaming methods of signet.v1.Tokens. The observer is told of each when
// it has ended. Thread-safe.
class TokenStreams {
 public:
  // All outlive this object, which outlives its streams.
  struct Dependencies {
    gateway::Backend* backend;
    TokenFastPath* fast_path;
    identity::Authenticator* authenticator;
    audit::DenialLog* denials;
    domain::TokenVerifier* verifier;
    domain::ChangeFeed* feed;
    call::Listener listener;
    const Clock* clock;
    RandomSource* random;
    call::CallObserver* observer;
    CallCount* count;  // Of questions, not of streams.
    StreamLimits limits;
  };

  explicit TokenStreams(const Dependencies& dependencies);

  // For gRPC's handlers, which return what they get.
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Verify(
      grpc::CallbackServerContext* context);
  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(
      grpc::CallbackServerContext* context, const grpc::ByteBuffer* request);

  // Ends every stream with UNAVAILABLE. Idempotent.
  void Stop() { open_.End(); }

 private:
  const Dependencies deps_;
  OpenStreams open_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_TOKEN_STREAMS_H_
