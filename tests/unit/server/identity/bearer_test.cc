// SPDX-License-Identifier: Apache-2.0
#include "server/identity/bearer.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::identity {
namespace {

using absl::StatusCode;
using Fields = std::vector<std::string>;

TEST(ReadBearer, TakesTheSchemeInAnyCase) {
  for (const char* scheme : {"Bearer", "bearer", "BEARER", "bEaReR"}) {
    const Fields fields = {std::string(scheme) + " abc.DEF-1_2~3+4/5=="};
    EXPECT_THAT(ReadBearer(fields), IsOkAndHolds("abc.DEF-1_2~3+4/5=="));
  }
}

TEST(ReadBearer, TakesSixteenKibibytesAndNoMore) {
  const Fields most = {"Bearer " + std::string(16384, 'a')};
  EXPECT_THAT(ReadBearer(most), IsOkAndHolds(std::string(16384, 'a')));
  const Fields more = {"Bearer " + std::string(16385, 'a')};
  EXPECT_THAT(ReadBearer(more),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST(ReadBearer, TakesAnyNumberOfSpaces) {
  EXPECT_THAT(ReadBearer(Fields{"Bearer   abc"}), IsOkAndHolds("abc"));
}

TEST(ReadBearer, WantsOneField) {
  EXPECT_THAT(ReadBearer(Fields{}),
              ErrorIs(StatusCode::kUnauthenticated, "CREDENTIAL_MISSING"));
  EXPECT_THAT(ReadBearer(Fields{"Bearer abc", "Bearer abc"}),
              ErrorIs(StatusCode::kInvalidArgument, "INVALID_REQUEST"));
}

struct Refused {
  const char* name;
  std::string value;
  const char* reason;
};

class ReadBearerRefused : public testing::TestWithParam<Refused> {};

TEST_P(ReadBearerRefused, WithItsReason) {
  EXPECT_THAT(ReadBearer(Fields{GetParam().value}),
              ErrorIs(StatusCode::kUnauthenticated, GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    , ReadBearerRefused,
    testing::Values(
        Refused{"Empty", "", "CREDENTIAL_MISSING"},
        Refused{"SchemeAlone", "Bearer", "CREDENTIAL_MISSING"},
        Refused{"SchemeAndSpace", "Bearer ", "CREDENTIAL_MISSING"},
        Refused{"SchemeAndSpaces", "Bearer   ", "CREDENTIAL_MISSING"},
        Refused{"Basic", "Basic YWJjOmRlZg==", "CREDENTIAL_MISSING"},
        Refused{"LongerScheme", "Bearerx abc", "CREDENTIAL_MISSING"},
        Refused{"DottedScheme", "Bearer. abc", "CREDENTIAL_MISSING"},
        Refused{"ShorterScheme", "Bear abc", "CREDENTIAL_MISSING"},
        Refused{"LeadingSpace", " Bearer abc", "CREDENTIAL_MISSING"},
        Refused{"TokenAlone", "hbx_sa_abc", "CREDENTIAL_MISSING"},
        Refused{"Tab", "Bearer\tabc", "TOKEN_INVALID"},
        Refused{"SpaceAndTab", "Bearer \tabc", "TOKEN_INVALID"},
        Refused{"TrailingSpace", "Bearer abc ", "TOKEN_INVALID"},
        Refused{"TrailingTab", "Bearer abc\t", "TOKEN_INVALID"},
        Refused{"TwoTokens", "Bearer abc def", "TOKEN_INVALID"},
        Refused{"TwoCredentials", "Bearer abc, Bearer def", "TOKEN_INVALID"},
        Refused{"Parameter", "Bearer a=b", "TOKEN_INVALID"},
        Refused{"PaddingAlone", "Bearer ==", "TOKEN_INVALID"},
        Refused{"Colon", "Bearer:abc", "TOKEN_INVALID"},
        Refused{"Quotes", "Bearer \"abc\"", "TOKEN_INVALID"},
        Refused{"Nul", std::string("Bearer abc\0", 11), "TOKEN_INVALID"},
        Refused{"HighByte", "Bearer abc\xC3\xA9", "TOKEN_INVALID"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::identity
