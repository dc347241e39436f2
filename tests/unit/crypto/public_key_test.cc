// SPDX-License-Identifier: Apache-2.0
#include "crypto/public_key.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/crypto/signature_vectors.h"

namespace signet::crypto {
namespace {

using ByteVector = std::vector<uint8_t>;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr SignatureAlgorithm kAllAlgorithms[] = {
    SignatureAlgorithm::kRs256, SignatureAlgorithm::kPs256,
    SignatureAlgorithm::kEs256, SignatureAlgorithm::kEs384,
    SignatureAlgorithm::kEdDsa};

ByteVector FromBase64Url(std::string_view text) {
  std::string bytes;
  EXPECT_TRUE(absl::WebSafeBase64Unescape(
      absl::string_view(text.data(), text.size()), &bytes));
  return ByteVector(bytes.begin(), bytes.end());
}

ByteVector BytesFromHex(std::string_view text) {
  const std::string bytes =
      absl::HexStringToBytes(absl::string_view(text.data(), text.size()));
  return ByteVector(bytes.begin(), bytes.end());
}

const ByteVector kF4 = {0x01, 0x00, 0x01};

std::unique_ptr<PublicKey> Rsa(std::string_view modulus) {
  return *PublicKey::FromRsa(FromBase64Url(modulus), kF4);
}
std::unique_ptr<PublicKey> Ec(EcCurve curve, std::string_view x,
                              std::string_view y) {
  return *PublicKey::FromEc(curve, FromBase64Url(x), FromBase64Url(y));
}
std::unique_ptr<PublicKey> Ed25519(std::string_view key) {
  return *PublicKey::FromEd25519(FromBase64Url(key));
}

// --- The standards' own examples --------------------------------------------

struct Example {
  std::string name;
  std::shared_ptr<PublicKey> key;
  SignatureAlgorithm algorithm;
  std::string message;
  std::string signature;
};

std::vector<Example> Examples() {
  return {
      {"Rfc7515A2Rs256",
       Rsa("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-"
           "Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6"
           "b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-K"
           "XBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5I"
           "hlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h"
           "4FRWyuXpoQ"),
       SignatureAlgorithm::kRs256,
       "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogI"
       "mh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
       "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4"
       "Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
       "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn"
       "6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI"
       "8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
      {"Rfc7515A3Es256",
       Ec(EcCurve::kP256, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
          "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
       SignatureAlgorithm::kEs256,
       "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogI"
       "mh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
       "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfK"
       "TUJqPP3-Kg6NU1Q"},
      {"Rfc8037A4EdDsa", Ed25519("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
       SignatureAlgorithm::kEdDsa,
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g"
       "7sVvpAr_MuM0KAg"}};
}

class StandardExample : public testing::TestWithParam<Example> {};

TEST_P(StandardExample, Verifies) {
  const Example& p = GetParam();
  EXPECT_TRUE(
      p.key->Verify(p.algorithm, p.message, FromBase64Url(p.signature)));
}

TEST_P(StandardExample, NoBitOfTheSignatureMayChange) {
  const Example& p = GetParam();
  const ByteVector good = FromBase64Url(p.signature);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    ByteVector bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(p.key->Verify(p.algorithm, p.message, bad)) << bit;
  }
}

TEST_P(StandardExample, NoByteOfTheMessageMayChange) {
  const Example& p = GetParam();
  const ByteVector signature = FromBase64Url(p.signature);
  for (size_t i = 0; i < p.message.size(); ++i) {
    std::string bad = p.message;
    bad[i] ^= 1;
    EXPECT_FALSE(p.key->Verify(p.algorithm, bad, signature)) << i;
  }
  EXPECT_FALSE(p.key->Verify(p.algorithm, "", signature));
  EXPECT_FALSE(p.key->Verify(p.algorithm, p.message + '\0', signature));
}

TEST_P(StandardExample, NoOtherAlgorithmWillDo) {
  const Example& p = GetParam();
  for (const SignatureAlgorithm algorithm : kAllAlgorithms) {
    EXPECT_EQ(p.key->Verify(algorithm, p.message, FromBase64Url(p.signature)),
              algorithm == p.algorithm);
  }
}

INSTANTIATE_TEST_SUITE_P(Jose, StandardExample, testing::ValuesIn(Examples()),
                         [](const auto& info) { return info.param.name; });

// --- Signatures of a second implementation, and forgeries -------------------

class RsaSignature : public testing::TestWithParam<SignatureVector> {};
TEST_P(RsaSignature, IsJudgedRight) {
  EXPECT_EQ(Rsa(kRsaModulus)
                ->Verify(GetParam().algorithm, kMessage,
                         FromBase64Url(GetParam().signature)),
            GetParam().good);
}

class P256Signature : public testing::TestWithParam<SignatureVector> {};
TEST_P(P256Signature, IsJudgedRight) {
  EXPECT_EQ(Ec(EcCurve::kP256, kP256X, kP256Y)
                ->Verify(GetParam().algorithm, kMessage,
                         FromBase64Url(GetParam().signature)),
            GetParam().good);
}

class P384Signature : public testing::TestWithParam<SignatureVector> {};
TEST_P(P384Signature, IsJudgedRight) {
  EXPECT_EQ(Ec(EcCurve::kP384, kP384X, kP384Y)
                ->Verify(GetParam().algorithm, kMessage,
                         FromBase64Url(GetParam().signature)),
            GetParam().good);
}

class Ed25519Signature : public testing::TestWithParam<SignatureVector> {};
TEST_P(Ed25519Signature, IsJudgedRight) {
  EXPECT_EQ(Ed25519(kEd25519Key)
                ->Verify(GetParam().algorithm, kMessage,
                         FromBase64Url(GetParam().signature)),
            GetParam().good);
}

std::string NameOf(const testing::TestParamInfo<SignatureVector>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Made, RsaSignature, testing::ValuesIn(kRsaVectors),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Made, P256Signature, testing::ValuesIn(kP256Vectors),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Made, P384Signature, testing::ValuesIn(kP384Vectors),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Made, Ed25519Signature,
                         testing::ValuesIn(kEd25519Vectors), NameOf);

TEST(PublicKey, SupportsOnlyItsOwnAlgorithms) {
  const auto supported = [](const PublicKey& key) {
    std::vector<SignatureAlgorithm> algorithms;
    for (const SignatureAlgorithm algorithm : kAllAlgorithms) {
      if (key.Supports(algorithm)) algorithms.push_back(algorithm);
    }
    return algorithms;
  };
  using A = SignatureAlgorithm;
  using List = std::vector<SignatureAlgorithm>;
  EXPECT_EQ(supported(*Rsa(kRsaModulus)), (List{A::kRs256, A::kPs256}));
  EXPECT_EQ(supported(*Ec(EcCurve::kP256, kP256X, kP256Y)), List{A::kEs256});
  EXPECT_EQ(supported(*Ec(EcCurve::kP384, kP384X, kP384Y)), List{A::kEs384});
  EXPECT_EQ(supported(*Ed25519(kEd25519Key)), List{A::kEdDsa});
}

TEST(PublicKey, AnotherKeyDoesNotVerify) {
  const std::string a2 = Examples()[0].signature;
  EXPECT_FALSE(Rsa(kRsaModulus)
                   ->Verify(SignatureAlgorithm::kRs256, Examples()[0].message,
                            FromBase64Url(a2)));
}

// --- Keys -------------------------------------------------------------------

// An odd number of exactly `bits` bits. At 2048, 3071 and 8192 it has no factor
// below 10,000.
ByteVector Modulus(size_t bits) {
  ByteVector bytes((bits + 7) / 8, 0x03);
  bytes.front() = static_cast<uint8_t>(1 << (bits + 7) % 8);
  bytes.back() |= 1;
  return bytes;
}

TEST(FromRsa, TakesSizesWithinTheLimits) {
  EXPECT_THAT(PublicKey::FromRsa(Modulus(2048), kF4), IsOk());
  EXPECT_THAT(PublicKey::FromRsa(Modulus(3071), kF4), IsOk());
  EXPECT_THAT(PublicKey::FromRsa(Modulus(8192), kF4), IsOk());
}

TEST(FromRsa, RefusesOtherSizes) {
  for (const size_t bits : {8u, 512u, 1024u, 2040u, 2047u, 8193u, 16384u}) {
    EXPECT_THAT(PublicKey::FromRsa(Modulus(bits), kF4), StatusIs(kInvalid))
        << bits;
  }
  EXPECT_THAT(PublicKey::FromRsa({}, kF4), StatusIs(kInvalid));
}

TEST(FromRsa, RefusesAnEvenModulusAndLeadingZeros) {
  ByteVector even = Modulus(2048);
  even.back() &= 0xFE;
  EXPECT_THAT(PublicKey::FromRsa(even, kF4), StatusIs(kInvalid));
  ByteVector padded = Modulus(2048);
  padded.insert(padded.begin(), 0);
  EXPECT_THAT(PublicKey::FromRsa(padded, kF4), StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromRsa(Modulus(2048), ByteVector{0, 1, 0, 1}),
              StatusIs(kInvalid));
}

TEST(FromRsa, LimitsTheExponent) {
  for (const ByteVector& good :
       {ByteVector{0x01, 0x00, 0x01}, ByteVector{0x01, 0x00, 0x03},
        ByteVector{0x01, 0xFF, 0xFF, 0xFF, 0xFF}}) {
    EXPECT_THAT(PublicKey::FromRsa(Modulus(2048), good), IsOk());
  }
  for (const ByteVector& bad :
       {ByteVector{}, ByteVector{0}, ByteVector{1}, ByteVector{3},
        ByteVector{17}, ByteVector{0xFF, 0xFF},
        ByteVector{0x01, 0x00, 0x00},              // Even.
        ByteVector{0x02, 0x00, 0x00, 0x00, 0x00},  // 2^33
        ByteVector{0x02, 0x00, 0x00, 0x00, 0x01},  // Over it.
        ByteVector(8, 0xFF), ByteVector(9, 0x01), ByteVector(256, 0xFF)}) {
    EXPECT_THAT(PublicKey::FromRsa(Modulus(2048), bad), StatusIs(kInvalid))
        << bad.size();
  }
}

TEST(FromRsa, AModulusThatIsNoKeyVerifiesNothing) {
  const auto key = PublicKey::FromRsa(Modulus(2048), kF4);
  ASSERT_THAT(key, IsOk());
  for (const SignatureVector& vector : kRsaVectors) {
    EXPECT_FALSE((*key)->Verify(vector.algorithm, kMessage,
                                FromBase64Url(vector.signature)));
  }
}

TEST(FromEc, RefusesCoordinatesOfAnotherSize) {
  const ByteVector x = FromBase64Url(kP256X);
  const ByteVector y = FromBase64Url(kP256Y);
  ByteVector longer = x;
  longer.insert(longer.begin(), 0);
  const ByteVector shorter(x.begin() + 1, x.end());
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP256, x, y), IsOk());
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP384, x, y), StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP256, longer, y), StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP256, shorter, y),
              StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP256, x, {}), StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP256, {}, {}), StatusIs(kInvalid));
}

