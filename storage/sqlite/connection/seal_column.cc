// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/seal_column.h"

#include <algorithm>

namespace signet::sqlite {
namespace {

constexpr int kVersionBytes = 4;

}  // namespace

std::optional<SealColumn> EncodeSeal(const storage::Seal& seal) {
  if (seal == storage::Seal()) return std::nullopt;
  SealColumn column;
  for (int i = 0; i < kVersionBytes; ++i) {
    column[i] = static_cast<uint8_t>(seal.key_version >> (24 - 8 * i));
  }
  std::copy(seal.mac.begin(), seal.mac.end(), column.begin() + kVersionBytes);
  return column;
}

std::optional<storage::Seal> DecodeSeal(std::span<const uint8_t> column) {
  if (column.size() != SealColumn().size()) return std::nullopt;
  storage::Seal seal;
  for (const uint8_t byte : column.first(kVersionBytes)) {
    seal.key_version = seal.key_version << 8 | byte;
  }
  const std::span<const uint8_t> mac = column.subspan(kVersionBytes);
  std::copy(mac.begin(), mac.end(), seal.mac.begin());
  return seal;
}

}  // namespace signet::sqlite
