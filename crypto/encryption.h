// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_ENCRYPTION_H_
#define SIGNET_CRYPTO_ENCRYPTION_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/random.h"
#include "base/secret.h"

namespace signet::crypto {

// A 256-bit key that follows from `secret`, by HKDF-SHA-256 (RFC 5869). Two
// different `salt`s or `info`s give keys that tell nothing of each other.
Secret DeriveKey(std::string_view secret, std::string_view salt,
                 std::string_view info);

// Encrypts with AES-256-GCM (NIST SP 800-38D) under a key of DeriveKey's and a
// random nonce of 96 bits, so at most 2^32 times under one key. `context` is
// authenticated, not kept.
std::string Encrypt(const Secret& key, std::string_view plaintext,
                    std::string_view context, RandomSource& random);

// What Encrypt was given. UNAUTHENTICATED: another key, another context, or
// `ciphertext` was altered.
absl::StatusOr<Secret> Decrypt(const Secret& key, std::string_view ciphertext,
                               std::string_view context);

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_ENCRYPTION_H_
