// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_COMPOSITE_AUTHENTICATOR_H_
#define SIGNET_SERVER_IDENTITY_COMPOSITE_AUTHENTICATOR_H_

#include <memory>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "server/identity/authenticator.h"
#include "server/identity/jwt_authenticator.h"
#include "server/identity/token_authenticator.h"

namespace signet::identity {

// Asks the authenticator that knows the kind of token (Credential::IsJwt).
// Thread-safe.
class CompositeAuthenticator final : public Authenticator {
 public:
  // `jwts` may be null: every JWT is refused.
  CompositeAuthenticator(std::unique_ptr<TokenAuthenticator> tokens,
                         std::unique_ptr<JwtAuthenticator> jwts)
      : tokens_(std::move(tokens)), jwts_(std::move(jwts)) {}

  void Authenticate(const Credential& credential, absl::Time now,
                    Done done) override;
  void AuthenticateToEnd(const Credential& credential, absl::Time now,
                         Done done) override;

 private:
  using ProveToken = void (TokenAuthenticator::*)(std::string_view, absl::Time,
                                                  Done);

  void Prove(const Credential& credential, absl::Time now, ProveToken prove,
             Done done);

  const std::unique_ptr<TokenAuthenticator> tokens_;
  const std::unique_ptr<JwtAuthenticator> jwts_;
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_COMPOSITE_AUTHENTICATOR_H_
