// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <algorithm>
#include <cstddef>

namespace signet {
namespace {

constexpr std::string_view kPattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr int64_t kMaxMillis = (int64_t{1} << 48) - 1;

// 0 to 15, or -1.
int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != kPattern.size()) return std::nullopt;
  Bytes bytes = {};
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kPattern[i] == '-') {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    uint8_t& byte = bytes[digits++ / 2];
    byte = static_cast<uint8_t>(byte << 4 | value);
  }
  return Uuid(bytes);
}

Uuid Uuid::V7(absl::Time now, RandomSource& random) {
  const int64_t millis =
      std::clamp<int64_t>(absl::ToUnixMillis(now), 0, kMaxMillis);
  Bytes bytes;
  random.Fill(std::span(bytes).subspan(6));
  for (int i = 0; i < 6; ++i) {
    bytes[i] = static_cast<uint8_t>(millis >> (40 - 8 * i));
  }
  // The fraction of the millisecond in 12 bits (RFC 9562 section 6.2, method
  // 3).
  const int64_t nanos = std::clamp<int64_t>(
      absl::ToInt64Nanoseconds(now - absl::FromUnixMillis(millis)), 0, 999'999);
  const int64_t bits = nanos * 4096 / 1'000'000;
  bytes[6] = static_cast<uint8_t>(0x70 | bits >> 8);  // Version 7.
  bytes[7] = static_cast<uint8_t>(bits);
  bytes[8] = 0x80 | (bytes[8] & 0x3F);  // The variant of RFC 9562.
  return Uuid(bytes);
}

std::string Uuid::ToString() const {
  std::string text(kPattern);
  size_t digits = 0;
  for (char& c : text) {
    if (c == '-') continue;
    const uint8_t byte = bytes_[digits / 2];
    c = kHexDigits[digits++ % 2 == 0 ? byte >> 4 : byte & 0x0F];
  }
  return text;
}

}  // namespace signet
