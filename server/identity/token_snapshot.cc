// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_snapshot.h"

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

size_t TokenSnapshot::MemoryBytes() const {
  constexpr size_t kOwnerCounts = 16;  // Of the shared pointer, in its block.
  constexpr size_t kMapNode = 32;      // Of the map, beside the pair.
  size_t bytes =
      BlockBytes(kOwnerCounts + sizeof(TokenSnapshot)) + HeapBytes(public_id) +
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

TokenState StateOf(const TokenSnapshot& snapshot, absl::Time now) {
  if (snapshot.revoked) return TokenState::kRevoked;
  if (snapshot.ended || now >= snapshot.retires_at)
    return TokenState::kReplaced;
  // In the order of the listings' states.
  if (!snapshot.enabled) return TokenState::kDisabled;
  if (now >= snapshot.expires_at) return TokenState::kExpired;
  return now >= snapshot.not_before ? TokenState::kLive : TokenState::kDisabled;
}

TokenSnapshot FactsOf(storage::TokenOwner found,
                      std::vector<storage::AuthorizationRecord> held) {
  TokenSnapshot snapshot;
  snapshot.ended = IsReplaced(found);
  snapshot.subject_id = found.owner.id;
  snapshot.account_id = found.owner.account_id;
  snapshot.public_id = std::move(found.token.public_id);
  snapshot.key_version = found.token.key_version;
  snapshot.mac = found.token.mac;
  snapshot.issued_at = found.token.created_at;
  snapshot.expires_at = found.token.expires_at.value_or(absl::InfiniteFuture());
  snapshot.retires_at = found.token.retires_at.value_or(absl::InfiniteFuture());
  snapshot.not_before = found.token.not_before.value_or(absl::InfinitePast());
  snapshot.revoked = found.owner.revoked_at.has_value();
  snapshot.enabled = found.owner.enabled;
  snapshot.labels = std::move(found.owner.labels);
  snapshot.held = std::move(held);
  snapshot.held.shrink_to_fit();
  return snapshot;
}

Principal PrincipalOf(TokenSnapshotPtr snapshot) {
  Principal principal;
  principal.id = snapshot->subject_id;
  principal.home_account_id = snapshot->account_id;
  principal.token_public_id = snapshot->public_id;
  if (snapshot->death() < absl::InfiniteFuture()) {
    principal.credential_expires_at = snapshot->death();
  }
  principal.token_snapshot = std::move(snapshot);
  return principal;
}

}  // namespace signet::identity
