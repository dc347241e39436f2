// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_GRPC_SERVICES_H_
#define SIGNET_SERVER_RPC_GRPC_SERVICES_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/impl/service_type.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/token_streams.h"

namespace signet::rpc {

// A service of proto/signet/v1 as gRPC registers it.
struct GrpcService {
  std::string full_name;
  std::unique_ptr<grpc::Service> service;
};

// All of them. Each method hands its bytes to `calls`, a streaming one to
// `streams`; both outlive them. Without `streams` those are UNIMPLEMENTED.
std::vector<GrpcService> GrpcServices(GrpcCalls* calls, TokenStreams* streams);

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_GRPC_SERVICES_H_
