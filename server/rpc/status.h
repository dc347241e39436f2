// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_STATUS_H_
#define SIGNET_SERVER_RPC_STATUS_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace signet::rpc {

// Whose reasons ours are (google.rpc.ErrorInfo.domain).
inline constexpr std::string_view kErrorDomain = "signet.v1";

// Whether a status of this code speaks of the inside of the process, so that
// its text is for the log alone.
bool IsInternal(absl::StatusCode code);

// What a client hears of `status` (AIP-193): its code and message, one
// google.rpc.ErrorInfo, a BadRequest where fields are at fault, a RetryInfo
// where a retry may help. An internal one's message is "internal error" and
// names no field. OK gives an empty message.
google::rpc::Status ToRpcStatus(const absl::Status& status);

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_STATUS_H_
