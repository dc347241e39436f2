// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_IDEMPOTENCY_H_
#define SIGNET_SERVER_DOMAIN_IDEMPOTENCY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_log.h"
#include "server/domain/token_issue.h"
#include "server/identity/caller.h"
#include "storage/store.h"

namespace signet::domain {

// How long an answer is kept.
inline constexpr absl::Duration kIdempotencyWindow = absl::Hours(24);

// Answers that are kept so that a call can be repeated (AIP-155): one with the
// same caller, credential, idempotency key and request gets the same answer, as
// long as the token in it is live.
//
// The answer holds a token, so it is kept encrypted, under a key that follows
// (HKDF) from the caller's credential, the idempotency key and a key of the
// server's. The store has none of them: of a credential it knows at most an
// HMAC, and the server's key file does not help against its 256 random bits (an
// OAuth token's signature is the issuer's secret). So the database and the key
// file together yield no token; it takes the credential too, and the
// idempotency key. What the answer is found by is an HMAC, so that no guess at
// the latter can be tried with the database alone.
struct IdempotentCall {
  // Where an answer is, and what opens it.
  struct Place {
    crypto::Sha256Digest lookup;  // Of the caller and the idempotency key.
    Secret key;
  };

  crypto::Sha256Digest fingerprint;  // Of the method and the request.
  // One for each key of the server's, the current one's first.
  std::vector<Place> places;

  // `request` is all of the request but the key, as an Encoder's text.
  static IdempotentCall For(const crypto::MacKeyring& keyring,
                            const identity::Caller& caller,
                            std::string_view idempotency_key,
                            std::string_view request);
};

// A key is 1 to 128 visible ASCII characters. INVALID_ARGUMENT otherwise.
absl::Status CheckIdempotencyKey(std::string_view key);

// The answer given before, decrypted, no longer than kIdempotencyWindow ago;
// nullopt if there is none.
//   INVALID_ARGUMENT / IDEMPOTENCY_KEY_REUSED: the key came with another
//     request.
//   FAILED_PRECONDITION / REPLAY_CREDENTIAL_CHANGED: it was given to the same
//     caller with another credential.
// Before it is given again, the caller must cover what it is about, and then
// CheckAnswerLive be asked.
absl::StatusOr<std::optional<IssuedServiceAccount>> FindAnswer(
    storage::ReadTxn& txn, const IdempotentCall& idempotency, absl::Time now);

// OK while the token that was issued is live.
//   FAILED_PRECONDITION / REPLAY_TOKEN_ENDED: it is not any more.
absl::Status CheckAnswerLive(storage::ReadTxn& txn,
                             const IssuedServiceAccount& issued,
                             absl::Time now);

// Leaves an event, `service_account.replay`, that the answer to `action` is
// given again, and marks it so.
absl::Status RecordRepetition(storage::WriteTxn& txn,
                              const audit::AuditLog& audit,
                              const identity::Caller& caller, absl::Time now,
                              std::string_view action,
                              IssuedServiceAccount& issued);

// Keeps `issued` as the answer. FindAnswer has found none in this
// transaction.
absl::Status KeepAnswer(storage::WriteTxn& txn,
                        const IdempotentCall& idempotency,
                        const IssuedServiceAccount& issued, absl::Time now,
                        RandomSource& random);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_IDEMPOTENCY_H_
