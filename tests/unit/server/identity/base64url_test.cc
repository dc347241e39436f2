// SPDX-License-Identifier: Apache-2.0
#include "server/identity/base64url.h"

#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"

namespace signet {
namespace {

TEST(DecodeBase64Url, ReadsWhatRfc7515AppendixCWrites) {
  const std::string bytes = {'\x03', '\xEC', '\xFF', '\xE0', '\xC1'};
  EXPECT_EQ(DecodeBase64Url("A-z_4ME"), bytes);
}

TEST(DecodeBase64Url, ReadsEveryLength) {
  std::string bytes;
  for (int i = 0; i < 260; ++i) {
    EXPECT_EQ(DecodeBase64Url(Base64Url(bytes)), bytes) << i;
    bytes.push_back(static_cast<char>(i));
  }
}

struct Bad {
  const char* name;
  std::string_view text;
};

class DecodeBase64UrlBad : public testing::TestWithParam<Bad> {};

TEST_P(DecodeBase64UrlBad, IsRefused) {
  EXPECT_EQ(DecodeBase64Url(GetParam().text), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    , DecodeBase64UrlBad,
    testing::Values(Bad{"Padding", "QQ=="}, Bad{"OnePad", "QUI="},
                    Bad{"PadAlone", "="}, Bad{"StandardPlus", "A+z_"},
                    Bad{"StandardSlash", "A-z/"}, Bad{"Space", "QUJD QUJD"},
                    Bad{"LeadingSpace", " QUJD"}, Bad{"Newline", "QUJD\n"},
                    Bad{"Nul", std::string_view("QUJ\0", 4)},
                    Bad{"HighByte", "QUJ\xC3"}, Bad{"Dot", "QUJD."},
                    Bad{"OneCharacter", "Q"}, Bad{"FiveCharacters", "QUJDQ"},
                    // `QQ` is the one spelling of "A"; these spell it too.
                    Bad{"SpareBitsOfOneByte", "QR"},
                    Bad{"SpareBitsOfTwoBytes", "QUJ"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet
