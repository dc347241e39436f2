// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/base64url.h"

#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"

namespace signet::oauth {
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

struct BadBase64Url {
  const char* name;
  std::string_view text;
};

class DecodeBase64UrlBad : public testing::TestWithParam<BadBase64Url> {};

TEST_P(DecodeBase64UrlBad, IsRefused) {
  EXPECT_EQ(DecodeBase64Url(GetParam().text), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    , DecodeBase64UrlBad,
    testing::Values(
        BadBase64Url{"Padding", "QQ=="}, BadBase64Url{"OnePad", "QUI="},
        BadBase64Url{"PadAlone", "="}, BadBase64Url{"StandardPlus", "A+z_"},
        BadBase64Url{"StandardSlash", "A-z/"},
        BadBase64Url{"Space", "QUJD QUJD"},
        BadBase64Url{"LeadingSpace", " QUJD"},
        BadBase64Url{"Newline", "QUJD\n"},
        BadBase64Url{"Nul", std::string_view("QUJ\0", 4)},
        BadBase64Url{"HighByte", "QUJ\xC3"}, BadBase64Url{"Dot", "QUJD."},
        BadBase64Url{"OneCharacter", "Q"},
        BadBase64Url{"FiveCharacters", "QUJDQ"},
        // `QQ` is the one spelling of "A"; these spell it too.
        BadBase64Url{"SpareBitsOfOneByte", "QR"},
        BadBase64Url{"SpareBitsOfTwoBytes", "QUJ"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::oauth
