// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_RPC_ERROR_H_
#define SIGNET_CLIENT_RPC_ERROR_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace signet::client {

// A call's error, with the reason, the violations and the hint when to ask
// again that a signet server sends along (AIP-193). Errors of the transport
// keep gRPC's text and have the name of their code as the reason. OK becomes
// OK.
absl::Status FromRpcError(const grpc::Status& status);

}  // namespace signet::client

#endif  // SIGNET_CLIENT_RPC_ERROR_H_
