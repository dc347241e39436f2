// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_TOKEN_DIRECTORY_H_
#define SIGNET_SERVER_IDENTITY_TOKEN_DIRECTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/sharded_cache.h"
#include "base/version_clock.h"
#include "crypto/mac_keyring.h"
#include "server/identity/last_use_recorder.h"
#include "server/identity/timing_decoy.h"
#include "server/identity/token_snapshot.h"
#include "storage/changes.h"
#include "storage/store.h"

namespace signet::identity {

// What is known of a token presented.
struct LookupResult {
  TokenState state = TokenState::kUnknown;
  TokenSnapshotPtr snapshot = nullptr;  // Null where it is unknown.
};

struct TokenDirectoryOptions {
  // Bounds of what is remembered; 0 entries: every question is asked of the
  // store.
  size_t max_entries = 1'000'000;
  size_t max_bytes = size_t{256} << 20;
  // Makes what is kept beside the snapshot as TokenSnapshot::rendered, once for
  // each time that they are read, or sought in vain. May be null.
  std::function<std::string(const TokenSnapshot&)> render = {};
};

// Knows the tokens that this server issued. Thread-safe.
//
// It remembers what it read, and forgets what has changed: an answer is true of
// every change acknowledged before the question, if it is told of each as a
// subscriber (see Store::Subscribe). Whether a public id is unknown is
// remembered too, apart from the others, a quarter as many and in a sixteenth
// of the bytes, so that invented ones push out nothing but each other.
//
// Who holds a token whose checksum is right learns nothing from how long the
// answer takes but whether somebody asked the same a short while ago. Unknown
// or not, wrong secret, expired, replaced, revoked, disabled: each costs one
// MAC and, where it is not remembered, one lookup that finds a row, one that
// finds none, and the making of an answer.
class TokenDirectory {
 public:
  using Done = absl::AnyInvocable<void(absl::StatusOr<LookupResult>) &&>;

  // All outlive this object. Live tokens are noted in `last_uses`, which may be
  // null.
  TokenDirectory(storage::Store* store, const crypto::MacKeyring* keyring,
                 LastUseRecorder* last_uses, TokenDirectoryOptions options);

  // For the store's notices: what changed, or that anything may have.
  void OnChange(const storage::TokenChanges& changes);
  void ForgetAll() { clock_.TouchAll(); }

  // The answer where it can be had without the store: text that is no token, or
  // has a wrong checksum, and whatever is remembered. Nothing is allocated.
  std::optional<LookupResult> FindAtOnce(std::string_view token,
                                         absl::Time now);

  // The answer, or the store's own error. `token` is read before this returns;
  // the copy kept meanwhile is wiped. Calls `done` once, on this thread or
  // another; this object outlives the call. `asked_by` is absent where the
  // token is to tell who asks.
  void Find(std::string_view token, absl::Time now,
            const std::optional<WorkFor>& asked_by, Done done);

 private:
  using PublicId = std::array<uint8_t, 16>;
  struct Remembered {
    TokenSnapshotPtr snapshot;
    uint64_t read_at = 0;  // On clock_.
  };
  struct Question;

  static PublicId KeyOf(std::string_view public_id);
  LookupResult Evaluate(std::string_view token, TokenSnapshotPtr snapshot,
                        absl::Time now);
  absl::Status Read(storage::ReadTxn& txn, Question& question);
  void Remember(const Question& question);

  storage::Store* const store_;
  const crypto::MacKeyring* const keyring_;
  LastUseRecorder* const last_uses_;
  const std::function<std::string(const TokenSnapshot&)> render_;
  const TokenSnapshot absent_;  // Stands for an unknown token, for the time.
  TimingDecoy decoy_;
  VersionClock clock_;
  ShardedCache<PublicId, Remembered> known_;
  ShardedCache<PublicId, uint64_t> unknown_;  // When it was read, on clock_.
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_TOKEN_DIRECTORY_H_
