// SPDX-License-Identifier: Apache-2.0
#include "server/identity/jose_header.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

Json Parsed(std::string_view text) { return ParseJson(text).value(); }

TEST(ReadJoseHeader, ReadsWhatItNeedsAndIgnoresTheRest) {
  const absl::StatusOr<JoseHeader> header = ReadJoseHeader(
      Parsed(R"({"alg":"ES384","typ":"application/AT+JWT","kid":"k",
                 "x5t":"AA","cty":"x","unknown":{"a":1}})"));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header->algorithm, SignatureAlgorithm::kEs384);
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
  EXPECT_EQ(ParseSignatureAlgorithm("RS256"), SignatureAlgorithm::kRs256);
  EXPECT_EQ(ParseSignatureAlgorithm("PS256"), SignatureAlgorithm::kPs256);
  EXPECT_EQ(ParseSignatureAlgorithm("ES256"), SignatureAlgorithm::kEs256);
  EXPECT_EQ(ParseSignatureAlgorithm("ES384"), SignatureAlgorithm::kEs384);
  EXPECT_EQ(ParseSignatureAlgorithm("EdDSA"), SignatureAlgorithm::kEdDsa);
  for (const char* name :
       {"",      "none",  "None",  "nOnE",   "HS256",    "HS384",  "HS512",
        "RS384", "RS512", "PS384", "PS512",  "ES512",    "ES256K", "Ed25519",
        "EDDSA", "eddsa", "rs256", "RS256 ", "RSA-OAEP", "dir"}) {
    EXPECT_EQ(ParseSignatureAlgorithm(name), std::nullopt) << name;
  }
}

struct Bad {
  const char* name;
  const char* member;  // Beside a good `alg` and `typ`, or in their stead.
};

class ReadJoseHeaderBad : public testing::TestWithParam<Bad> {};

TEST_P(ReadJoseHeaderBad, IsRefused) {
  Json header = Parsed(R"({"alg":"RS256","typ":"at+jwt","kid":"k"})");
  ASSERT_THAT(ReadJoseHeader(header), IsOk());
  header.update(Parsed(GetParam().member));
  EXPECT_THAT(ReadJoseHeader(header),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(
    , ReadJoseHeaderBad,
    testing::Values(
        Bad{"AlgNone", R"({"alg":"none"})"},
        Bad{"AlgHs256", R"({"alg":"HS256"})"},
        Bad{"AlgNumber", R"({"alg":256})"}, Bad{"AlgNull", R"({"alg":null})"},
        Bad{"AlgArray", R"({"alg":["RS256"]})"},
        Bad{"TypNumber", R"({"typ":1})"}, Bad{"TypNull", R"({"typ":null})"},
        Bad{"KidNumber", R"({"kid":1})"}, Bad{"KidNull", R"({"kid":null})"},
        Bad{"Jku", R"({"jku":"https://evil.example.com"})"},
        Bad{"Jwk", R"({"jwk":{"kty":"RSA"}})"},
        Bad{"JwkNull", R"({"jwk":null})"},
        Bad{"X5u", R"({"x5u":"https://evil.example.com"})"},
        Bad{"X5c", R"({"x5c":["AA"]})"},
        Bad{"CritUnknown", R"({"crit":["exp2"],"exp2":1})"},
        Bad{"CritB64", R"({"crit":["b64"],"b64":false})"},
        Bad{"CritEmpty", R"({"crit":[]})"}),
    [](const auto& info) { return info.param.name; });

TEST(ReadJoseHeader, WantsAlgAndTyp) {
  EXPECT_THAT(ReadJoseHeader(Parsed(R"({"typ":"at+jwt"})")),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadJoseHeader(Parsed(R"({"alg":"RS256"})")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet
