// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_CRC32_H_
#define SIGNET_BASE_CRC32_H_

#include <cstdint>
#include <string_view>

namespace signet {

// CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320), as zlib's crc32().
// Finds accidents, not attacks.
uint32_t Crc32(std::string_view data);

}  // namespace signet

#endif  // SIGNET_BASE_CRC32_H_
