// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CRYPTO_SYSTEM_RANDOM_H_
#define SIGNET_SERVER_CRYPTO_SYSTEM_RANDOM_H_

#include <cstdint>
#include <span>

#include "server/base/random.h"

namespace signet {

// BoringSSL's CSPRNG, seeded by the operating system. Thread-safe.
class SystemRandom final : public RandomSource {
 public:
  void Fill(std::span<uint8_t> out) override;
};

}  // namespace signet

#endif  // SIGNET_SERVER_CRYPTO_SYSTEM_RANDOM_H_
