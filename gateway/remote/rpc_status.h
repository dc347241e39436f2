// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_REMOTE_RPC_STATUS_H_
#define SIGNET_GATEWAY_REMOTE_RPC_STATUS_H_

#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace signet::remote {

// Whether an error came from a signet server: those carry a google.rpc.Status
// of the same code (`grpc-status-details-bin`). Errors of transports and of
// gRPC itself do not.
bool IsServersOwn(const grpc::Status& status);

// The error as AIP-193 has it; see RemoteBackend for what becomes of one that
// is not a signet server's. OK gives an empty message.
google::rpc::Status FromGrpc(const grpc::Status& status);

// UNAUTHENTICATED / TOKEN_INVALID, as a signet server says it.
google::rpc::Status TokenInvalidStatus();

}  // namespace signet::remote

#endif  // SIGNET_GATEWAY_REMOTE_RPC_STATUS_H_
