// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_REQUIREMENT_CHECK_H_
#define SIGNET_CLIENT_REQUIREMENT_CHECK_H_

#include "client/token_answer.h"
#include "signet/v1/tokens.pb.h"

namespace signet::client {

// The meaning of a Requirement, as the server has it (tokens.proto), as far as
// one answer about a token tells. Pure; nothing is allocated.

// False for what the server refuses; it is left to the server to say why, or
// to know better: a later one may have more types of resources.
bool IsWellFormed(const v1::Requirement& requirement);

enum class RequirementVerdict {
  kMet,
  kNotMet,
  kAskServer,  // It depends on another account than the token's own.
};

// Of an active `answer` to a question without a requirement. `requirement` is
// well-formed.
RequirementVerdict CheckRequirement(const v1::Requirement& requirement,
                                    const v1::VerifyTokenResponse& answer);

// What `answer`, to a question without a requirement, comes to with one, which
// is well-formed; null: none. Null if only the server can say.
TokenAnswer WithRequirement(TokenAnswer answer,
                            const v1::Requirement* requirement);

// That a token is not good, for this reason.
TokenAnswer InactiveAnswer(const char* reason);

}  // namespace signet::client

#endif  // SIGNET_CLIENT_REQUIREMENT_CHECK_H_
