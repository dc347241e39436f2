// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_JWT_AUTHENTICATOR_H_
#define SIGNET_SERVER_IDENTITY_JWT_AUTHENTICATOR_H_

#include <string_view>

#include "absl/time/time.h"
#include "server/identity/authenticator.h"

namespace signet::identity {

// Decides whose JSON Web Token (RFC 7519) it is. Thread-safe.
class JwtAuthenticator {
 public:
  virtual ~JwtAuthenticator() = default;

  // Calls `done` once, on this or another thread, with the principal or an
  // error of Authenticator::Authenticate(). `token` is read before this
  // returns.
  virtual void Authenticate(std::string_view token, absl::Time now,
                            Authenticator::Done done) = 0;
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_JWT_AUTHENTICATOR_H_
