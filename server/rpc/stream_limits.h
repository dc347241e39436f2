// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_STREAM_LIMITS_H_
#define SIGNET_SERVER_RPC_STREAM_LIMITS_H_

#include "absl/time/time.h"

namespace signet::rpc {

// How long the client of a VerifyTokens may keep it waiting: for a request at
// all, and for an answer to be read. A fifth more may pass.
struct StreamLimits {
  absl::Duration first_request = absl::Seconds(15);
  absl::Duration unread_answer = absl::Seconds(30);
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_STREAM_LIMITS_H_
