// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_facts.h"

#include <utility>

#include "server/identity/token_state.h"

namespace signet::identity {
namespace {

// What a block takes of the heap: malloc adds eight bytes and rounds up to
// sixteen.
constexpr size_t BlockBytes(size_t size) {
  return size == 0 ? 0 : std::max<size_t>(32, (size + 8 + 15) / 16 * 16);
}

// What a string has beyond its own object.
size_t HeapBytes(const std::string& text) {
  constexpr size_t kInside = 15;  // What the object itself can hold.
  return text.capacity() > kInside ? BlockBytes(text.capacity() + 1) : 0;
}

}  // namespace

size_t TokenFacts::MemoryBytes() const {
  constexpr size_t kOwnerCounts = 16;  // Of the shared pointer, in its block.
  constexpr size_t kMapNode = 32;      // Of the map, beside the pair.
  size_t bytes =
      BlockBytes(kOwnerCounts + sizeof(TokenFacts)) + HeapBytes(public_id) +
      HeapBytes(rendered) +
      BlockBytes(held.capacity() * sizeof(storage::AuthorizationRecord));
  for (const auto& [key, value] : labels) {
    bytes += BlockBytes(kMapNode + 2 * sizeof(std::string)) + HeapBytes(key) +
             HeapBytes(value);
  }
  for (const storage::AuthorizationRecord& grant : held) {
    bytes += HeapBytes(grant.subject.id);
    if (grant.capability_key) bytes += HeapBytes(*grant.capability_key);
    if (grant.resource_type) bytes += HeapBytes(*grant.resource_type);
    bytes += HeapBytes(grant.subject_issuer);
  }
  return bytes;
}

TokenState StateOf(const TokenFacts& facts, absl::Time now) {
  if (facts.revoked) return TokenState::kRevoked;
  if (facts.ended || now >= facts.retires_at) return TokenState::kReplaced;
  // In the order of the listings' states.
  if (!facts.enabled) return TokenState::kDisabled;
  if (now >= facts.expires_at) return TokenState::kExpired;
  return now >= facts.not_before ? TokenState::kLive : TokenState::kDisabled;
}

TokenFacts FactsOf(storage::TokenOwner found,
                   std::vector<storage::AuthorizationRecord> held) {
  TokenFacts facts;
  facts.ended = IsReplaced(found);
  facts.subject_id = found.owner.id;
  facts.account_id = found.owner.account_id;
  facts.public_id = std::move(found.token.public_id);
  facts.key_version = found.token.key_version;
  facts.mac = found.token.mac;
  facts.issued_at = found.token.created_at;
  facts.expires_at = found.token.expires_at.value_or(absl::InfiniteFuture());
  facts.retires_at = found.token.retires_at.value_or(absl::InfiniteFuture());
  facts.not_before = found.token.not_before.value_or(absl::InfinitePast());
  facts.revoked = found.owner.revoked_at.has_value();
  facts.enabled = found.owner.enabled;
  facts.labels = std::move(found.owner.labels);
  facts.held = std::move(held);
  facts.held.shrink_to_fit();
  return facts;
}

Principal PrincipalOf(TokenFactsPtr facts) {
  Principal principal;
  principal.id = facts->subject_id;
  principal.home_account_id = facts->account_id;
  principal.token_public_id = facts->public_id;
  if (facts->death() < absl::InfiniteFuture()) {
    principal.credential_expires_at = facts->death();
  }
  principal.token_facts = std::move(facts);
  return principal;
}

}  // namespace signet::identity
