// SPDX-License-Identifier: Apache-2.0
#include "base/base62.h"

#include <array>
#include <cstddef>

namespace signet {
namespace {

constexpr uint8_t kNoDigit = 0xff;

constexpr std::array<uint8_t, 256> MakeDigitValues() {
  std::array<uint8_t, 256> values = {};
  values.fill(kNoDigit);
  for (size_t i = 0; i < kBase62Alphabet.size(); ++i) {
    values[static_cast<uint8_t>(kBase62Alphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}

constexpr std::array<uint8_t, 256> kDigitValues = MakeDigitValues();

uint8_t DigitValue(char c) { return kDigitValues[static_cast<uint8_t>(c)]; }

}  // namespace

bool IsBase62(std::string_view text) {
  // Looks at every character, so that the time depends on the length alone.
  bool good = true;
  for (const char c : text) good &= DigitValue(c) != kNoDigit;
  return good;
}

void EncodeBase62(uint64_t value, std::span<char> out) {
  for (size_t i = out.size(); i-- > 0;) {
    out[i] = kBase62Alphabet[value % 62];
    value /= 62;
  }
}

std::optional<uint64_t> DecodeBase62(std::string_view text) {
  if (text.empty() || text.size() > 10 || !IsBase62(text)) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) value = value * 62 + DigitValue(c);
  return value;
}

}  // namespace signet
