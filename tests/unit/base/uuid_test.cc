// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"

namespace signet {
namespace {

constexpr char kText[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

TEST(Uuid, IsReadInAnyCaseAndWrittenInLowerCase) {
  const auto lower = Uuid::Parse(kText);
  ASSERT_TRUE(lower.has_value());
  EXPECT_EQ(lower->ToString(), kText);
  EXPECT_EQ(Uuid::Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), lower);
  EXPECT_EQ(Uuid::Parse("017f22E2-79b0-7Cc3-98c4-dC0c0c07398F"), lower);
}

TEST(Uuid, BytesStandInNetworkOrder) {
  const Uuid uuid = *Uuid::Parse("00010203-0405-0607-0809-0a0b0c0d0eff");
  for (uint8_t i = 0; i < 15; ++i) EXPECT_EQ(uuid.bytes()[i], i);
  EXPECT_EQ(uuid.bytes()[15], 0xff);
  EXPECT_EQ(Uuid(uuid.bytes()), uuid);
}

TEST(Uuid, TakesAnyVersion) {
  EXPECT_EQ(Uuid::Parse("00000000-0000-0000-0000-000000000000"), Uuid());
  EXPECT_TRUE(Uuid::Parse("ffffffff-ffff-ffff-ffff-ffffffffffff").has_value());
}

TEST(Uuid, OtherFormsAreNotRead) {
  const std::string text = kText;
  for (const std::string& bad :
       {std::string(), std::string("{" + text + "}"), "urn:uuid:" + text,
        std::string("017f22e279b07cc398c4dc0c0c07398f"), text + " ", " " + text,
        text + "0", text.substr(1), text.substr(0, 35),
        text + std::string(1, '\0'),
        std::string("017f22e2-79b0-7cc3-98c4dc0c0c07398f-"),
        std::string("017f22e27-9b0-7cc3-98c4-dc0c0c07398f"),
        std::string("017f22e2_79b0_7cc3_98c4_dc0c0c07398f"),
        std::string("0x7f22e2-79b0-7cc3-98c4-dc0c0c07398f")}) {
    EXPECT_EQ(Uuid::Parse(bad), std::nullopt) << bad;
  }
}

TEST(Uuid, EveryPlaceMustHoldItsKindOfCharacter) {
  for (size_t i = 0; i < 36; ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string text = kText;
      text[i] = static_cast<char>(c);
      const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
      const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                       (c >= 'A' && c <= 'F');
      EXPECT_EQ(Uuid::Parse(text).has_value(), hyphen ? c == '-' : hex)
          << i << ", " << c;
    }
  }
}

// RFC 9562 appendix A.6: 2022-02-22T14:22:22-05:00 is 017f22e279b0.
TEST(UuidV7, BeginsWithTheMillisecond) {
  SeededRandom random;
  const absl::Time now = absl::FromUnixMillis(0x017F22E279B0);
  const Uuid uuid = Uuid::V7(now + absl::Microseconds(999), random);
  EXPECT_EQ(uuid.ToString().substr(0, 15), "017f22e2-79b0-7");
}

TEST(UuidV7, SortsByTimeAsBytesAndAsText) {
  SeededRandom random;
  Uuid last;
  std::string last_text;
  for (int64_t millis = 0; millis < int64_t{1} << 48; millis = millis * 3 + 1) {
    const Uuid uuid = Uuid::V7(absl::FromUnixMillis(millis), random);
    EXPECT_LT(last, uuid);
    EXPECT_LT(last_text, uuid.ToString());
    last = uuid;
    last_text = uuid.ToString();
  }
}

// Those made within one millisecond too, as far as 12 bits tell.
TEST(UuidV7, SortsWithinTheMillisecond) {
  SeededRandom random;
  const absl::Time millisecond = absl::FromUnixMillis(0x017F22E279B0);
  Uuid last = Uuid::V7(millisecond, random);
  EXPECT_EQ(last.ToString().substr(14, 4), "7000");
  for (int micros = 1; micros < 1000; ++micros) {
    const Uuid uuid =
        Uuid::V7(millisecond + absl::Microseconds(micros), random);
    EXPECT_LT(last, uuid) << micros;
    last = uuid;
  }
  EXPECT_EQ(last.ToString().substr(14, 4), "7ffb");  // 0.999 * 4096.
}

TEST(UuidV7, AllBitsButTimeVersionAndVariantAreRandom) {
  SeededRandom random;
  const absl::Time now = absl::FromUnixMillis(0);
  std::set<Uuid> seen;
  Uuid::Bytes ones = {};
  Uuid::Bytes zeros = {};
  for (int i = 0; i < 1000; ++i) {
    const Uuid uuid = Uuid::V7(now, random);
    EXPECT_TRUE(seen.insert(uuid).second);
    EXPECT_EQ(uuid.bytes()[6] >> 4, 7);
    EXPECT_EQ(uuid.bytes()[8] >> 6, 2);
    for (size_t b = 0; b < 16; ++b) {
      ones[b] |= uuid.bytes()[b];
      zeros[b] |= static_cast<uint8_t>(~uuid.bytes()[b]);
    }
  }
  const Uuid::Bytes want_ones = {0,    0,    0,    0,    0,    0,
                                 0x70, 0,    0xbf, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff};
  EXPECT_EQ(ones, want_ones);
  EXPECT_EQ(zeros[6], 0x8f);
  EXPECT_EQ(zeros[8], 0x7f);
  EXPECT_TRUE(std::all_of(zeros.begin() + 9, zeros.end(),
                          [](uint8_t b) { return b == 0xff; }));
}

TEST(UuidV7, TimesOutOfRangeStayAtItsEnds) {
  SeededRandom random;
  EXPECT_EQ(Uuid::V7(absl::FromUnixMillis(-1), random).ToString().substr(0, 15),
            "00000000-0000-7");
  EXPECT_EQ(Uuid::V7(absl::InfiniteFuture(), random).ToString().substr(0, 15),
            "ffffffff-ffff-7");
}

}  // namespace
}  // namespace signet
