// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_TOKEN_ISSUE_H_
#define SIGNET_SERVER_DOMAIN_TOKEN_ISSUE_H_

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/mac_keyring.h"
#include "storage/records.h"

namespace signet::domain {

// A token fresh from the mint: what is stored of it, and its plaintext.
struct IssuedToken {
  storage::TokenRecord record;
  Secret text;
};

// A service account and the plaintext of its token, to be shown once.
struct IssuedServiceAccount {
  storage::ServiceAccountRecord record;
  Secret token;
  bool repeated = false;  // Shown before; see idempotency.h.
};

// Mints a token under a valid `prefix` and MACs it under the current key. The
// record says it was created at `now` in whole microseconds.
IssuedToken IssueToken(std::string_view prefix, absl::Time now,
                       std::optional<absl::Time> expires_at,
                       const crypto::MacKeyring& keyring, RandomSource& random);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_TOKEN_ISSUE_H_
