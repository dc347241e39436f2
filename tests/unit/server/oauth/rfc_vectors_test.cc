// SPDX-License-Identifier: Apache-2.0
//
// The signed examples of the standards, through the parts that a token takes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/oauth/base64url.h"
#include "server/oauth/jose_header.h"
#include "server/oauth/jwk.h"
#include "server/oauth/jwk_set.h"
#include "server/oauth/jwt.h"
#include "tests/support/status_matchers.h"

namespace signet::oauth {
namespace {

constexpr char kClaims[] =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

// RFC 7515 appendix A.2.
constexpr char kRs256Jwk[] =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W2)"
    R"(6mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_Yp)"
    R"(RPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs)"
    R"(LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_)"
    R"(I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h)"
    R"(4FRWyuXpoQ","e":"AQAB"})";
constexpr char kRs256Header[] = "eyJhbGciOiJSUzI1NiJ9";
constexpr char kRs256Signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
    "p0igcN_IoypGlUPQGe77Rw";

// RFC 7515 appendix A.3.
constexpr char kEs256Jwk[] =
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})";
constexpr char kEs256Header[] = "eyJhbGciOiJFUzI1NiJ9";
constexpr char kEs256Signature[] =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
    "pmWQxfKTUJqPP3-Kg6NU1Q";

// RFC 8037 appendix A.
constexpr char kEdDsaJwk[] =
    R"({"kty":"OKP","crv":"Ed25519",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr char kEdDsaSigningInput[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
constexpr char kEdDsaSignature[] =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
    "hVsPt9g7sVvpAr_MuM0KAg";

bool Verifies(const Jwk& jwk, std::string_view input,
              std::string_view signature) {
  const std::string bytes = DecodeBase64Url(signature).value();
  return jwk.key->Verify(
      jwk.algorithm, input,
      std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

struct Vector {
  const char* name;
  const char* jwk;
  std::string signing_input;
  const char* signature;
};

class RfcVector : public testing::TestWithParam<Vector> {};

TEST_P(RfcVector, Verifies) {
  const Vector& vector = GetParam();
  const absl::StatusOr<Jwk> jwk = ParseJwk(ParseJson(vector.jwk).value());
  ASSERT_THAT(jwk, IsOk());
  EXPECT_TRUE(Verifies(*jwk, vector.signing_input, vector.signature));

  std::string altered = vector.signing_input;
  altered.back() ^= 1;
  EXPECT_FALSE(Verifies(*jwk, altered, vector.signature));
}

INSTANTIATE_TEST_SUITE_P(
    , RfcVector,
    testing::Values(
        Vector{"Rfc7515A2", kRs256Jwk,
               std::string(kRs256Header) + "." + kClaims, kRs256Signature},
        Vector{"Rfc7515A3", kEs256Jwk,
               std::string(kEs256Header) + "." + kClaims, kEs256Signature},
        Vector{"Rfc8037A4", kEdDsaJwk, kEdDsaSigningInput, kEdDsaSignature}),
    [](const auto& info) { return info.param.name; });

TEST(RfcVectors, Rfc7515A2IsAJwtWhoseTypeIsMissing) {
  const absl::StatusOr<Jwt> jwt = ParseJwt(std::string(kRs256Header) + "." +
                                           kClaims + "." + kRs256Signature);
  ASSERT_THAT(jwt, IsOk());
  EXPECT_EQ(jwt->claims["iss"], "joe");
  EXPECT_EQ(jwt->claims["exp"], 1300819380);
  EXPECT_EQ(jwt->claims["http://example.com/is_root"], true);
  EXPECT_THAT(ReadJoseHeader(jwt->header),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

// RFC 7515 appendices A.1 (HS256) and A.5 (none).
TEST(RfcVectors, SymmetricAndUnsecuredAreNoAlgorithmsOfOurs) {
  for (const char* header :
       {"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJub25lIn0"}) {
    const absl::StatusOr<Jwt> jwt =
        ParseJwt(std::string(header) + "." + kClaims + ".");
    ASSERT_THAT(jwt, IsOk());
    Json with_type = jwt->header;
    with_type["typ"] = "at+jwt";
    EXPECT_THAT(ReadJoseHeader(with_type),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

// RFC 7517 appendix A.1: one key for encryption, one for signatures.
TEST(RfcVectors, Rfc7517A1HasOneKeyToVerifyWith) {
  const absl::StatusOr<JwkSet> set = JwkSet::Parse(
      R"({"keys":[{"kty":"EC","crv":"P-256",)"
      R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
      R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",)"
      R"("use":"enc","kid":"1"},{"kty":"RSA",)"
      R"("n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86)"
      R"(zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4)"
      R"(Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs)"
      R"(8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQ)"
      R"(Fh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJz)"
      R"(KnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}]})");
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->size(), 1);
  EXPECT_THAT(set->Find({"2011-04-29", crypto::SignatureAlgorithm::kRs256}),
              testing::NotNull());
  EXPECT_THAT(set->Find({"1", crypto::SignatureAlgorithm::kEs256}),
              testing::IsNull());
}

}  // namespace
}  // namespace signet::oauth
