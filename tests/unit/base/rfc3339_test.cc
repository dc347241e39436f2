// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.h"

#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

using absl::StatusCode;

struct Instant {
  std::string name;
  std::string text;
  int64_t seconds = 0;
  int64_t nanos = 0;
};

class Reads : public testing::TestWithParam<Instant> {};

TEST_P(Reads, TheInstant) {
  const Instant& p = GetParam();
  EXPECT_THAT(ParseRfc3339(p.text),
              IsOkAndHolds(absl::FromUnixSeconds(p.seconds) +
                           absl::Nanoseconds(p.nanos)))
      << p.text;
}

// Seconds computed with Python's datetime.
INSTANTIATE_TEST_SUITE_P(
    Rfc3339, Reads,
    testing::Values(
        Instant{"Epoch", "1970-01-01T00:00:00Z", 0},
        Instant{"Documented", "2023-11-07T05:31:56Z", 1699335116},
        Instant{"LowerCase", "2023-11-07t05:31:56z", 1699335116},
        Instant{"Milli", "2023-11-07T05:31:56.5Z", 1699335116, 500'000'000},
        Instant{"Nano", "2023-11-07T05:31:56.000000001Z", 1699335116, 1},
        Instant{"NineNines", "1969-12-31T23:59:59.999999999Z", -1, 999'999'999},
        Instant{"East", "2023-11-07T05:31:56+02:00", 1699327916},
        Instant{"West", "2023-11-07T05:31:56-08:30", 1699365716},
        Instant{"FarEast", "2023-11-08T05:30:56+23:59", 1699335116},
        Instant{"FarWest", "2023-11-06T05:32:56-23:59", 1699335116},
        Instant{"UnknownOffset", "2023-11-07T05:31:56-00:00", 1699335116},
        Instant{"LeapDay", "2024-02-29T12:00:00Z", 1709208000},
        Instant{"LeapDay2000", "2000-02-29T00:00:00Z", 951782400},
        Instant{"First", "0001-01-01T00:00:00Z", -62135596800},
        Instant{"FirstFromYearZero", "0000-12-31T23:00:00-01:00", -62135596800},
        Instant{"Last", "9999-12-31T23:59:59.999999999Z", 253402300799,
                999'999'999},
        Instant{"LastEast", "9999-12-31T23:59:59+00:01", 253402300739}),
    [](const auto& info) { return info.param.name; });

struct Bad {
  std::string name;
  std::string text;
};

class Refuses : public testing::TestWithParam<Bad> {};

