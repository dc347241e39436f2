// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_state.h"

#include <algorithm>

namespace signet::identity {

std::optional<absl::Time> DeathOf(const storage::TokenRecord& token) {
  if (!token.retires_at.has_value()) return token.expires_at;
  if (!token.expires_at.has_value()) return token.retires_at;
  return std::min(*token.expires_at, *token.retires_at);
}

bool IsReplaced(const storage::TokenOwner& found) {
  return found.token.ended ||
         (found.token.public_id != found.owner.token.public_id &&
          !found.token.retires_at.has_value());
}

bool IsLive(const storage::TokenOwner& found, absl::Time now) {
  return !found.owner.revoked_at.has_value() && found.owner.enabled &&
         !IsReplaced(found) &&
         now >= found.token.not_before.value_or(absl::InfinitePast()) &&
         now < DeathOf(found.token).value_or(absl::InfiniteFuture());
}

}  // namespace signet::identity
