// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_SEAL_COLUMN_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_SEAL_COLUMN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "storage/records.h"

namespace signet::sqlite {

// A seal as a BLOB: the key's version in four bytes, big-endian, and the MAC.
using SealColumn = std::array<uint8_t, 36>;

// Nullopt, which is stored as NULL: there is no seal.
std::optional<SealColumn> EncodeSeal(const storage::Seal& seal);

// Nullopt: not what EncodeSeal() made.
std::optional<storage::Seal> DecodeSeal(std::span<const uint8_t> column);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_SEAL_COLUMN_H_
