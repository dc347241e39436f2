// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_JOSE_HEADER_H_
#define SIGNET_SERVER_OAUTH_JOSE_HEADER_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "crypto/public_key.h"

namespace signet::oauth {

// The algorithm that an `alg` names (RFC 7518 section 3.1, RFC 8037
// section 3.1): RS256, PS256, ES256, ES384 or EdDSA, in these letters; nullopt
// for every other.
std::optional<crypto::SignatureAlgorithm> ParseSignatureAlgorithm(
    std::string_view name);

// What a JWS says of its own signature (RFC 7515 section 4). A plain value.
struct JoseHeader {
  crypto::SignatureAlgorithm algorithm = crypto::SignatureAlgorithm::kRs256;
  std::optional<std::string> key_id;
  std::string type;  // In lower case, without `application/`.
};

// INVALID_ARGUMENT where `alg` is not accepted, `typ` is missing, a member is
// of a wrong type, a key comes along (`jku`, `jwk`, `x5u`, `x5c`: RFC 8725
// section 3.10) or an extension must be understood (`crit`: we have none).
// Other members are ignored, as RFC 7515 demands. The message names the member
// and echoes nothing.
absl::StatusOr<JoseHeader> ReadJoseHeader(const Json& header);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_JOSE_HEADER_H_
