// SPDX-License-Identifier: Apache-2.0
#include "crypto/digest.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace signet::crypto {
namespace {

std::string FromHex(std::string_view text) {
  return absl::HexStringToBytes(absl::string_view(text.data(), text.size()));
}

std::string ToHex(std::span<const uint8_t> bytes) {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// FIPS 180-4's examples.
TEST(Sha256, AgreesWithTheStandard) {
  EXPECT_EQ(ToHex(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      ToHex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

struct MacVector {
  std::string name;
  std::string key;
  std::string message;
  std::string mac;  // The first half only in case 5.
};

class Rfc4231 : public testing::TestWithParam<MacVector> {};

TEST_P(Rfc4231, Agrees) {
  const std::string mac =
      ToHex(HmacSha256(AsBytes(GetParam().key), GetParam().message));
  EXPECT_EQ(mac.substr(0, GetParam().mac.size()), GetParam().mac);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Rfc4231,
    testing::Values(
        MacVector{"Case1", std::string(20, '\x0b'), "Hi There",
                  "b0344c61d8db38535ca8afceaf0bf12b"
                  "881dc200c9833da726e9376c2e32cff7"},
        MacVector{"Case2", "Jefe", "what do ya want for nothing?",
                  "5bdcc146bf60754e6a042426089575c7"
                  "5a003f089d2739839dec58b964ec3843"},
        MacVector{"Case3", std::string(20, '\xaa'), std::string(50, '\xdd'),
                  "773ea91e36800e46854db8ebd09181a7"
                  "2959098b3ef8c122d9635514ced565fe"},
        MacVector{"Case4",
                  FromHex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
                  std::string(50, '\xcd'),
                  "82558a389a443c0ea4cc819899f2083a"
                  "85f0faa3e578f8077a2e3ff46729665b"},
        MacVector{"Case5", std::string(20, '\x0c'), "Test With Truncation",
                  "a3b6167473100ee06e0c796c2955552b"},
        MacVector{"Case6", std::string(131, '\xaa'),
                  "Test Using Larger Than Block-Size Key - Hash Key First",
                  "60e431591ee0b67f0d8a26aacbf5b77f"
                  "8e0bc6213728c5140546040f0ee37f54"},
        MacVector{"Case7", std::string(131, '\xaa'),
                  "This is a test using a larger than block-size key and a "
                  "larger than block-size data. The key needs to be hashed "
                  "before being used by the HMAC algorithm.",
                  "9b09ffa71b942fcb27635fbcd5b0e944"
                  "bfdc63644f0713938a7f51535c3a35e2"}),
    [](const auto& info) { return info.param.name; });

TEST(HmacSha256, TakesEmptyKeyAndMessage) {
  EXPECT_EQ(ToHex(HmacSha256({}, "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  EXPECT_EQ(HmacSha256({}, ""), HmacSha256(AsBytes(std::string(64, '\0')), ""));
}

TEST(ConstantTimeEquals, ComparesEveryByte) {
  std::vector<uint8_t> a(40);
  std::vector<uint8_t> b(40);
  EXPECT_TRUE(ConstantTimeEquals(a, b));
  for (size_t bit = 0; bit < 320; ++bit) {
    b[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(ConstantTimeEquals(a, b)) << bit;
    b[bit / 8] = 0;
  }
}

TEST(ConstantTimeEquals, LengthsMustAgree) {
  const std::vector<uint8_t> a(40);
  EXPECT_FALSE(ConstantTimeEquals(a, std::span(a).first(39)));
  EXPECT_FALSE(ConstantTimeEquals(a, {}));
  EXPECT_TRUE(ConstantTimeEquals({}, {}));
}

// RFC 9562 appendix A.4.
TEST(UuidV5, AgreesWithTheStandard) {
  const Uuid dns = *Uuid::Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_EQ(UuidV5(dns, "www.example.com").ToString(),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

// Values of Python's uuid.uuid5.
TEST(UuidV5, AgreesWithAnotherImplementation) {
  EXPECT_EQ(UuidNamespaceUrl().ToString(),
            "6ba7b811-9dad-11d1-80b4-00c04fd430c8");
  EXPECT_EQ(UuidV5(UuidNamespaceUrl(), "https://issuer.example/").ToString(),
            "18ebc563-cf46-5e4f-b02d-be8d214a07ba");
  EXPECT_EQ(UuidV5(UuidNamespaceUrl(), "").ToString(),
            "1b4db7eb-4057-5ddf-91e0-36dec72071f5");
}

}  // namespace
}  // namespace signet::crypto
