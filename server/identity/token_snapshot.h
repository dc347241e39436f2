// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_TOKEN_SNAPSHOT_H_
#define SIGNET_SERVER_IDENTITY_TOKEN_SNAPSHOT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "server/identity/principal.h"
#include "storage/records.h"

namespace signet::identity {

// A token's state at some time. Of several that apply the first one.
enum class TokenState {
  kUnknown,   // Malformed, never issued, or not the one that was issued.
  kRevoked,   // Its service account was revoked.
  kReplaced,  // A rotation has replaced it, and its overlap is over.
  kExpired,
  kDisabled,  // Its service account is switched off, or it is not valid yet.
  kLive,
};

inline bool IsLive(TokenState state) { return state == TokenState::kLive; }

// Whether there is something to end: it is good, or could be made so again.
inline bool MayBeEnded(TokenState state) {
  return state == TokenState::kLive || state == TokenState::kExpired ||
         state == TokenState::kDisabled;
}

// All that a token says to who asks about it, as read at one moment: a plain
// value, shared by all who use it and never changed.
struct TokenSnapshot {
  PrincipalKind kind = PrincipalKind::kServiceAccount;
  Uuid subject_id;                // The service account's or the user's.
  Uuid account_id;                // Its own; of a user nil.
  std::string public_id;          // Empty for a user.
  uint32_t key_version = 0;       // Of the MAC.
  crypto::Sha256Digest mac = {};  // Of the whole token.
  absl::Time issued_at;
  absl::Time expires_at = absl::InfiniteFuture();
  absl::Time retires_at = absl::InfiniteFuture();
  absl::Time not_before = absl::InfinitePast();
  bool ended = false;  // Replaced, whatever the clock says.
  bool revoked = false;
  bool enabled = true;
  std::map<std::string, std::string> labels = {};
  // What it was granted: on its own account, and whatever reaches everywhere.
  std::vector<storage::AuthorizationRecord> held = {};
  // What TokenDirectoryOptions::render made of all this.
  std::string rendered = {};

  // When it dies by itself; InfiniteFuture() for never.
  absl::Time death() const { return std::min(expires_at, retires_at); }

  // What it takes of the heap as a TokenSnapshotPtr.
  size_t MemoryBytes() const;
};

using TokenSnapshotPtr = std::shared_ptr<const TokenSnapshot>;

// The state of a token that was issued.
TokenState StateOf(const TokenSnapshot& snapshot, absl::Time now);

// A service account's snapshot.
TokenSnapshot FactsOf(storage::TokenOwner found,
                      std::vector<storage::AuthorizationRecord> held);

// Who presents the token.
Principal PrincipalOf(TokenSnapshotPtr snapshot);

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_TOKEN_SNAPSHOT_H_
