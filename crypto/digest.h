// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_DIGEST_H_
#define SIGNET_CRYPTO_DIGEST_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/uuid.h"

namespace signet::crypto {

using Sha256Digest = std::array<uint8_t, 32>;

// SHA-256 (FIPS 180-4).
Sha256Digest Sha256(std::string_view message);

// HMAC-SHA-256 (RFC 2104, FIPS 198-1). Any key length.
Sha256Digest HmacSha256(std::span<const uint8_t> key, std::string_view message);

// A key of HMAC-SHA-256, made ready once: a MAC then takes three blocks of
// SHA-256 for a message of up to 119 bytes, where HmacSha256() takes five.
// Thread-safe once made; wiped when destroyed or moved from.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(std::span<const uint8_t> key);
  HmacSha256Key(HmacSha256Key&& other) noexcept;
  HmacSha256Key& operator=(HmacSha256Key&&) = delete;
  ~HmacSha256Key();

  Sha256Digest Mac(std::string_view message) const;

 private:
  // The chaining values behind the first block (FIPS 180-4 section 6.2).
  using State = std::array<uint32_t, 8>;
  State inner_;
  State outer_;
};

// Whether two values of equal length are equal, in time that depends only on
// the length. False, at once, where lengths differ.
bool ConstantTimeEquals(std::span<const uint8_t> a, std::span<const uint8_t> b);

// Name-based UUID, version 5 with SHA-1 (RFC 9562 section 5.5).
Uuid UuidV5(const Uuid& name_space, std::string_view name);

// The name space for URLs (RFC 9562 section 6.6).
Uuid UuidNamespaceUrl();

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_DIGEST_H_