TEST(FromEc, RefusesWhatIsNotOnTheCurve) {
  for (const auto& [curve, x_text, y_text] :
       {std::tuple(EcCurve::kP256, kP256X, kP256Y),
        std::tuple(EcCurve::kP384, kP384X, kP384Y)}) {
    const ByteVector x = FromBase64Url(x_text);
    const ByteVector y = FromBase64Url(y_text);
    ByteVector off = y;
    off.back() ^= 1;
    EXPECT_THAT(PublicKey::FromEc(curve, x, off), StatusIs(kInvalid));
    EXPECT_THAT(PublicKey::FromEc(curve, y, x), StatusIs(kInvalid));
    EXPECT_THAT(
        PublicKey::FromEc(curve, ByteVector(x.size()), ByteVector(x.size())),
        StatusIs(kInvalid));
    // Not below the prime of the field.
    EXPECT_THAT(PublicKey::FromEc(curve, ByteVector(x.size(), 0xFF), y),
                StatusIs(kInvalid));
  }
}

// A point with x = 5 exists, and 5 + p still fits 32 bytes. That names the same
// point, so one key would have two spellings.
TEST(FromEc, RefusesACoordinateThatWrapsAround) {
  const ByteVector y = BytesFromHex(
      "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
  ByteVector five(32);
  five.back() = 5;
  EXPECT_THAT(PublicKey::FromEc(EcCurve::kP256, five, y), IsOk());
  EXPECT_THAT(
      PublicKey::FromEc(
          EcCurve::kP256,
          BytesFromHex(
              "ffffffff00000001000000000000000000000001000000000000000000"
              "000004"),
          y),
      StatusIs(kInvalid));
}

TEST(FromEd25519, TakesThirtyTwoBytes) {
  EXPECT_THAT(PublicKey::FromEd25519(ByteVector(31)), StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromEd25519(ByteVector(33)), StatusIs(kInvalid));
  EXPECT_THAT(PublicKey::FromEd25519({}), StatusIs(kInvalid));
}

TEST(FromEd25519, BytesThatAreNoPointVerifyNothing) {
  ByteVector two(32);  // No x goes with y = 2.
  two.front() = 2;
  const auto key = PublicKey::FromEd25519(two);
  ASSERT_THAT(key, IsOk());
  for (const SignatureVector& vector : kEd25519Vectors) {
    EXPECT_FALSE((*key)->Verify(vector.algorithm, kMessage,
                                FromBase64Url(vector.signature)));
  }
}

}  // namespace
}  // namespace signet::crypto
