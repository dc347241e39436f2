// SPDX-License-Identifier: Apache-2.0
//
// Forgeries: each is a good token but for one thing.
#include "server/oauth/oauth_authenticator.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "crypto/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/oauth/oauth_options.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/good_token.h"
#include "tests/unit/server/oauth/fake_key_source.h"

namespace signet::oauth {
namespace {

using absl::StatusCode;
// The issuer's keys. Each kind's key id is its algorithm's name.
const JwtSigner& Rs() {
  static const JwtSigner signer(JwtSigner::Kind::kRs256);
  return signer;
}
const JwtSigner& Ps() {
  static const JwtSigner signer(JwtSigner::Kind::kPs256);
  return signer;
}
const JwtSigner& Es() {
  static const JwtSigner signer(JwtSigner::Kind::kEs256);
  return signer;
}
const JwtSigner& Es384() {
  static const JwtSigner signer(JwtSigner::Kind::kEs384);
  return signer;
}
const JwtSigner& Ed() {
  static const JwtSigner signer(JwtSigner::Kind::kEdDsa);
  return signer;
}

std::string IssuerKeySet() {
  Json set = Json::object();
  set["keys"] = Json::array();
  for (const JwtSigner* signer : {&Rs(), &Ps(), &Es(), &Es384(), &Ed()}) {
    set["keys"].push_back(signer->PublicJwk(signer->algorithm()));
  }
  return set.dump();
}

Json HeaderOf(const JwtSigner& signer) {
  return {{"typ", "at+jwt"},
          {"alg", signer.algorithm()},
          {"kid", signer.algorithm()}};
}

std::string Good(const JwtSigner& signer) {
  return signer.Token(HeaderOf(signer).dump(), identity::GoodClaims().dump());
}

// A token of `signer` whose header has been changed before signing.
std::string WithHeader(const JwtSigner& signer, std::string_view changes) {
  Json header = HeaderOf(signer);
  header.update(ParseJson(changes).value());
  return signer.Token(header.dump(), identity::GoodClaims().dump());
}

// What the signature of a token with good claims would be over.
std::string SigningInput(const Json& header) {
  return absl::StrCat(Base64Url(header.dump()), ".",
                      Base64Url(identity::GoodClaims().dump()));
}

class OauthAuthenticatorTest : public testing::Test {
 protected:
  explicit OauthAuthenticatorTest(
      OauthOptions options = identity::GoodOptions())
      : keys_(new FakeKeySource(IssuerKeySet())),
        authenticator_(options, std::unique_ptr<KeySource>(keys_), &logger_) {}

  absl::StatusOr<identity::Principal> Authenticate(
      std::string_view token, absl::Time now = identity::TokenTime()) {
    absl::StatusOr<identity::Principal> result =
        absl::UnknownError("never called");
    int calls = 0;
    authenticator_.Authenticate(
        token, now, [&](absl::StatusOr<identity::Principal> outcome) {
          result = std::move(outcome);
          ++calls;
        });
    EXPECT_EQ(calls, 1);
    return result;
  }

