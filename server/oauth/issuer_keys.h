// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_ISSUER_KEYS_H_
#define SIGNET_SERVER_OAUTH_ISSUER_KEYS_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/oauth/http_client.h"
#include "server/oauth/jwk_set.h"

namespace signet::oauth {

// Asks `issuer`, which CheckIssuerUrl accepts, for its keys as they are now:
// reads its metadata (OpenID Connect Discovery 1.0 section 4, RFC 8414
// section 3), which must name exactly this issuer, and the JWK Set it points
// to. Blocks as `http` does. A set without a usable key is an answer like any
// other: an issuer may take back all its keys. Fails with the client's errors,
// or UNAVAILABLE where a document is not what it must be. The message names the
// document and echoes nothing of it.
absl::StatusOr<JwkSet> FetchIssuerKeys(const std::string& issuer,
                                       HttpClient& http);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_ISSUER_KEYS_H_
