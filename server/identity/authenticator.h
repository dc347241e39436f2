// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_AUTHENTICATOR_H_
#define SIGNET_SERVER_IDENTITY_AUTHENTICATOR_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/identity/credential.h"
#include "server/identity/principal.h"

namespace signet::identity {

// Decides who presents a credential. Thread-safe.
class Authenticator {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<Principal>) &&>;

  virtual ~Authenticator() = default;

  // `credential` is read before this returns. Calls `done` once, on this or
  // another thread, with the principal or
  //   UNAUTHENTICATED / TOKEN_INVALID: any token that is not good. The error is
  //     the same for unknown, malformed, revoked and expired ones.
  //   PERMISSION_DENIED / INSUFFICIENT_SCOPE: a good OAuth token without the
  //   required scope. UNAVAILABLE / ISSUER_UNAVAILABLE: the token's key cannot
  //   be had just now. UNAVAILABLE / STORAGE_UNAVAILABLE: as the store said.
  virtual void Authenticate(const Credential& credential, absl::Time now,
                            Done done) = 0;

  // The same for a call that does nothing but end the token presented: a
  // service account's token is also accepted where it has expired or is
  // disabled, as it could be made good again. One that has ended (revoked, or
  // replaced and not in an overlap any more) is not. Principal::live says which
  // it was.
  virtual void AuthenticateToEnd(const Credential& credential, absl::Time now,
                                 Done done) {
    Authenticate(credential, now, std::move(done));
  }
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_AUTHENTICATOR_H_
