// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/fetch_url.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::oauth {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(CheckIssuerUrl, TakesHttps) {
  for (const char* url :
       {"https://issuer.example.com", "https://issuer.example.com/",
        "https://issuer.example.com:8443/realms/main", "https://10.0.0.1",
        "https://[2001:db8::1]/x"}) {
    EXPECT_THAT(CheckIssuerUrl(url), IsOk()) << url;
  }
}

TEST(CheckIssuerUrl, TakesHttpOfThisMachineOnly) {
  for (const char* url :
       {"http://127.0.0.1", "http://127.0.0.1:3000/oidc", "http://127.255.1.2",
        "http://localhost:80", "http://[::1]:3000"}) {
    EXPECT_THAT(CheckIssuerUrl(url), IsOk()) << url;
  }
  for (const char* url :
       {"http://issuer.example.com", "http://10.0.0.1", "http://128.0.0.1",
        "http://127.0.0.1.example.com", "http://localhost.example.com",
        "http://127.0.0.1@evil.example.com", "http://[::2]",
        "http://[::ffff:10.0.0.1]", "http://0.0.0.0"}) {
    EXPECT_THAT(CheckIssuerUrl(url), StatusIs(StatusCode::kInvalidArgument))
        << url;
  }
}

TEST(CheckIssuerUrl, RefusesEverythingElse) {
  for (const char* url : {"",
                          "issuer.example.com",
                          "//issuer.example.com",
                          "https://",
                          "ftp://issuer.example.com",
                          "file:///etc/passwd",
                          "gopher://127.0.0.1",
                          "https://issuer.example.com?x=1",
                          "https://issuer.example.com#x",
                          "https://user@issuer.example.com",
                          "https://user:password@issuer.example.com",
                          "https://issuer.example.com/a b",
                          "https://issuer.example.com\n",
                          "https://issuer.example.com:99999",
                          "https://issuer.example.com:0",
                          "https://issuer.example.com:x",
                          "https://b%c3%bc"
                          "cher.example",
                          "https://b\xc3\xbc"
                          "cher.example",
                          "https://issuer.example.com/\xc3\xbc",
                          "http://127.0.0.1:65536",
                          "https://issuer.example.com/\x7f",
                          "joe"}) {
    EXPECT_THAT(CheckIssuerUrl(url), StatusIs(StatusCode::kInvalidArgument))
        << url;
  }
}

TEST(CheckIssuerUrl, SaysWhatToWriteForAHostOfOtherLetters) {
  EXPECT_THAT(CheckIssuerUrl("https://xn--bcher-kva.example"), IsOk());
  EXPECT_THAT(std::string(CheckIssuerUrl("https://b\xc3\xbc"
                                         "cher.example")
                              .message()),
              HasSubstr("xn--"));
}

TEST(CheckKeysUrl, MayBeOnAnotherHost) {
  EXPECT_THAT(CheckKeysUrl("https://keys.example.net/jwks?v=1",
                           "https://issuer.example.com"),
              IsOk());
  EXPECT_THAT(CheckKeysUrl("https://keys.example.net", "http://127.0.0.1:1"),
              IsOk());
}

TEST(CheckKeysUrl, LeadsNoSecureIssuerToPlainHttp) {
  EXPECT_THAT(CheckKeysUrl("http://127.0.0.1:1/jwks", "http://127.0.0.1:2"),
              IsOk());
  EXPECT_THAT(
      CheckKeysUrl("http://127.0.0.1/jwks", "https://issuer.example.com"),
      StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(
      CheckKeysUrl("http://issuer.example.com/jwks", "http://127.0.0.1:2"),
      StatusIs(StatusCode::kInvalidArgument));
  for (const char* url : {"https://b\xc3\xbc"
                          "cher.example",
                          "", "/jwks", "file:///etc/passwd", "data:,{}",
                          "https://user@keys.example.net", "https://k#f"}) {
    EXPECT_THAT(CheckKeysUrl(url, "http://127.0.0.1:2"),
                StatusIs(StatusCode::kInvalidArgument))
        << url;
  }
}

TEST(MetadataUrls, FollowsBothStandards) {
  EXPECT_THAT(
      MetadataUrls("https://example.com"),
      ElementsAre(
          "https://example.com/.well-known/openid-configuration",
          "https://example.com/.well-known/oauth-authorization-server"));
  EXPECT_THAT(
      MetadataUrls("https://example.com/issuer1"),
      ElementsAre(
          "https://example.com/issuer1/.well-known/openid-configuration",
          "https://example.com/.well-known/oauth-authorization-server/"
          "issuer1"));
}

TEST(MetadataUrls, DropsTheLastSlash) {
  EXPECT_EQ(MetadataUrls("https://example.com/"),
            MetadataUrls("https://example.com"));
  EXPECT_EQ(MetadataUrls("http://127.0.0.1:3000/a/b/"),
            MetadataUrls("http://127.0.0.1:3000/a/b"));
}

}  // namespace
}  // namespace signet::oauth
