// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwt.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"

namespace signet::oauth {
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

struct BadJwt {
  const char* name;
  std::string text;
};

class ParseJwtBad : public testing::TestWithParam<BadJwt> {};

TEST_P(ParseJwtBad, IsRefused) {
  EXPECT_THAT(ParseJwt(GetParam().text),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

const std::string kObject = Base64Url("{}");

INSTANTIATE_TEST_SUITE_P(
    , ParseJwtBad,
    testing::Values(
        BadJwt{"Empty", ""}, BadJwt{"OnePart", kObject},
        BadJwt{"TwoParts", kObject + "." + kObject},
        BadJwt{"FourParts", kObject + "." + kObject + ".AA.AA"},
        BadJwt{"FiveParts", kObject + ".AA.AA." + kObject + ".AA"},
        BadJwt{"TrailingDot", kObject + "." + kObject + ".AA."},
        BadJwt{"LeadingDot", "." + kObject + "." + kObject + ".AA"},
        BadJwt{"DotsAlone", ".."}, BadJwt{"NoHeader", "." + kObject + ".AA"},
        BadJwt{"NoClaims", kObject + "..AA"},
        BadJwt{"PaddedHeader", kObject + "=." + kObject + ".AA"},
        BadJwt{"PaddedClaims", kObject + "." + kObject + "=.AA"},
        BadJwt{"PaddedSignature", kObject + "." + kObject + ".AA=="},
        BadJwt{"SpareBitsInSignature", kObject + "." + kObject + ".AB"},
        BadJwt{"HeaderIsArray", Base64Url("[]") + "." + kObject + ".AA"},
        BadJwt{"ClaimsAreText", kObject + "." + Base64Url("\"{}\"") + ".AA"},
        BadJwt{"HeaderTwice", Base64Url(R"({"alg":"RS256","alg":"none"})") +
                                  "." + kObject + ".AA"},
        BadJwt{"HeaderTwiceEscaped",
               Base64Url(R"({"alg":"RS256","\u0061lg":"none"})") + "." +
                   kObject + ".AA"},
        BadJwt{"ClaimTwice",
               kObject + "." + Base64Url(R"({"sub":"a","sub":"b"})") + ".AA"},
        BadJwt{"NestedClaimTwice",
               kObject + "." + Base64Url(R"({"x":{"a":1,"a":2}})") + ".AA"},
        BadJwt{"TrailingBytes", kObject + "." + Base64Url("{} {}") + ".AA"},
        BadJwt{"ByteOrderMark",
               Base64Url("\xEF\xBB\xBF{}") + "." + kObject + ".AA"},
        BadJwt{"NotUtf8",
               kObject + "." + Base64Url("{\"a\":\"\xFF\"}") + ".AA"},
        BadJwt{"TooDeep", kObject + "." +
                              Base64Url("{\"a\":" + std::string(33, '[') +
                                        std::string(33, ']') + "}") +
                              ".AA"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::oauth
