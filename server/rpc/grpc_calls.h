// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_GRPC_CALLS_H_
#define SIGNET_SERVER_RPC_GRPC_CALLS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/uuid.h"
#include "call/call_context.h"
#include "call/call_observer.h"
#include "gateway/backend.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "grpcpp/support/status.h"
#include "server/rpc/call_count.h"
#include "server/rpc/token_fast_path.h"

namespace signet::rpc {

// A method as gRPC offers it: bytes in, bytes out.
struct GrpcMethod {
  // `service` has a method of this name.
  GrpcMethod(const google::protobuf::ServiceDescriptor* service,
             const char* name);

  const google::protobuf::MethodDescriptor* descriptor;
  const google::protobuf::Message* prototype;  // Of the input type.
  size_t max_bytes;                            // Of a request.
  bool unlogged_success;                       // See annotations.proto.
};

// What a call's metadata says. The views live as long as its context.
struct GrpcMetadata {
  explicit GrpcMetadata(const grpc::CallbackServerContext& context);

  std::vector<std::string> authorization;
  std::vector<std::string_view> request_ids;
  std::string_view user_agent;
  std::string_view scope;
  // Absent: the call names no client. Nil, which is nobody's id: what it names
  // is no UUID.
  std::optional<Uuid> client_id;
};

// `ipv4:1.2.3.4:5` or `ipv6:%5B::1%5D:5`, a URI, as an address and port.
std::string PeerAddress(const std::string& uri);

// What is known of a call that came in at `now`, but for its deadline and
// whether it was cancelled. Tells the client the request id.
call::CallContext NewCallContext(grpc::CallbackServerContext& context,
                                 const GrpcMetadata& metadata,
                                 call::Listener listener, absl::Time now,
                                 RandomSource& random);

// Of a request, but for methods that say otherwise (see annotations.proto).
inline constexpr size_t kMaxMessageBytes = 64 * 1024;

// RESOURCE_EXHAUSTED / MESSAGE_TOO_LARGE.
absl::Status MessageTooLargeError(size_t max_bytes);

grpc::Status ToGrpcStatus(const google::rpc::Status& status);

// Makes a Backend's calls of gRPC's, and tells the observer of each.
// Thread-safe.
class GrpcCalls {
 public:
  // All outlive this object, which outlives its calls. `fast_path` may be null.
  struct Dependencies {
    gateway::Backend* backend;
    TokenFastPath* fast_path;
    call::Listener listener;
    const Clock* clock;
    RandomSource* random;
    call::CallObserver* observer;
    CallCount* count;
  };

  explicit GrpcCalls(const Dependencies& dependencies) : deps_(dependencies) {}

  // Handles one call, to be returned from gRPC's handler of `method`.
  grpc::ServerUnaryReactor* Start(const GrpcMethod& method,
                                  grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response);

 private:
  struct Open;

  void AskBackend(const GrpcMethod& method,
                  grpc::CallbackServerContext* context,
                  const grpc::ByteBuffer& request, grpc::ByteBuffer* response,
                  grpc::ServerUnaryReactor* reactor);

  const Dependencies deps_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_GRPC_CALLS_H_
