// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_REPLAY_H_
#define SIGNET_SERVER_DOMAIN_REPLAY_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/random.h"
#include "server/base/secret.h"
#include "server/crypto/digest.h"
#include "server/domain/caller.h"
#include "server/domain/token_issue.h"
#include "storage/store.h"

namespace signet {

// Answers that are kept so that a call can be repeated (AIP-155): whoever
// repeats caller, credential, idempotency key and request gets the same answer.
//
// The answer holds a token, so it is kept encrypted, under a key that follows
// (HKDF) from the caller's credential and the idempotency key. The store has
// neither: of a credential it knows at most an HMAC, and the server's key file
// does not help against its 256 random bits (an OAuth token's signature is the
// issuer's secret). So the database and the key file together yield no token;
// it takes the credential, with which its holder could mint one anyway.
struct Replay {
  Sha256Digest lookup;       // Of the caller and the idempotency key.
  Sha256Digest fingerprint;  // Of the method and the request.
  Secret key;

  // `request` is all of the request but the key, as an Encoder's text.
  static Replay For(const Caller& caller, std::string_view idempotency_key,
                    std::string_view request);
};

// A key is 1 to 128 visible ASCII characters. INVALID_ARGUMENT otherwise.
absl::Status CheckIdempotencyKey(std::string_view key);

// The answer given before, decrypted; nullopt if there is none.
//   INVALID_ARGUMENT / IDEMPOTENCY_KEY_REUSED: the key came with another
//     request.
//   FAILED_PRECONDITION / REPLAY_CREDENTIAL_CHANGED: it was given to the same
//     caller with another credential.
absl::StatusOr<std::optional<IssuedServiceAccount>> FindReplay(
    ReadTxn& txn, const Replay& replay);

// Keeps `issued` as the answer. FindReplay has found none in this transaction.
absl::Status KeepReplay(WriteTxn& txn, const Replay& replay,
                        const IssuedServiceAccount& issued, absl::Time now,
                        RandomSource& random);

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_REPLAY_H_
