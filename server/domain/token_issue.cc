// SPDX-License-Identifier: Apache-2.0
#include "server/domain/token_issue.h"

#include <string>
#include <utility>

#include "base/clock.h"
#include "server/token/token.h"

namespace signet::domain {

IssuedToken IssueToken(std::string_view prefix, absl::Time now,
                       std::optional<absl::Time> expires_at,
                       const crypto::MacKeyring& keyring,
                       RandomSource& random) {
  token::MintedToken minted = token::MintToken(prefix, now, random);
  return {.record = {.public_id = std::move(minted.public_id),
                     .prefix = std::string(prefix),
                     .last4 = std::move(minted.last4),
                     .key_version = keyring.current_version(),
                     .mac = keyring.Compute(minted.text.Expose()),
                     .created_at = WholeMicros(now),
                     .expires_at = expires_at},
          .text = std::move(minted.text)};
}

}  // namespace signet::domain
