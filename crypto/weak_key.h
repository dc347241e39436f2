// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_WEAK_KEY_H_
#define SIGNET_CRYPTO_WEAK_KEY_H_

#include <openssl/base.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace signet::crypto {

// Public keys for which anybody can sign, not only who holds the private key.
// Pure functions, thread-safe.

constexpr size_t kEd25519KeySize = 32;

// Whether `key` encodes one of the eight points of small order, in any of their
// encodings, or is not the one encoding of its point (RFC 8032 section 5.1.3:
// y below the field's prime).
bool IsWeakEd25519Key(std::span<const uint8_t, kEd25519KeySize> key);

// Whether the odd number `modulus` of at least 2048 bits has a prime factor
// below 10,000, is a prime or a power of one (NIST SP 800-89 section 5.3.3), or
// falls apart by itself in that test. Takes milliseconds at 2048 bits. True
// also where there is no memory left.
bool IsWeakRsaModulus(const BIGNUM& modulus);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_WEAK_KEY_H_
