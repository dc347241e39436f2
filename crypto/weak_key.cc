// SPDX-License-Identifier: Apache-2.0
#include "crypto/weak_key.h"

#include <openssl/bn.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <vector>

namespace signet::crypto {
namespace {

using EncodedY = std::array<uint8_t, kEd25519KeySize>;  // Little-endian.

constexpr BN_ULONG kSmallFactorBound = 10000;

// 2^255 - 19, the prime of the field.
constexpr EncodedY kFieldPrime = {
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

// The y of the points whose order divides 8. Two points share a y, or one has
// it, whatever the sign of x.
constexpr EncodedY kSmallOrderY[] = {
    {0x00},  // Order 4.
    {0x01},  // Order 1.
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},  // Order 2.
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},  // Order 8.
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},  // Order 8.
};

std::vector<BN_ULONG> OddPrimesBelow(BN_ULONG bound) {
  std::vector<BN_ULONG> primes;
  for (BN_ULONG n = 3; n < bound; n += 2) {
    const bool prime =
        std::none_of(primes.begin(), primes.end(),
                     [n](BN_ULONG p) { return p * p <= n && n % p == 0; });
    if (prime) primes.push_back(n);
  }
  return primes;
}

bool HasSmallFactor(const BIGNUM& modulus) {
  static const std::vector<BN_ULONG>* const primes =
      new std::vector<BN_ULONG>(OddPrimesBelow(kSmallFactorBound));
  return std::any_of(primes->begin(), primes->end(), [&](BN_ULONG prime) {
    return BN_mod_word(&modulus, prime) == 0;
  });
}

}  // namespace

bool IsWeakEd25519Key(std::span<const uint8_t, kEd25519KeySize> key) {
  EncodedY y;
  std::copy(key.begin(), key.end(), y.begin());
  y.back() &= 0x7f;  // The top bit is the sign of x.
  if (!std::lexicographical_compare(y.rbegin(), y.rend(), kFieldPrime.rbegin(),
                                    kFieldPrime.rend())) {
    return true;
  }
  return std::find(std::begin(kSmallOrderY), std::end(kSmallOrderY), y) !=
         std::end(kSmallOrderY);
}

bool IsWeakRsaModulus(const BIGNUM& modulus) {
  if (HasSmallFactor(modulus)) return true;
  bn_primality_result_t kind = bn_composite;
  const bssl::UniquePtr<BN_CTX> context(BN_CTX_new());
  // One round tells a modulus of two large primes but for odds that nobody
  // meets; another outcome means that the round itself found a factor.
  const bool known = context && BN_enhanced_miller_rabin_primality_test(
                                    &kind, &modulus, 1, context.get(), nullptr);
  ERR_clear_error();
  return !known || kind != bn_non_prime_power_composite;
}

}  // namespace signet::crypto
