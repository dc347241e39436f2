// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_JWT_H_
#define SIGNET_SERVER_OAUTH_JWT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/json.h"

namespace signet::oauth {

// A signed JSON Web Token (RFC 7519) taken apart, with nothing in it believed
// yet. A plain value.
struct Jwt {
  Json header;  // An object.
  Json claims;  // An object.
  std::string signing_input;
  std::string signature;  // Bytes; may be empty.
};

// Reads the JWS compact serialization (RFC 7515 section 7.1): three parts in
// strict base64url, the first two JSON objects as base/json.h reads
// them, so no member comes twice. INVALID_ARGUMENT otherwise; the message names
// the part and echoes nothing.
absl::StatusOr<Jwt> ParseJwt(std::string_view compact);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_JWT_H_