  RecordingLogger logger_;
  FakeKeySource* const keys_;  // Owned by authenticator_.
  OauthAuthenticator authenticator_;
};

TEST_F(OauthAuthenticatorTest, TakesAllFiveAlgorithms) {
  for (const JwtSigner* signer : {&Rs(), &Ps(), &Es(), &Es384(), &Ed()}) {
    const absl::StatusOr<identity::Principal> user =
        Authenticate(Good(*signer));
    ASSERT_THAT(user, IsOk()) << signer->algorithm();
    EXPECT_EQ(user->oauth_subject, identity::kSubject);
  }
  EXPECT_THAT(logger_.lines(), testing::IsEmpty());
}

TEST_F(OauthAuthenticatorTest, WithoutKeyIdOneKeyMustFit) {
  Json header = HeaderOf(Ed());
  header.erase("kid");
  EXPECT_THAT(
      Authenticate(Ed().Token(header.dump(), identity::GoodClaims().dump())),
      IsOk());
}

struct Forgery {
  const char* name;
  std::function<std::string()> token;
};

class OauthForgery : public OauthAuthenticatorTest,
                     public testing::WithParamInterface<Forgery> {};

TEST_P(OauthForgery, IsRefusedLikeAnyOther) {
  const absl::StatusOr<identity::Principal> user =
      Authenticate(GetParam().token());
  EXPECT_THAT(user, ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_EQ(user.status(), Authenticate("a.b.c").status());
}

// An HMAC under the issuer's public key, as a verifier would make that takes
// the algorithm from the token and the key from the set (RFC 8725 section 2.1).
std::string HmacUnder(const Json& header, const std::string& key) {
  const std::string input = SigningInput(header);
  const crypto::Sha256Digest mac = crypto::HmacSha256(
      {reinterpret_cast<const uint8_t*>(key.data()), key.size()}, input);
  return absl::StrCat(
      input, ".",
      Base64Url({reinterpret_cast<const char*>(mac.data()), mac.size()}));
}

std::string Unsigned(const char* alg) {
  Json header = HeaderOf(Rs());
  header["alg"] = alg;
  return SigningInput(header) + ".";
}

// The good token of `signer`, with its claims exchanged after signing.
std::string Altered(const JwtSigner& signer) {
  const std::string token = Good(signer);
  Json claims = identity::GoodClaims();
  claims["sub"] = "root";
  return absl::StrCat(token.substr(0, token.find('.')), ".",
                      Base64Url(claims.dump()), ".",
                      token.substr(token.rfind('.') + 1));
}

std::string Headed(std::string_view header) {
  return Rs().Token(header, identity::GoodClaims().dump());
}

const JwtSigner& Stranger() {
  static const JwtSigner signer(JwtSigner::Kind::kRs256);
  return signer;
}

INSTANTIATE_TEST_SUITE_P(
    Algorithm, OauthForgery,
    testing::Values(
        Forgery{"None", [] { return Unsigned("none"); }},
        Forgery{"NoneCapital", [] { return Unsigned("None"); }},
        Forgery{"NoneMixed", [] { return Unsigned("nOnE"); }},
        Forgery{"NoneWithTheRealSignature",
                [] { return WithHeader(Rs(), R"({"alg":"none"})"); }},
        Forgery{"UnsignedRs256", [] { return Unsigned("RS256"); }},
        Forgery{"UnsignedEs256", [] { return Unsigned("ES256"); }},
        Forgery{"Hs256UnderModulus",
                [] {
                  return HmacUnder(
                      {{"typ", "at+jwt"}, {"alg", "HS256"}, {"kid", "RS256"}},
                      Rs().PublicJwk("")["n"].get<std::string>());
                }},
        Forgery{"Hs256UnderJwk",
                [] {
                  return HmacUnder(
                      {{"typ", "at+jwt"}, {"alg", "HS256"}, {"kid", "RS256"}},
                      Rs().PublicJwk("RS256").dump());
                }},
        Forgery{"Hs256SignatureAsRs256",
                [] { return HmacUnder(HeaderOf(Rs()), ""); }},
        Forgery{"RsKeyAsPs",
                [] {
                  return WithHeader(Rs(), R"({"alg":"PS256","kid":"RS256"})");
                }},
        Forgery{"PsKeyAsRs",
                [] {
                  return WithHeader(Ps(), R"({"alg":"RS256","kid":"PS256"})");
                }},
        Forgery{"RsSignatureNamedEs",
                [] { return WithHeader(Rs(), R"({"alg":"ES256"})"); }},
        Forgery{"RsSignatureForEsKey",
                [] {
                  return WithHeader(Rs(), R"({"alg":"ES256","kid":"ES256"})");
                }},
        Forgery{"EsSignatureForRsKey",
                [] {
                  return WithHeader(Es(), R"({"alg":"RS256","kid":"RS256"})");
                }},
        Forgery{"P256SignatureForP384Key",
                [] {
                  return WithHeader(Es(), R"({"alg":"ES384","kid":"ES384"})");
                }}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Key, OauthForgery,
    testing::Values(
        Forgery{"Stranger",
                [] {
                  return Stranger().Token(HeaderOf(Rs()).dump(),
                                          identity::GoodClaims().dump());
                }},
        Forgery{"EmbeddedKey",
                [] {
                  Json header = HeaderOf(Stranger());
                  header["jwk"] = Stranger().PublicJwk("RS256");
                  return Stranger().Token(header.dump(),
                                          identity::GoodClaims().dump());
                }},
        Forgery{"EmbeddedKeyOfTheIssuer",
                [] {
                  Json header = HeaderOf(Rs());
                  header["jwk"] = Rs().PublicJwk("RS256");
                  return Rs().Token(header.dump(),
                                    identity::GoodClaims().dump());
                }},
        Forgery{"KeySetUrl",
                [] { return WithHeader(Rs(), R"({"jku":"https://e/"})"); }},
        Forgery{"CertificateUrl",
                [] { return WithHeader(Rs(), R"({"x5u":"https://e/"})"); }},
        Forgery{"Certificate",
                [] { return WithHeader(Rs(), R"({"x5c":["MIIB"]})"); }},
        Forgery{"Critical",
                [] { return WithHeader(Rs(), R"({"crit":["exp"]})"); }},
        Forgery{"KidUnknown",
                [] { return WithHeader(Rs(), R"({"kid":"other"})"); }},
        Forgery{"KidEmpty", [] { return WithHeader(Rs(), R"({"kid":""})"); }},
        Forgery{"KidOfAnotherKind",
                [] { return WithHeader(Rs(), R"({"kid":"ES256"})"); }},
        Forgery{"KidPath",
                [] {
                  return WithHeader(Rs(),
                                    R"({"kid":"../../../../../../dev/null"})");
                }},
        Forgery{"KidSql",
                [] {
                  return WithHeader(Rs(),
                                    R"({"kid":"x' UNION SELECT 'key' -- "})");
                }},
        Forgery{"KidCommand",
                [] { return WithHeader(Rs(), R"({"kid":"$(id)|id"})"); }},
        Forgery{"KidNul",
                [] { return WithHeader(Rs(), R"({"kid":"RS256\u0000"})"); }},
        Forgery{"KidArray",
                [] { return WithHeader(Rs(), R"({"kid":["RS256"]})"); }}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Text, OauthForgery,
    testing::Values(
        Forgery{"AlteredRs", [] { return Altered(Rs()); }},
        Forgery{"AlteredPs", [] { return Altered(Ps()); }},
        Forgery{"AlteredEs", [] { return Altered(Es()); }},
        Forgery{"AlteredEs384", [] { return Altered(Es384()); }},
        Forgery{"AlteredEd", [] { return Altered(Ed()); }},
        Forgery{"Cut", [] { return Good(Rs()).substr(0, 400); }},
        Forgery{"SignatureCut",
                [] {
                  std::string token = Good(Ed());
                  token.resize(token.size() - 4);
                  return token;
                }},
        Forgery{"SignaturePadded", [] { return Good(Rs()) + "=="; }},
        Forgery{"TrailingDot", [] { return Good(Rs()) + "."; }},
        Forgery{"FourthPart", [] { return Good(Rs()) + ".AAAA"; }},
        Forgery{"SignatureZeroEs",
                [] {
                  return absl::StrCat(SigningInput(HeaderOf(Es())), ".",
                                      Base64Url(std::string(64, '\0')));
                }},
        Forgery{"DuplicateAlg",
                [] {
                  return Headed(R"({"alg":"none","typ":"at+jwt",)"
                                R"("kid":"RS256","alg":"RS256"})");
                }},
        Forgery{"HeaderWithComment",
                [] {
                  return Headed(R"({"alg":"RS256",/**/"typ":"at+jwt",)"
                                R"("kid":"RS256"})");
                }},
        Forgery{"DuplicateSubject",
                [] {
                  std::string claims = identity::GoodClaims().dump();
                  claims.back() = ',';
                  return Rs().Token(HeaderOf(Rs()).dump(),
                                    claims + R"("sub":"root"})");
                }},
        Forgery{"IdToken",
                [] { return WithHeader(Rs(), R"({"typ":"JWT"})"); }}),
    [](const auto& info) { return info.param.name; });

TEST_F(OauthAuthenticatorTest, WhatATokenAloneDecidesNeedsNoIssuer) {
  keys_->down = true;
  const std::string good = Good(Rs());
  EXPECT_THAT(Authenticate(good, identity::TokenTime() + absl::Hours(1)),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(Authenticate(Unsigned("none")),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_EQ(keys_->queries, 0);

  const absl::StatusOr<identity::Principal> user = Authenticate(good);
  EXPECT_THAT(user, ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  EXPECT_EQ(GetErrorDetail(user.status()).retry_after, absl::Seconds(7));
}

TEST_F(OauthAuthenticatorTest, TellsTheLogWhyAndNothingOfTheToken) {
  Json claims = identity::GoodClaims();
  claims["iss"] = "canary";
  EXPECT_FALSE(
      Authenticate(Rs().Token(HeaderOf(Rs()).dump(), claims.dump())).ok());
  const std::vector<RecordingLogger::Line> lines = logger_.lines();
  ASSERT_EQ(lines.size(), 1);
  EXPECT_EQ(lines[0].fields.at("why"),
            "iss: want the issuer of --oauth_issuer");
}

class OauthScopeTest : public OauthAuthenticatorTest {
 protected:
  static OauthOptions Options() {
    OauthOptions options = identity::GoodOptions();
    options.required_scope = "signet";
    return options;
  }
  OauthScopeTest() : OauthAuthenticatorTest(Options()) {}
};

TEST_F(OauthScopeTest, MissingScopeIsToldOnlyToWhoHoldsAGoodToken) {
  EXPECT_THAT(Authenticate(Good(Rs())),
              ErrorIs(StatusCode::kPermissionDenied, "INSUFFICIENT_SCOPE"));
  EXPECT_THAT(Authenticate(Altered(Rs())),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_THAT(logger_.lines(), testing::SizeIs(1));
}

}  // namespace
}  // namespace signet::oauth
