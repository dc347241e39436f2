// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_KEY_SOURCE_H_
#define SIGNET_SERVER_OAUTH_KEY_SOURCE_H_

#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "crypto/public_key.h"
#include "server/oauth/jwk_set.h"

namespace signet::oauth {

// Where the issuer's keys come from. Thread-safe.
class KeySource {
 public:
  using Key = std::shared_ptr<const crypto::PublicKey>;
  using Done = absl::AnyInvocable<void(absl::StatusOr<Key>) &&>;

  virtual ~KeySource() = default;

  // Never blocks. Calls `done` once, on this thread before it returns or on
  // another one later, with the one key that fits (not null) or
  //   NOT_FOUND: the issuer has no such key, or several.
  //   UNAVAILABLE / ISSUER_UNAVAILABLE: that cannot be known just now.
  // `done` must not block either.
  virtual void FindKey(const KeyQuery& query, Done done) = 0;

  // Gets the keys anew, also where they were had a moment ago. Those at hand
  // are good until then, and stay where that fails. What came of it is logged.
  // May read a file, but does not wait for the issuer.
  virtual void Reload() = 0;

  // From now on nothing is fetched: calls that wait for a fetch, and those that
  // come to need one, are UNAVAILABLE / ISSUER_UNAVAILABLE. Blocks until the
  // last that waits is answered. Idempotent; for one thread at a time.
  virtual void Stop() = 0;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_KEY_SOURCE_H_
