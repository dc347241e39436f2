// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_JWK_SET_H_
#define SIGNET_SERVER_OAUTH_JWK_SET_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/public_key.h"
#include "server/oauth/jwk.h"

namespace signet::oauth {

// Which key a token asks for.
struct KeyQuery {
  std::optional<std::string> key_id;
  crypto::SignatureAlgorithm algorithm = crypto::SignatureAlgorithm::kRs256;
};

// The keys of a JWK Set (RFC 7517 section 5) that can verify signatures.
// Immutable, thread-safe.
class JwkSet {
 public:
  static constexpr size_t kMaxKeys = 64;

  // A key that ParseJwk refuses is left out and noted: sets hold keys for other
  // purposes, and of kinds yet to come. INVALID_ARGUMENT: not a JWK Set, or
  // more than kMaxKeys keys.
  static absl::StatusOr<JwkSet> Parse(std::string_view text);

  // The key of that id, or of any id where the query has none, for that
  // algorithm. Null unless exactly one fits.
  std::shared_ptr<const crypto::PublicKey> Find(const KeyQuery& query) const;

  size_t size() const { return keys_.size(); }

  // Why keys were left out, one sentence each; echoes no key.
  const std::vector<std::string>& notes() const { return notes_; }

  // Whether a key was left out for its private or symmetric parts.
  bool holds_secrets() const { return holds_secrets_; }

 private:
  JwkSet() = default;

  // Whether a key here has the id and the algorithm of `like`.
  bool Has(const Jwk& like) const;

  std::vector<Jwk> keys_;
  std::vector<std::string> notes_;
  bool holds_secrets_ = false;
};

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_JWK_SET_H_
