// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_JWK_H_
#define SIGNET_SERVER_OAUTH_JWK_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "crypto/public_key.h"

namespace signet::oauth {

// One JSON Web Key (RFC 7517 section 4) that verifies signatures.
struct Jwk {
  std::optional<std::string> key_id = {};
  crypto::SignatureAlgorithm algorithm;  // The only one it may be used with.
  std::shared_ptr<const crypto::PublicKey> key = {};
};

// Whether `jwk`, an object, has a member that only its owner may see: a private
// part (RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2) or a symmetric
// key (RFC 7518 section 6.4).
bool HoldsSecret(const Json& jwk);

// Reads one key. INVALID_ARGUMENT where it is not for verifying, of a kind or
// strength that is not accepted, malformed, or holds a secret; the message
// names the member and echoes nothing.
absl::StatusOr<Jwk> ParseJwk(const Json& jwk);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_JWK_H_
