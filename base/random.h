// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_RANDOM_H_
#define SIGNET_BASE_RANDOM_H_

#include <cstdint>
#include <span>

namespace signet {

// A source of random bytes. Thread-safe. Production code receives the
// cryptographic one (crypto/system_random.h); tests a seeded one.
class RandomSource {
 public:
  virtual ~RandomSource() = default;

  // Fills all of `out`. Cannot fail: a source that runs dry ends the process.
  virtual void Fill(std::span<uint8_t> out) = 0;
};

}  // namespace signet

#endif  // SIGNET_BASE_RANDOM_H_
