// SPDX-License-Identifier: Apache-2.0
#include "base/base62.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <span>
#include <string>

#include "base/crc32.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

std::string Encode(uint64_t value, size_t width) {
  std::string text(width, '?');
  EncodeBase62(value, std::span<char>(text));
  return text;
}

TEST(Base62, TheAlphabetIsDigitsThenUpperThenLowerCase) {
  EXPECT_EQ(kBase62Alphabet.size(), 62u);
  EXPECT_TRUE(std::is_sorted(kBase62Alphabet.begin(), kBase62Alphabet.end()));
  for (int c = 0; c < 256; ++c) {
    const char text[] = {static_cast<char>(c)};
    EXPECT_EQ(IsBase62(std::string_view(text, 1)), c < 128 && std::isalnum(c))
        << c;
  }
}

TEST(Base62, IsBase62LooksAtEveryCharacter) {
  EXPECT_TRUE(IsBase62(""));
  EXPECT_TRUE(IsBase62("azAZ09"));
  for (size_t i = 0; i < 5; ++i) {
    std::string text = "abcde";
    text[i] = '_';
    EXPECT_FALSE(IsBase62(text)) << i;
  }
}

TEST(Base62, WritesMostSignificantFirstWithZeros) {
  EXPECT_EQ(Encode(0, 6), "000000");
  EXPECT_EQ(Encode(61, 6), "00000z");
  EXPECT_EQ(Encode(62, 6), "000010");
  EXPECT_EQ(Encode(0xFFFFFFFF, 6), "4gfFC3");
  EXPECT_EQ(Encode(62 * 62, 2), "00");  // Lost from the left.
}

TEST(Base62, ReadsWhatItWrites) {
  for (uint64_t value = 0; value < uint64_t{1} << 59; value = value * 5 + 3) {
    EXPECT_EQ(DecodeBase62(Encode(value, 10)), value);
  }
}

TEST(Base62, ReadsOneToTenDigitsOnly) {
  EXPECT_EQ(DecodeBase62("zzzzzzzzzz"), 839299365868340223u);  // 62^10 - 1
  EXPECT_EQ(DecodeBase62("Z"), 35u);
  EXPECT_EQ(DecodeBase62(""), std::nullopt);
  EXPECT_EQ(DecodeBase62("00000000000"), std::nullopt);
  EXPECT_EQ(DecodeBase62("00-0"), std::nullopt);
  EXPECT_EQ(DecodeBase62("\xff"), std::nullopt);
}

// Values of Python's zlib.crc32; the first is the CRC's usual check value.
TEST(Crc32, AgreesWithZlib) {
  EXPECT_EQ(Crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(Crc32(""), 0u);
  EXPECT_EQ(Crc32(std::string_view("\0", 1)), 0xD202EF8Du);
  EXPECT_EQ(Crc32("The quick brown fox jumps over the lazy dog"), 0x414FA339u);
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  EXPECT_EQ(Crc32(bytes), 0x29058C73u);
}

}  // namespace
}  // namespace signet
