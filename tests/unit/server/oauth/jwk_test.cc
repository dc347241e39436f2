// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/jwk.h"

#include <functional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"

namespace signet::oauth {
namespace {

const JwtSigner& Rsa() {
  static const JwtSigner signer(JwtSigner::Kind::kRs256);
  return signer;
}
const JwtSigner& P256() {
  static const JwtSigner signer(JwtSigner::Kind::kEs256);
  return signer;
}
const JwtSigner& P384() {
  static const JwtSigner signer(JwtSigner::Kind::kEs384);
  return signer;
}
const JwtSigner& Ed25519() {
  static const JwtSigner signer(JwtSigner::Kind::kEdDsa);
  return signer;
}

TEST(ParseJwk, WithoutAlgMeansRs256OrTheCurvesOwn) {
  EXPECT_EQ(ParseJwk(Rsa().PublicJwk("k"))->algorithm,
            crypto::SignatureAlgorithm::kRs256);
  EXPECT_EQ(ParseJwk(P256().PublicJwk("k"))->algorithm,
            crypto::SignatureAlgorithm::kEs256);
  EXPECT_EQ(ParseJwk(P384().PublicJwk("k"))->algorithm,
            crypto::SignatureAlgorithm::kEs384);
  EXPECT_EQ(ParseJwk(Ed25519().PublicJwk("k"))->algorithm,
            crypto::SignatureAlgorithm::kEdDsa);
}

TEST(ParseJwk, AlgIsTheOnlyOne) {
  Json jwk = Rsa().PublicJwk("k");
  jwk["alg"] = "PS256";
  EXPECT_EQ(ParseJwk(jwk)->algorithm, crypto::SignatureAlgorithm::kPs256);
}

TEST(ParseJwk, KeyIdMayBeAbsent) {
  EXPECT_EQ(ParseJwk(Rsa().PublicJwk("k"))->key_id, "k");
  EXPECT_EQ(ParseJwk(Rsa().PublicJwk(""))->key_id, std::nullopt);
}

TEST(ParseJwk, TakesWhatSaysItIsForVerifying) {
  Json jwk = P256().PublicJwk("k");
  jwk["use"] = "sig";
  jwk["key_ops"] = {"verify", "sign"};
  jwk["x5t"] = "whatever";
  EXPECT_THAT(ParseJwk(jwk), IsOk());
}

TEST(ParseJwk, KeyVerifiesWhatItsOwnerSigned) {
  for (const JwtSigner* signer : {&Rsa(), &P256(), &P384(), &Ed25519()}) {
    const absl::StatusOr<Jwk> jwk = ParseJwk(signer->PublicJwk("k"));
    ASSERT_THAT(jwk, IsOk());
    const std::string signature = signer->Sign("message");
    const std::span<const uint8_t> bytes(
        reinterpret_cast<const uint8_t*>(signature.data()), signature.size());
    EXPECT_TRUE(jwk->key->Verify(jwk->algorithm, "message", bytes));
    EXPECT_FALSE(jwk->key->Verify(jwk->algorithm, "massage", bytes));
  }
}

struct BadJwk {
  const char* name;
  const JwtSigner& (*signer)();
  const char* change;
};

class ParseJwkBad : public testing::TestWithParam<BadJwk> {};

TEST_P(ParseJwkBad, IsRefused) {
  Json jwk = GetParam().signer().PublicJwk("k");
  ASSERT_THAT(ParseJwk(jwk), IsOk());
  jwk.update(ParseJson(GetParam().change).value());
  const absl::StatusOr<Jwk> key = ParseJwk(jwk);
  EXPECT_THAT(key, StatusIs(absl::StatusCode::kInvalidArgument));
  // The message is logged; nothing of the key may be in it.
  EXPECT_THAT(std::string(key.status().message()),
              testing::Not(testing::HasSubstr("canary")));
}

INSTANTIATE_TEST_SUITE_P(
    , ParseJwkBad,
    testing::Values(
        BadJwk{"UseEnc", &Rsa, R"({"use":"enc"})"},
        BadJwk{"UseNumber", &Rsa, R"({"use":1})"},
        BadJwk{"KeyOpsWithoutVerify", &Rsa, R"({"key_ops":["encrypt"]})"},
        BadJwk{"KeyOpsText", &Rsa, R"({"key_ops":"verify"})"},
        BadJwk{"KeyTypeUnknown", &Rsa, R"({"kty":"canary"})"},
        BadJwk{"KeyTypeOct", &Rsa, R"({"kty":"oct"})"},
        BadJwk{"KeyTypeInLowerCase", &Rsa, R"({"kty":"rsa"})"},
        BadJwk{"KeyTypeNull", &Rsa, R"({"kty":null})"},
        BadJwk{"RsaAsEc", &Rsa, R"({"kty":"EC"})"},
        BadJwk{"SymmetricKey", &Rsa, R"({"k":"canary"})"},
        BadJwk{"PrivateRsa", &Rsa, R"({"d":"canary"})"},
        BadJwk{"PrivateEc", &P256, R"({"d":"canary"})"},
        BadJwk{"PrivateEd25519", &Ed25519, R"({"d":"canary"})"},
        BadJwk{"PrivatePrime", &Rsa, R"({"p":"canary"})"},
        BadJwk{"AlgUnknown", &Rsa, R"({"alg":"canary"})"},
        BadJwk{"AlgNone", &Rsa, R"({"alg":"none"})"},
        BadJwk{"AlgHs256", &Rsa, R"({"alg":"HS256"})"},
        BadJwk{"AlgRs512", &Rsa, R"({"alg":"RS512"})"},
        BadJwk{"AlgOfAnotherKind", &Rsa, R"({"alg":"ES256"})"},
        BadJwk{"AlgOfAnotherCurve", &P256, R"({"alg":"ES384"})"},
        BadJwk{"KidNumber", &Rsa, R"({"kid":1})"},
        BadJwk{"ModulusAbsent", &Rsa, R"({"n":null})"},
        BadJwk{"ModulusShort", &Rsa, R"({"n":"rTAi"})"},
        BadJwk{"ModulusPadded", &Rsa, R"({"n":"canary=="})"},
        BadJwk{"ExponentThree", &Rsa, R"({"e":"Aw"})"},
        BadJwk{"ExponentEven", &Rsa, R"({"e":"AQAC"})"},
        BadJwk{"ExponentWithLeadingZero", &Rsa, R"({"e":"AAEAAQ"})"},
        BadJwk{"CurveUnknown", &P256, R"({"crv":"secp256k1"})"},
        BadJwk{"CurveP521", &P256, R"({"crv":"P-521"})"},
        BadJwk{"CurveOfAnotherSize", &P256, R"({"crv":"P-384"})"},
        BadJwk{"PointOffTheCurve", &P256,
               R"({"x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})"},
        BadJwk{"PointWithoutY", &P256, R"({"y":null})"},
        BadJwk{"Ed25519Short", &Ed25519, R"({"x":"AAAA"})"},
        BadJwk{"Ed448", &Ed25519, R"({"crv":"Ed448"})"},
        BadJwk{"X25519", &Ed25519, R"({"crv":"X25519"})"}),
    [](const auto& info) { return info.param.name; });

TEST(ParseJwk, RefusesAShortRsaKey) {
  const JwtSigner weak(JwtSigner::Kind::kRs256, 1024);
  EXPECT_THAT(ParseJwk(weak.PublicJwk("k")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::oauth
