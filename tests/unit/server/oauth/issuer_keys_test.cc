// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/issuer_keys.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/good_token.h"
#include "tests/unit/server/oauth/fake_http_client.h"

namespace signet::oauth {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr char kMetadataUrl[] =
    "https://issuer.example.com/.well-known/openid-configuration";
constexpr char kOauthMetadataUrl[] =
    "https://issuer.example.com/.well-known/oauth-authorization-server";
constexpr char kKeysUrl[] = "https://issuer.example.com/jwks";

std::string KeySet() {
  static const JwtSigner signer(JwtSigner::Kind::kEdDsa);
  return signer.PublicJwkSet(identity::kKeyId);
}

class FetchIssuerKeysTest : public testing::Test {
 protected:
  FetchIssuerKeysTest() { web_.PutIssuer(identity::kIssuer, KeySet()); }

  absl::StatusOr<JwkSet> Fetch() {
    return FetchIssuerKeys(identity::kIssuer, client_);
  }

  FakeWeb web_;
  FakeHttpClient client_{&web_};
};

TEST_F(FetchIssuerKeysTest, FollowsTheMetadata) {
  const absl::StatusOr<JwkSet> keys = Fetch();
  ASSERT_THAT(keys, IsOk());
  EXPECT_EQ(keys->size(), 1);
  EXPECT_THAT(web_.requests(), ElementsAre(kMetadataUrl, kKeysUrl));
}

TEST_F(FetchIssuerKeysTest, FallsBackToRfc8414) {
  const std::string metadata = client_.Get(kMetadataUrl).value();
  web_.Put(kMetadataUrl, absl::NotFoundError("got status 404"));
  web_.Put(kOauthMetadataUrl, metadata);
  EXPECT_THAT(Fetch(), IsOk());
}

TEST_F(FetchIssuerKeysTest, AFailureIsNoReasonToLookElsewhere) {
  web_.Put(kOauthMetadataUrl, client_.Get(kMetadataUrl).value());
  web_.Put(kMetadataUrl, absl::UnavailableError("got status 302, want 200"));
  const absl::StatusOr<JwkSet> keys = Fetch();
  EXPECT_THAT(keys, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(keys.status().message(),
            "issuer metadata: got status 302, want 200");
}

TEST_F(FetchIssuerKeysTest, FailsWhereNothingIsFound) {
  web_.Put(kMetadataUrl, absl::NotFoundError("got status 404"));
  EXPECT_FALSE(Fetch().ok());
}

TEST_F(FetchIssuerKeysTest, IssuerMayTakeBackAllItsKeys) {
  for (const char* text : {R"({"keys":[]})", R"({"keys":[{"kty":"PQ"}]})",
                           R"({"keys":[{"kty":"oct","k":"AA"}]})"}) {
    web_.Put(kKeysUrl, text);
    const absl::StatusOr<JwkSet> keys = Fetch();
    ASSERT_THAT(keys, IsOk()) << text;
    EXPECT_EQ(keys->size(), 0);
  }
}

struct BadDocument {
  const char* name;
  const char* url;
  const char* text;
};

class FetchIssuerKeysBad : public FetchIssuerKeysTest,
                           public testing::WithParamInterface<BadDocument> {};

TEST_P(FetchIssuerKeysBad, IsRefusedWithoutEcho) {
  web_.Put(GetParam().url, GetParam().text);
  const absl::StatusOr<JwkSet> keys = Fetch();
  EXPECT_THAT(keys, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(std::string(keys.status().message()),
              AllOf(HasSubstr("issuer "), Not(HasSubstr("canary"))));
}

INSTANTIATE_TEST_SUITE_P(
    , FetchIssuerKeysBad,
    testing::Values(
        BadDocument{"MetadataHtml", kMetadataUrl, "<html>canary</html>"},
        BadDocument{"MetadataEmpty", kMetadataUrl, ""},
        BadDocument{"MetadataArray", kMetadataUrl, "[]"},
        BadDocument{"MetadataWithoutIssuer", kMetadataUrl,
                    R"({"jwks_uri":"https://issuer.example.com/jwks"})"},
        BadDocument{"IssuerOther", kMetadataUrl,
                    R"({"issuer":"https://canary.example.com",)"
                    R"("jwks_uri":"https://issuer.example.com/jwks"})"},
        BadDocument{"IssuerWithSlash", kMetadataUrl,
                    R"({"issuer":"https://issuer.example.com/",)"
                    R"("jwks_uri":"https://issuer.example.com/jwks"})"},
        BadDocument{"IssuerTwice", kMetadataUrl,
                    R"({"issuer":"https://canary.example.com",)"
                    R"("issuer":"https://issuer.example.com",)"
                    R"("jwks_uri":"https://issuer.example.com/jwks"})"},
        BadDocument{"KeysNowhere", kMetadataUrl,
                    R"({"issuer":"https://issuer.example.com"})"},
        BadDocument{"KeysNumber", kMetadataUrl,
                    R"({"issuer":"https://issuer.example.com","jwks_uri":1})"},
        BadDocument{"KeysByHttp", kMetadataUrl,
                    R"({"issuer":"https://issuer.example.com",)"
                    R"("jwks_uri":"http://canary.example.com/jwks"})"},
        BadDocument{"KeysInAFile", kMetadataUrl,
                    R"({"issuer":"https://issuer.example.com",)"
                    R"("jwks_uri":"file:///canary"})"},
        BadDocument{"KeySetHtml", kKeysUrl, "<html>canary</html>"},
        BadDocument{"KeySetEmpty", kKeysUrl, ""},
        BadDocument{"KeySetOther", kKeysUrl, R"({"canary":[]})"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::oauth
