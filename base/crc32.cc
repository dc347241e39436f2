// SPDX-License-Identifier: Apache-2.0
#include "base/crc32.h"

#include <array>
#include <cstddef>

namespace signet {
namespace {

// Eight bytes at a time ("slicing by 8"): table k says what a byte does to the
// register when k more bytes have come behind it.
constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables = {};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
    }
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t Crc32(std::string_view data) {
  const auto at = [&data](size_t i) {
    return uint32_t{static_cast<uint8_t>(data[i])};
  };
  uint32_t crc = 0xFFFFFFFFu;
  for (; data.size() >= kSlices; data.remove_prefix(kSlices)) {
    crc ^= at(0) | at(1) << 8 | at(2) << 16 | at(3) << 24;
    crc = kTables[7][crc & 0xFF] ^ kTables[6][(crc >> 8) & 0xFF] ^
          kTables[5][(crc >> 16) & 0xFF] ^ kTables[4][crc >> 24] ^
          kTables[3][at(4)] ^ kTables[2][at(5)] ^ kTables[1][at(6)] ^
          kTables[0][at(7)];
  }
  for (size_t i = 0; i < data.size(); ++i) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ at(i)) & 0xFF];
  }
  return ~crc;
}

}  // namespace signet
