// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_TOKEN_ANSWER_H_
#define SIGNET_CLIENT_TOKEN_ANSWER_H_

#include <memory>

#include "signet/v1/tokens.pb.h"

namespace signet::client {

// What the server says of a token; never null. `cache_ttl` and `expires_in` are
// not set: who wants to know again asks the client again. Shared by all who
// asked.
using TokenAnswer = std::shared_ptr<const v1::VerifyTokenResponse>;

}  // namespace signet::client

#endif  // SIGNET_CLIENT_TOKEN_ANSWER_H_
