// SPDX-License-Identifier: Apache-2.0
#include "server/identity/credential.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::identity {
namespace {

using absl::StatusCode;
using Fields = std::vector<std::string>;

absl::StatusOr<std::string> Read(const Fields& values) {
  const absl::StatusOr<Credential> credential =
      Credential::FromAuthorization(values);
  if (!credential.ok()) return credential.status();
  return std::string(credential->token());
}

TEST(Credential, TakesTheSchemeInAnyCase) {
  for (const char* scheme : {"Bearer", "bearer", "BEARER", "bEaReR"}) {
    const Fields fields = {std::string(scheme) + " abc.DEF-1_2~3+4/5=="};
    EXPECT_THAT(Read(fields), IsOkAndHolds("abc.DEF-1_2~3+4/5=="));
  }
}

TEST(Credential, TakesSixteenKibibytesAndNoMore) {
  const Fields most = {"Bearer " + std::string(16384, 'a')};
  EXPECT_THAT(Read(most), IsOkAndHolds(std::string(16384, 'a')));
  const Fields more = {"Bearer " + std::string(16385, 'a')};
  EXPECT_THAT(Read(more),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST(Credential, TakesAnyNumberOfSpaces) {
  EXPECT_THAT(Read(Fields{"Bearer   abc"}), IsOkAndHolds("abc"));
}

TEST(Credential, WantsOneField) {
  EXPECT_THAT(Read(Fields{}),
              ErrorIs(StatusCode::kUnauthenticated, "CREDENTIAL_MISSING"));
  EXPECT_THAT(Read(Fields{"Bearer abc", "Bearer abc"}),
              ErrorIs(StatusCode::kInvalidArgument, "INVALID_REQUEST"));
}

TEST(Credential, ATokenByItselfHasNoScheme) {
  const absl::StatusOr<Credential> credential = Credential::FromToken("a.b-c");
  ASSERT_THAT(credential, IsOk());
  EXPECT_EQ(credential->token(), "a.b-c");
  for (const char* token : {"", "Bearer abc", " a.b", "a.b ", "a b"}) {
    EXPECT_THAT(Credential::FromToken(token),
                ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"))
        << token;
  }
  EXPECT_EQ(Credential().token(), "");
}

TEST(Credential, AnotherSchemeIsNotNone) {
  for (const char* value : {"", "Bearer", "Bearer "}) {
    EXPECT_EQ(Read(Fields{value}).status().message(),
              "authorization: got none, want a bearer token");
  }
  for (const char* value :
       {"Basic YWJjOmRlZg==", "Token abc", "hbx_sa_abc", "Bearerx abc"}) {
    EXPECT_EQ(Read(Fields{value}).status().message(),
              "authorization: got another scheme, want Bearer TOKEN");
  }
}

struct Refused {
  const char* name;
  std::string value;
  const char* reason;
};

class CredentialRefused : public testing::TestWithParam<Refused> {};

TEST_P(CredentialRefused, WithItsReason) {
  EXPECT_THAT(Read(Fields{GetParam().value}),
              ErrorIs(StatusCode::kUnauthenticated, GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    , CredentialRefused,
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
