// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_SYSTEM_RANDOM_H_
#define SIGNET_CRYPTO_SYSTEM_RANDOM_H_

#include <cstdint>
#include <span>

#include "base/random.h"

namespace signet::crypto {

// BoringSSL's CSPRNG, seeded by the operating system. Thread-safe.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override;
};

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_SYSTEM_RANDOM_H_
