// SPDX-License-Identifier: Apache-2.0
#include "crypto/system_random.h"

#include <openssl/rand.h>

#include <cstdlib>

namespace signet::crypto {

void SystemRandom::Fill(std::span<uint8_t> out) {
  if (RAND_bytes(out.data(), out.size()) != 1) std::abort();
}

}  // namespace signet::crypto
