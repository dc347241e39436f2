// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_GRPC_CALLS_H_
#define SIGNET_SERVER_RPC_GRPC_CALLS_H_

#include <atomic>
#include <cstdint>

#include "gateway/backend.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/random.h"

namespace signet {

// A unary method as gRPC offers it: bytes in, bytes out.
struct GrpcMethod {
  // `service` has a method of this name.
  GrpcMethod(const google::protobuf::ServiceDescriptor* service,
             const char* name);

  const google::protobuf::MethodDescriptor* descriptor;
  const google::protobuf::Message* prototype;  // Of the input type.
};

// Makes a Backend's calls of gRPC's, and logs each. Thread-safe.
class GrpcCalls {
 public:
  // All outlive this object, which outlives its calls.
  GrpcCalls(Backend* backend, const Clock* clock, RandomSource* random,
            Logger* logger)
      : backend_(backend), clock_(clock), random_(random), logger_(logger) {}

  // Handles one call, to be returned from gRPC's handler of `method`.
  grpc::ServerUnaryReactor* Start(const GrpcMethod& method,
                                  grpc::CallbackServerContext* context,
                                  const grpc::ByteBuffer* request,
                                  grpc::ByteBuffer* response);

  // How many calls have come so far, and how many of them were answered.
  uint64_t started() const { return started_; }
  uint64_t answered() const { return answered_; }

 private:
  struct Open;

  Backend* const backend_;
  const Clock* const clock_;
  RandomSource* const random_;
  Logger* const logger_;
  std::atomic<uint64_t> started_ = 0;
  std::atomic<uint64_t> answered_ = 0;
};

}  // namespace signet

#endif  // SIGNET_SERVER_RPC_GRPC_CALLS_H_
