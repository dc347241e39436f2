// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_TOKEN_AUTHENTICATOR_H_
#define SIGNET_SERVER_IDENTITY_TOKEN_AUTHENTICATOR_H_

#include <string_view>

#include "absl/time/time.h"
#include "server/crypto/mac_keyring.h"
#include "server/identity/authenticator.h"
#include "server/identity/last_uses.h"
#include "server/identity/timing_decoy.h"
#include "storage/store.h"

namespace signet {

// Proves service-account tokens against the store. Thread-safe. Borrows what it
// is given.
//
// Whoever holds a token whose checksum is right learns nothing from how long a
// refusal takes. An unknown public id, a wrong secret, an expired, replaced or
// revoked token, a disabled owner: each costs one MAC, one lookup that finds a
// row and one that finds none.
class TokenAuthenticator {
 public:
  // Successes are noted in `last_uses`, which may be null.
  TokenAuthenticator(Store* store, const MacKeyring* keyring,
                     LastUses* last_uses)
      : store_(store), keyring_(keyring), last_uses_(last_uses) {}

  // Calls `done` once, on this or another thread, with the service account or
  //   UNAUTHENTICATED / TOKEN_INVALID: no token of one, or not live (see
  //     token_state.h). Text that is no token, or has a wrong checksum, is
  //     refused without touching the store.
  //   The store's own errors, unchanged.
  // `token` is read before this returns; the copy kept meanwhile is wiped. This
  // object outlives the call to `done`.
  void Authenticate(std::string_view token, absl::Time now,
                    Authenticator::Done done);

 private:
  Store* const store_;
  const MacKeyring* const keyring_;
  LastUses* const last_uses_;
  TimingDecoy decoy_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_IDENTITY_TOKEN_AUTHENTICATOR_H_
