// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_PUBLIC_KEY_H_
#define SIGNET_CRYPTO_PUBLIC_KEY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"

namespace signet::crypto {

// JWS algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1) that are
// accepted.
enum class SignatureAlgorithm { kRs256, kPs256, kEs256, kEs384, kEdDsa };

enum class EcCurve { kP256, kP384 };

// A public key for verifying signatures. Immutable, thread-safe.
class PublicKey {
 public:
  virtual ~PublicKey() = default;

  // Big-endian modulus and exponent without leading zeros (RFC 7518
  // section 6.3.1). INVALID_ARGUMENT: under 2048 or over 8192 bits, a modulus
  // that is even or that anybody can factor (see weak_key.h), or an exponent
  // that is even, below 65537 or above 2^33.
  static absl::StatusOr<std::unique_ptr<PublicKey>> FromRsa(
      std::span<const uint8_t> modulus, std::span<const uint8_t> exponent);

  // Big-endian coordinates of the curve's full size (RFC 7518 section 6.2.1).
  // INVALID_ARGUMENT: a wrong size, or a point that is not on the curve.
  static absl::StatusOr<std::unique_ptr<PublicKey>> FromEc(
      EcCurve curve, std::span<const uint8_t> x, std::span<const uint8_t> y);

  // INVALID_ARGUMENT: not 32 bytes, a point of small order, for which anybody
  // can sign, or another than the canonical encoding of a point. A key that
  // encodes no point of the curve (RFC 8032 section 5.1.3) is taken and
  // verifies nothing.
  static absl::StatusOr<std::unique_ptr<PublicKey>> FromEd25519(
      std::span<const uint8_t> key);

  // Whether this kind of key can be used with `algorithm`.
  virtual bool Supports(SignatureAlgorithm algorithm) const = 0;

  // Whether `signature` (JWS form: ES256 and ES384 are r||s, RFC 7518
  // section 3.4) is that of `message`. False where the key does not support the
  // algorithm.
  virtual bool Verify(SignatureAlgorithm algorithm, std::string_view message,
                      std::span<const uint8_t> signature) const = 0;
};

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_PUBLIC_KEY_H_
