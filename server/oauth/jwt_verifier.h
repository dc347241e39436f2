// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_JWT_VERIFIER_H_
#define SIGNET_SERVER_OAUTH_JWT_VERIFIER_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "crypto/public_key.h"
#include "server/identity/principal.h"
#include "server/oauth/jwk_set.h"
#include "server/oauth/oauth_options.h"

namespace signet::oauth {

// An access token that keeps every rule it can break by itself. Whether the
// issuer wrote it is open until JwtVerifier::Prove.
struct UnprovenToken {
  KeyQuery key;  // Which key would prove it.
  std::string signing_input;
  std::string signature;
  identity::Principal principal;
  bool has_required_scope = false;
};

// The rules for OAuth access tokens: RFC 9068 section 4 and RFC 8725, stricter
// in places:
//   - a token with `cnf` is bound to a key that nobody shows here (RFC 9449,
//     RFC 8705), so it is refused;
//   - a token whose `sub` is its client stands for no user (RFC 9068
//   section 2.2,
//     client credentials) and is refused: machines use service accounts;
//   - a `sub` that is a UUID of version 5 could be the id of a user whose `sub`
//     is none, and is refused;
//   - `sub`, `jti`, `client_id` and every group have 1 to 255 bytes and no
//   control
//     characters; a token names at most 256 groups.
// Where `--oauth_accepted_typ=JWT`, a token of that type needs no `jti`, its
// client may stand in `azp`, and what marks an ID token or a refresh token is
// refused: `at_hash`, `c_hash`, `s_hash`, a claim `typ` other than `Bearer`,
// or, without such a claim, `nonce` or `auth_time`.
//
// Immutable, thread-safe. Knows no keys and keeps no tokens.
class JwtVerifier {
 public:
  // `options` are valid and name an issuer.
  explicit JwtVerifier(const OauthOptions& options);

  // Reads a token and checks all but its signature. INVALID_ARGUMENT where it
  // is not good; the message says why in words for a log and echoes nothing of
  // it.
  absl::StatusOr<UnprovenToken> Check(std::string_view token,
                                      absl::Time now) const;

  // The caller that `token`, signed by `key`, proves.
  //   INVALID_ARGUMENT: another key signed it, or none.
  //   PERMISSION_DENIED / INSUFFICIENT_SCOPE: good, without the required scope.
  static absl::StatusOr<identity::Principal> Prove(
      UnprovenToken token, const crypto::PublicKey& key);

 private:
  const OauthOptions options_;
  const Uuid issuer_name_space_;  // Of users whose `sub` is no UUID.
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_JWT_VERIFIER_H_
