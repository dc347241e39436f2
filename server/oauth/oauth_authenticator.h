// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_OAUTH_AUTHENTICATOR_H_
#define SIGNET_SERVER_OAUTH_OAUTH_AUTHENTICATOR_H_

#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "base/log.h"
#include "server/identity/authenticator.h"
#include "server/identity/jwt_authenticator.h"
#include "server/oauth/jwt_verifier.h"
#include "server/oauth/key_source.h"
#include "server/oauth/oauth_options.h"
#include "server/oauth/throttled_log.h"

namespace signet::oauth {

// Proves OAuth access tokens with an issuer's keys. Thread-safe.
class OauthAuthenticator final : public identity::JwtAuthenticator {
 public:
  // `options` are valid and name an issuer; `logger` is borrowed.
  OauthAuthenticator(const OauthOptions& options,
                     std::unique_ptr<KeySource> keys, Logger* logger);

  // Calls `done` once, on this thread or one of the key source, with the user
  // or
  //   UNAUTHENTICATED / TOKEN_INVALID: not a good token of this issuer. What a
  //     token alone decides is decided without the issuer. Why goes to the log.
  //   PERMISSION_DENIED / INSUFFICIENT_SCOPE: good, without the required scope.
  //   UNAVAILABLE / ISSUER_UNAVAILABLE: its key cannot be had just now.
  // `token` is read before this returns.
  void Authenticate(std::string_view token, absl::Time now,
                    identity::Authenticator::Done done) override;

 private:
  const JwtVerifier verifier_;
  ThrottledLog log_;
  // Last: calls that wait in it use the others.
  const std::unique_ptr<KeySource> keys_;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_OAUTH_AUTHENTICATOR_H_
