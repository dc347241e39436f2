// SPDX-License-Identifier: Apache-2.0
#include "server/identity/jwt.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ParseJwt, TakesATokenApart) {
  const std::string input =
      Base64Url(R"({"alg":"RS256"})") + "." + Base64Url(R"({"iss":"joe"})");
  const absl::StatusOr<Jwt> jwt = ParseJwt(input + "." + Base64Url("sig"));
  ASSERT_THAT(jwt, IsOk());
  EXPECT_EQ(jwt->header["alg"], "RS256");
  EXPECT_EQ(jwt->claims["iss"], "joe");
  EXPECT_EQ(jwt->signing_input, input);
  EXPECT_EQ(jwt->signature, "sig");
}

TEST(ParseJwt, ErrorEchoesNothing) {
  const absl::StatusOr<Jwt> jwt = ParseJwt("c2VjcmV0.c2VjcmV0.c2VjcmV0");
  EXPECT_THAT(
      std::string(jwt.status().message()),
      testing::AllOf(Not(HasSubstr("secret")), Not(HasSubstr("c2VjcmV0"))));
}

struct Bad {
  const char* name;
  std::string text;
};

class ParseJwtBad : public testing::TestWithParam<Bad> {};

TEST_P(ParseJwtBad, IsRefused) {
  EXPECT_THAT(ParseJwt(GetParam().text),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

const std::string kObject = Base64Url("{}");

INSTANTIATE_TEST_SUITE_P(
    , ParseJwtBad,
    testing::Values(
        Bad{"Empty", ""}, Bad{"OnePart", kObject},
        Bad{"TwoParts", kObject + "." + kObject},
        Bad{"FourParts", kObject + "." + kObject + ".AA.AA"},
        Bad{"FiveParts", kObject + ".AA.AA." + kObject + ".AA"},
        Bad{"TrailingDot", kObject + "." + kObject + ".AA."},
        Bad{"LeadingDot", "." + kObject + "." + kObject + ".AA"},
        Bad{"DotsAlone", ".."}, Bad{"NoHeader", "." + kObject + ".AA"},
        Bad{"NoClaims", kObject + "..AA"},
        Bad{"PaddedHeader", kObject + "=." + kObject + ".AA"},
        Bad{"PaddedClaims", kObject + "." + kObject + "=.AA"},
        Bad{"PaddedSignature", kObject + "." + kObject + ".AA=="},
        Bad{"SpareBitsInSignature", kObject + "." + kObject + ".AB"},
        Bad{"HeaderIsArray", Base64Url("[]") + "." + kObject + ".AA"},
        Bad{"ClaimsAreText", kObject + "." + Base64Url("\"{}\"") + ".AA"},
        Bad{"HeaderTwice", Base64Url(R"({"alg":"RS256","alg":"none"})") + "." +
                               kObject + ".AA"},
        Bad{"HeaderTwiceEscaped",
            Base64Url(R"({"alg":"RS256","\u0061lg":"none"})") + "." + kObject +
                ".AA"},
        Bad{"ClaimTwice",
            kObject + "." + Base64Url(R"({"sub":"a","sub":"b"})") + ".AA"},
        Bad{"NestedClaimTwice",
            kObject + "." + Base64Url(R"({"x":{"a":1,"a":2}})") + ".AA"},
        Bad{"TrailingBytes", kObject + "." + Base64Url("{} {}") + ".AA"},
        Bad{"ByteOrderMark",
            Base64Url("\xEF\xBB\xBF{}") + "." + kObject + ".AA"},
        Bad{"NotUtf8", kObject + "." + Base64Url("{\"a\":\"\xFF\"}") + ".AA"},
        Bad{"TooDeep", kObject + "." +
                           Base64Url("{\"a\":" + std::string(33, '[') +
                                     std::string(33, ']') + "}") +
                           ".AA"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet
