// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/time_column.h"

#include <ctime>

#include "base/rfc3339.h"

namespace signet::sqlite {
namespace {

constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31T23:59:59Z
constexpr int kSecondBytes = 5;

void PutBigEndian(uint64_t value, std::span<uint8_t> out) {
  for (size_t i = out.size(); i-- > 0; value >>= 8) {
    out[i] = static_cast<uint8_t>(value);
  }
}

int64_t GetBigEndian(std::span<const uint8_t> in) {
  uint64_t value = 0;
  for (uint8_t byte : in) value = value << 8 | byte;
  return static_cast<int64_t>(value);
}

}  // namespace

TimeColumn EncodeTime(absl::Time time) {
  const timespec since_1970 = absl::ToTimespec(time);  // Rounds down.
  TimeColumn column;
  const std::span<uint8_t> bytes(column);
  PutBigEndian(since_1970.tv_sec - kFirstSecond, bytes.first(kSecondBytes));
  PutBigEndian(since_1970.tv_nsec, bytes.subspan(kSecondBytes));
  return column;
}

std::optional<absl::Time> DecodeTime(std::span<const uint8_t> column) {
  if (column.size() != TimeColumn().size()) return std::nullopt;
  const int64_t seconds =
      kFirstSecond + GetBigEndian(column.first(kSecondBytes));
  const int64_t nanos = GetBigEndian(column.subspan(kSecondBytes));
  if (seconds > kLastSecond || nanos > 999'999'999) return std::nullopt;
  return absl::FromUnixSeconds(seconds) + absl::Nanoseconds(nanos);
}

std::vector<uint8_t> EncodeTimeBound(absl::Time time) {
  if (time <= MinTimestamp()) return {};
  if (time > MaxTimestamp()) return {0xff};
  const absl::Duration tick = absl::Nanoseconds(1);
  const TimeColumn column = EncodeTime(
      absl::UnixEpoch() + absl::Ceil(time - absl::UnixEpoch(), tick));
  return {column.begin(), column.end()};
}

}  // namespace signet::sqlite
