// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CRYPTO_BYTES_H_
#define SIGNET_CRYPTO_BYTES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace signet::crypto {

// Text as BoringSSL takes it; lives as long as `text` does.
inline const uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const uint8_t*>(text.data());
}
inline uint8_t* Bytes(std::string& text) {
  return reinterpret_cast<uint8_t*>(text.data());
}

}  // namespace signet::crypto

#endif  // SIGNET_CRYPTO_BYTES_H_
