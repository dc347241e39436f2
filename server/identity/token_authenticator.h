// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_TOKEN_AUTHENTICATOR_H_
#define SIGNET_SERVER_IDENTITY_TOKEN_AUTHENTICATOR_H_

#include <string_view>

#include "absl/time/time.h"
#include "server/identity/authenticator.h"
#include "server/identity/token_directory.h"

namespace signet::identity {

// Proves service-account tokens. Thread-safe.
class TokenAuthenticator {
 public:
  // `directory` outlives this object.
  explicit TokenAuthenticator(TokenDirectory* directory)
      : directory_(directory) {}

  // Calls `done` once, on this or another thread, with the service account or
  //   UNAUTHENTICATED / TOKEN_INVALID: not a live token; whatever the reason.
  //   The store's own errors, unchanged.
  // `token` is read before this returns.
  void Authenticate(std::string_view token, absl::Time now,
                    Authenticator::Done done);

  // See Authenticator::AuthenticateToEnd.
  void AuthenticateToEnd(std::string_view token, absl::Time now,
                         Authenticator::Done done);

 private:
  void Prove(std::string_view token, absl::Time now,
             bool (*accepts)(TokenState), Authenticator::Done done);

  TokenDirectory* const directory_;
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_TOKEN_AUTHENTICATOR_H_
