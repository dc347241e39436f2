// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_TIME_COLUMN_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_TIME_COLUMN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/time/time.h"

namespace signet::sqlite {

// How a time is kept in a column: a BLOB of nine bytes that is exact and sorts
// as time does. Five bytes of seconds since 0001-01-01T00:00:00Z, then four of
// nanoseconds, both big-endian. (64 bits of nanoseconds span only 584 years.)
using TimeColumn = std::array<uint8_t, 9>;

// `time` lies within MinTimestamp() and MaxTimestamp() of
// base/rfc3339.h; anything finer than a nanosecond is cut.
TimeColumn EncodeTime(absl::Time time);

// Nothing, if `column` is not what EncodeTime() makes.
std::optional<absl::Time> DecodeTime(std::span<const uint8_t> column);

// What `time`, any time at all, is in `column < bound` and `column >= bound`:
// rounded up to a nanosecond; before or behind every column if beyond them.
std::vector<uint8_t> EncodeTimeBound(absl::Time time);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_TIME_COLUMN_H_
