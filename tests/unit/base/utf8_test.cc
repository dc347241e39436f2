// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace signet {
namespace {

std::string Encode(char32_t c) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000) {
    return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)),
            byte(0x80 | (c & 0x3F))};
  }
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)),
          byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
}

TEST(TakeCodePoint, ReadsEveryCodePointThatMayBeWritten) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const std::string text = Encode(c) + "rest";
    std::string_view left = text;
    const auto taken = TakeCodePoint(left);
    if (c >= 0xD800 && c <= 0xDFFF) {
      ASSERT_EQ(taken, std::nullopt) << static_cast<uint32_t>(c);
      ASSERT_EQ(left, text);
    } else {
      ASSERT_EQ(taken, c) << static_cast<uint32_t>(c);
      ASSERT_EQ(left, "rest");
    }
  }
}

// How many sequences of exactly `size` bytes that begin with `lead` are one
// code point, with every second byte and the borders of the others.
int CountWellFormed(uint8_t lead, size_t size) {
  constexpr std::array<uint8_t, 6> kBorders = {0x00, 0x7F, 0x80,
                                               0xBF, 0xC0, 0xFF};
  int count = 0;
  const auto check = [&](std::string_view text) {
    std::string_view left = text;
    if (TakeCodePoint(left).has_value() && left.empty()) ++count;
  };
  for (int second = 0; second < 256; ++second) {
    std::string text = {static_cast<char>(lead), static_cast<char>(second)};
    if (size == 2) check(text);
    if (size == 2) continue;
    for (const uint8_t third : kBorders) {
      text.resize(2);
      text.push_back(static_cast<char>(third));
      if (size == 3) check(text);
      if (size == 3) continue;
      for (const uint8_t fourth : kBorders) {
        text.resize(3);
        text.push_back(static_cast<char>(fourth));
        check(text);
      }
    }
  }
  return count;
}

// The Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
TEST(TakeCodePoint, AgreesWithTheStandardsTable) {
  for (int lead = 0x80; lead < 0x100; ++lead) {
    const auto byte = static_cast<uint8_t>(lead);
    SCOPED_TRACE(lead);
    EXPECT_EQ(CountWellFormed(byte, 2), lead >= 0xC2 && lead <= 0xDF ? 64 : 0);
    const int thirds = lead == 0xE0                   ? 32  // A0..BF
                       : lead == 0xED                 ? 32  // 80..9F
                       : lead >= 0xE1 && lead <= 0xEF ? 64
                                                      : 0;
    EXPECT_EQ(CountWellFormed(byte, 3), thirds * 2);
    const int fourths = lead == 0xF0                   ? 48  // 90..BF
                        : lead == 0xF4                 ? 16  // 80..8F
                        : lead >= 0xF1 && lead <= 0xF3 ? 64
                                                       : 0;
    EXPECT_EQ(CountWellFormed(byte, 4), fourths * 4);
  }
}

TEST(TakeCodePoint, RefusesCutSequences) {
  for (const char32_t c : {U'\u00e9', U'\u20ac', U'\U0001F600'}) {
    const std::string whole = Encode(c);
    for (size_t size = 1; size < whole.size(); ++size) {
      std::string_view left = std::string_view(whole).substr(0, size);
      EXPECT_EQ(TakeCodePoint(left), std::nullopt);
      EXPECT_EQ(left.size(), size);
    }
  }
}

TEST(IsUtf8, LooksAtTheWholeText) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain"));
  EXPECT_TRUE(IsUtf8("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_TRUE(IsUtf8(std::string_view("\0", 1)));
  EXPECT_FALSE(IsUtf8("plain\xFF"));
  EXPECT_FALSE(IsUtf8("\xC0\x80"));
  EXPECT_FALSE(IsUtf8("\xED\xA0\xBD\xED\xB8\x80"));  // CESU-8
  EXPECT_FALSE(IsUtf8("\xE2\x82"));
}

}  // namespace
}  // namespace signet