TEST_P(Refuses, TheText) {
  EXPECT_THAT(ParseRfc3339(GetParam().text),
              StatusIs(StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    Shape, Refuses,
    testing::Values(Bad{"Empty", ""}, Bad{"DateOnly", "2030-01-02"},
                    Bad{"NoOffset", "2030-01-02T03:04:05"},
                    Bad{"NoOffsetAfterFraction", "2030-01-02T03:04:05.5"},
                    Bad{"Space", "2030-01-02 03:04:05Z"},
                    Bad{"ShortFields", "2030-1-1T0:0:0Z"},
                    Bad{"NoSeconds", "2030-01-02T03:04Z"},
                    Bad{"BasicFormat", "20300102T030405Z"},
                    Bad{"LeadingSpace", " 2030-01-02T03:04:05Z"},
                    Bad{"TrailingSpace", "2030-01-02T03:04:05Z "},
                    Bad{"TrailingNul",
                        std::string("2030-01-02T03:04:05Z\0", 21)},
                    Bad{"TwoOffsets", "2030-01-02T03:04:05Z+00:00"},
                    Bad{"PointAlone", "2030-01-02T03:04:05.Z"},
                    Bad{"TenDigits", "2030-01-02T03:04:05.0123456789Z"},
                    Bad{"TenZeros", "2030-01-02T03:04:05.0000000000Z"},
                    Bad{"Comma", "2030-01-02T03:04:05,5Z"},
                    Bad{"FiveDigitYear", "10000-01-01T00:00:00Z"},
                    Bad{"SignedYear", "+2030-01-02T03:04:05Z"},
                    Bad{"NegativeYear", "-001-01-02T03:04:05Z"},
                    Bad{"ArabicDigits", "203\xD9\xA0-01-02T03:04:05Z"},
                    Bad{"Slashes", "2030/01/02T03:04:05Z"},
                    Bad{"Number", "1699335116"},
                    Bad{"Infinite", "infinite-future"},
                    Bad{"OffsetNoColon", "2030-01-02T03:04:05+0200"},
                    Bad{"OffsetHoursOnly", "2030-01-02T03:04:05+02"},
                    Bad{"OffsetShort", "2030-01-02T03:04:05+2:00"},
                    Bad{"OffsetUnsigned", "2030-01-02T03:04:05 02:00"},
                    Bad{"OffsetMinusSign",
                        "2030-01-02T03:04:05\xE2\x88\x92"
                        "02:00"},
                    Bad{"OffsetName", "2030-01-02T03:04:05UTC"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Value, Refuses,
    testing::Values(Bad{"Second60", "2030-01-02T03:04:60Z"},
                    Bad{"LeapSecond", "2016-12-31T23:59:60Z"},
                    Bad{"Second61", "2030-01-02T03:04:61Z"},
                    Bad{"Minute60", "2030-01-02T03:60:05Z"},
                    Bad{"Hour24", "2030-01-02T24:00:00Z"},
                    Bad{"Month00", "2030-00-02T03:04:05Z"},
                    Bad{"Month13", "2030-13-02T03:04:05Z"},
                    Bad{"Day00", "2030-01-00T03:04:05Z"},
                    Bad{"April31", "2030-04-31T03:04:05Z"},
                    Bad{"NoLeapDay", "2030-02-29T03:04:05Z"},
                    Bad{"NoLeapDay1900", "1900-02-29T03:04:05Z"},
                    Bad{"OffsetHour24", "2030-01-02T03:04:05+24:00"},
                    Bad{"OffsetMinute60", "2030-01-02T03:04:05+00:60"},
                    Bad{"YearZero", "0000-01-01T00:00:00Z"},
                    Bad{"BeforeFirst", "0001-01-01T00:00:00+00:01"},
                    Bad{"AfterLast", "9999-12-31T23:59:59-01:00"},
                    Bad{"JustAfterLast",
                        "9999-12-31T23:59:59.999999999-00:01"}),
    [](const auto& info) { return info.param.name; });

// Every cell of the calendar, against the rule written down once more.
TEST(ParseRfc3339, KnowsHowLongMonthsAre) {
  for (const int year :
       {1, 4, 100, 400, 1900, 1970, 2000, 2023, 2024, 2100, 9999}) {
    const bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
    for (int month = 0; month <= 13; ++month) {
      for (int day = 0; day <= 32; ++day) {
        const int days = month == 2 ? (leap ? 29 : 28)
                         : month == 4 || month == 6 || month == 9 || month == 11
                             ? 30
                             : 31;
        const bool exists =
            month >= 1 && month <= 12 && day >= 1 && day <= days;
        const std::string text =
            absl::StrFormat("%04d-%02d-%02dT12:00:00Z", year, month, day);
        EXPECT_EQ(ParseRfc3339(text).ok(), exists) << text;
      }
    }
  }
}

TEST(ParseRfc3339, RefusesEveryCutText) {
  const std::string text = "2030-01-02T03:04:05.678+09:00";
  ASSERT_THAT(ParseRfc3339(text), IsOk());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_THAT(ParseRfc3339(text.substr(0, size)),
                StatusIs(StatusCode::kInvalidArgument))
        << size;
  }
}

TEST(ParseRfc3339, DoesNotEchoTheText) {
  const auto time = ParseRfc3339("canary");
  ASSERT_THAT(time, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(std::string(time.status().message()).find("canary"),
            std::string::npos);
}

TEST(FormatRfc3339, WritesTheFewestDigitsThatLoseNothing) {
  const absl::Time second = absl::FromUnixSeconds(1699335116);
  EXPECT_EQ(FormatRfc3339(second), "2023-11-07T05:31:56Z");
  EXPECT_EQ(FormatRfc3339(second + absl::Milliseconds(500)),
            "2023-11-07T05:31:56.500Z");
  EXPECT_EQ(FormatRfc3339(second + absl::Microseconds(1)),
            "2023-11-07T05:31:56.000001Z");
  EXPECT_EQ(FormatRfc3339(second + absl::Nanoseconds(10)),
            "2023-11-07T05:31:56.000000010Z");
}

TEST(FormatRfc3339, CutsWhatIsFinerThanANanosecond) {
  const absl::Time second = absl::FromUnixSeconds(-1);
  EXPECT_EQ(FormatRfc3339(second + absl::Nanoseconds(1) * 0.75),
            "1969-12-31T23:59:59Z");
  EXPECT_EQ(FormatRfc3339(second + absl::Nanoseconds(1) * 1.75),
            "1969-12-31T23:59:59.000000001Z");
}

TEST(FormatRfc3339, HoldsAtTheEndsOfTheRange) {
  EXPECT_EQ(FormatRfc3339(MinTimestamp()), "0001-01-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(MaxTimestamp()), "9999-12-31T23:59:59.999999999Z");
  EXPECT_THAT(ParseRfc3339(FormatRfc3339(MinTimestamp())),
              IsOkAndHolds(MinTimestamp()));
  EXPECT_THAT(ParseRfc3339(FormatRfc3339(MaxTimestamp())),
              IsOkAndHolds(MaxTimestamp()));
}

TEST(FormatRfc3339, IsReadBackAsTheSameInstant) {
  std::mt19937_64 engine(1);
  std::uniform_int_distribution<int64_t> seconds(-62135596800, 253402300799);
  std::uniform_int_distribution<int64_t> nanos(0, 999'999'999);
  for (int i = 0; i < 20'000; ++i) {
    const absl::Time time = absl::FromUnixSeconds(seconds(engine)) +
                            absl::Nanoseconds(nanos(engine));
    ASSERT_THAT(ParseRfc3339(FormatRfc3339(time)), IsOkAndHolds(time));
  }
}

}  // namespace
}  // namespace signet
