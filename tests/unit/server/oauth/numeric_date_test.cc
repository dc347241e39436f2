// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/numeric_date.h"

#include "gtest/gtest.h"

namespace signet::oauth {
namespace {

std::optional<absl::Time> Read(std::string_view text) {
  return ReadNumericDate(ParseJson(text).value());
}

TEST(ReadNumericDate, ReadsSeconds) {
  EXPECT_EQ(Read("0"), absl::UnixEpoch());
  EXPECT_EQ(Read("1300819380"), absl::FromUnixSeconds(1300819380));
  EXPECT_EQ(Read("253402300799"), absl::FromUnixSeconds(253402300799));
}

TEST(ReadNumericDate, ReadsFractionsAndExponents) {
  EXPECT_EQ(Read("1300819380.5"), absl::FromUnixMillis(1300819380500));
  EXPECT_EQ(Read("1.5e9"), absl::FromUnixSeconds(1500000000));
  EXPECT_EQ(Read("0.25"), absl::FromUnixMillis(250));
}

TEST(ReadNumericDate, RefusesWhatIsNoDateWithin1970And9999) {
  for (const char* text :
       {"-1", "-0.5", "253402300800", "253402300799.5", "1900000000000",
        "9223372036854775807", "9223372036854775808", "18446744073709551615",
        "-9223372036854775808", "1e300", "-1e300", "\"1300819380\"", "null",
        "true", "[1300819380]", "{}"}) {
    EXPECT_EQ(Read(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace signet::oauth
