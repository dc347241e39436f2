// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_AUTHENTICATOR_H_
#define SIGNET_SERVER_IDENTITY_AUTHENTICATOR_H_

#include <span>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/identity/principal.h"

namespace signet::identity {

// Decides who calls from a request's Authorization fields. Thread-safe.
class Authenticator {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Principal>) &&>;

  virtual ~Authenticator() = default;

  // `authorization` holds the value of every Authorization field in order (RFC
  // 6750 section 2.1; the scheme in any letter case); it is read before this
  // returns. Calls `done` once, on this or another thread, with the principal
  // or
  //   UNAUTHENTICATED / CREDENTIAL_MISSING: no credential, or another scheme.
  //   UNAUTHENTICATED / TOKEN_INVALID: any token that is not good. The error is
  //     the same for unknown, malformed, revoked and expired ones.
  //   INVALID_ARGUMENT / INVALID_REQUEST: more than one Authorization field.
  //   PERMISSION_DENIED / INSUFFICIENT_SCOPE: a good OAuth token without the
  //   required scope. UNAVAILABLE / ISSUER_UNAVAILABLE: the token's key cannot
  //   be had just now. UNAVAILABLE / STORAGE_UNAVAILABLE: as the store said.
  virtual void Authenticate(std::span<const std::string> authorization,
                            absl::Time now, Done done) = 0;

  // The same for a call that does nothing but end the token presented: a
  // service account's token is also accepted where it has expired or is
  // disabled, as it could be made good again. One that has ended (revoked, or
  // replaced and not in an overlap any more) is not. Principal::live says which
  // it was.
  virtual void AuthenticateToEnd(std::span<const std::string> authorization,
                                 absl::Time now, Done done) {
    Authenticate(authorization, now, std::move(done));
  }
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_AUTHENTICATOR_H_
