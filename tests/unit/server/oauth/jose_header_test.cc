// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jose_header.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::oauth {
namespace {

Json Parsed(std::string_view text) { return ParseJson(text).value(); }

TEST(ReadJoseHeader, ReadsWhatItNeedsAndIgnoresTheRest) {
  const absl::StatusOr<JoseHeader> header = ReadJoseHeader(
      Parsed(R"({"alg":"ES384","typ":"application/AT+JWT","kid":"k",
                 "x5t":"AA","cty":"x","unknown":{"a":1}})"));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header->algorithm, crypto::SignatureAlgorithm::kEs384);
  EXPECT_EQ(header->type, "at+jwt");
  EXPECT_EQ(header->key_id, "k");
}

TEST(ReadJoseHeader, KeyIdMayBeAbsent) {
  const absl::StatusOr<JoseHeader> header =
      ReadJoseHeader(Parsed(R"({"alg":"RS256","typ":"JWT"})"));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header->key_id, std::nullopt);
  EXPECT_EQ(header->type, "jwt");
}

TEST(ParseSignatureAlgorithm, KnowsFiveNames) {
  EXPECT_EQ(ParseSignatureAlgorithm("RS256"),
            crypto::SignatureAlgorithm::kRs256);
  EXPECT_EQ(ParseSignatureAlgorithm("PS256"),
            crypto::SignatureAlgorithm::kPs256);
  EXPECT_EQ(ParseSignatureAlgorithm("ES256"),
            crypto::SignatureAlgorithm::kEs256);
  EXPECT_EQ(ParseSignatureAlgorithm("ES384"),
            crypto::SignatureAlgorithm::kEs384);
  EXPECT_EQ(ParseSignatureAlgorithm("EdDSA"),
            crypto::SignatureAlgorithm::kEdDsa);
  for (const char* name :
       {"",      "none",  "None",  "nOnE",   "HS256",    "HS384",  "HS512",
        "RS384", "RS512", "PS384", "PS512",  "ES512",    "ES256K", "Ed25519",
        "EDDSA", "eddsa", "rs256", "RS256 ", "RSA-OAEP", "dir"}) {
    EXPECT_EQ(ParseSignatureAlgorithm(name), std::nullopt) << name;
  }
}

struct BadHeader {
  const char* name;
  const char* member;  // Beside a good `alg` and `typ`, or in their stead.
};

class ReadJoseHeaderBad : public testing::TestWithParam<BadHeader> {};

TEST_P(ReadJoseHeaderBad, IsRefused) {
  Json header = Parsed(R"({"alg":"RS256","typ":"at+jwt","kid":"k"})");
  ASSERT_THAT(ReadJoseHeader(header), IsOk());
  header.update(Parsed(GetParam().member));
  EXPECT_THAT(ReadJoseHeader(header),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    , ReadJoseHeaderBad,
    testing::Values(BadHeader{"AlgNone", R"({"alg":"none"})"},
                    BadHeader{"AlgHs256", R"({"alg":"HS256"})"},
                    BadHeader{"AlgNumber", R"({"alg":256})"},
                    BadHeader{"AlgNull", R"({"alg":null})"},
                    BadHeader{"AlgArray", R"({"alg":["RS256"]})"},
                    BadHeader{"TypNumber", R"({"typ":1})"},
                    BadHeader{"TypNull", R"({"typ":null})"},
                    BadHeader{"KidNumber", R"({"kid":1})"},
                    BadHeader{"KidNull", R"({"kid":null})"},
                    BadHeader{"Jku", R"({"jku":"https://evil.example.com"})"},
                    BadHeader{"Jwk", R"({"jwk":{"kty":"RSA"}})"},
                    BadHeader{"JwkNull", R"({"jwk":null})"},
                    BadHeader{"X5u", R"({"x5u":"https://evil.example.com"})"},
                    BadHeader{"X5c", R"({"x5c":["AA"]})"},
                    BadHeader{"CritUnknown", R"({"crit":["exp2"],"exp2":1})"},
                    BadHeader{"CritB64", R"({"crit":["b64"],"b64":false})"},
                    BadHeader{"CritEmpty", R"({"crit":[]})"}),
    [](const auto& info) { return info.param.name; });

TEST(ReadJoseHeader, WantsAlgAndTyp) {
  EXPECT_THAT(ReadJoseHeader(Parsed(R"({"typ":"at+jwt"})")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadJoseHeader(Parsed(R"({"alg":"RS256"})")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::oauth
