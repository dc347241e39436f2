// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_BEARER_H_
#define SIGNET_SERVER_IDENTITY_BEARER_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace signet::identity {

// Reads the values of a request's Authorization fields: one, of the scheme
// `Bearer` in any letter case, one space, and a b64token (RFC 6750 section 2.1)
// of at most kMaxCredentialBytes. The result is a view into `authorization`.
//   UNAUTHENTICATED / CREDENTIAL_MISSING: none, an empty one, another scheme.
//   UNAUTHENTICATED / TOKEN_INVALID: the scheme, with anything else after it.
//   INVALID_ARGUMENT / INVALID_REQUEST: more than one.
absl::StatusOr<std::string_view> ReadBearer(
    std::span<const std::string> authorization);

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_BEARER_H_
