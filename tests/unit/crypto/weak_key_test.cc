// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "crypto/public_key.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::crypto {
namespace {

using Octets = std::vector<uint8_t>;

constexpr auto kRefused = absl::StatusCode::kInvalidArgument;
const Octets kExponent = {0x01, 0x00, 0x01};

Octets OctetsFromHex(std::string_view hex) {
  const std::string bytes =
      absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
  return Octets(bytes.begin(), bytes.end());
}

// --- Ed25519 ----------------------------------------------------------------

std::string Repeat(std::string_view text, size_t times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

// Every y that encodes a point of small order, the two last ones not below the
// field's prime. Each comes with both signs of x.
std::vector<Octets> SmallOrderEncodings() {
  std::vector<Octets> all;
  for (const std::string& y :
       {Repeat("00", 32), "01" + Repeat("00", 31),
        "ec" + Repeat("ff", 30) + "7f",
        std::string("26e8958fc2b227b045c3f489f2ef98f0"
                    "d5dfac05d3c63339b13802886d53fc05"),
        std::string("c7176a703d4dd84fba3c0b760d10670f"
                    "2a2053fa2c39ccc64ec7fd7792ac037a"),
        "ed" + Repeat("ff", 30) + "7f", "ee" + Repeat("ff", 30) + "7f"}) {
    all.push_back(OctetsFromHex(y));
    all.push_back(all.back());
    all.back().back() |= 0x80;
  }
  return all;
}

TEST(WeakEd25519Key, NoPointOfSmallOrderIsAKeyInAnyEncoding) {
  const std::vector<Octets> encodings = SmallOrderEncodings();
  EXPECT_EQ(encodings.size(), 14u);
  for (const Octets& key : encodings) {
    EXPECT_THAT(PublicKey::FromEd25519(key), StatusIs(kRefused))
        << absl::BytesToHexString(std::string(key.begin(), key.end()));
  }
}

// 2^255 - 19 to 2^255 - 1 are 0 to 18 in other words.
TEST(WeakEd25519Key, NoPointHasASecondEncoding) {
  for (int low = 0xed; low <= 0xff; ++low) {
    for (const uint8_t top : {0x7f, 0xff}) {
      Octets key(32, 0xff);
      key.front() = static_cast<uint8_t>(low);
      key.back() = top;
      EXPECT_THAT(PublicKey::FromEd25519(key), StatusIs(kRefused)) << low;
    }
  }
}

TEST(WeakEd25519Key, OthersAreTaken) {
  for (const char* key :
       {"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        // y = 3, with either sign of x.
        "0300000000000000000000000000000000000000000000000000000000000000",
        "0300000000000000000000000000000000000000000000000000000000000080"}) {
    EXPECT_THAT(PublicKey::FromEd25519(OctetsFromHex(key)), IsOk()) << key;
  }
}

// --- RSA --------------------------------------------------------------------

// 256^size - c.
Octets Below(size_t size, uint32_t c) {
  Octets bytes(size, 0xff);
  const uint32_t low = 0u - c;
  for (int i = 0; i < 4; ++i) {
    bytes[size - 1 - i] = static_cast<uint8_t>(low >> 8 * i);
  }
  return bytes;
}

Octets Number(size_t size, uint32_t value) {
  Octets bytes(size);
  for (int i = 0; i < 4; ++i) {
    bytes[size - 1 - i] = static_cast<uint8_t>(value >> 8 * i);
  }
  return bytes;
}

Octets Joined(Octets a, const Octets& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// An odd number of 2048 bits that ends with the 32 bits of `tail`.
Octets EndingWith(uint32_t tail) {
  Octets bytes(256, 0x03);
  bytes.front() = 0x80;
  for (int i = 0; i < 4; ++i) {
    bytes[255 - i] = static_cast<uint8_t>(tail >> 8 * i);
  }
  return bytes;
}

absl::Status RsaStatus(const Octets& modulus) {
  return PublicKey::FromRsa(modulus, kExponent).status();
}

TEST(WeakRsaModulus, SmallFactorsAreRefused) {
  EXPECT_THAT(RsaStatus(EndingWith(0x3d)), StatusIs(kRefused));     // 3
  EXPECT_THAT(RsaStatus(EndingWith(0x4b221)), StatusIs(kRefused));  // 9973
  // Its smallest factor is 10007, which is beyond the bound.
  EXPECT_THAT(RsaStatus(EndingWith(0xaa19)), IsOk());
}

// Whoever sees a prime p knows its totient, p - 1, and so the private exponent.
TEST(WeakRsaModulus, APrimeIsRefused) {
  EXPECT_THAT(RsaStatus(Below(256, 1557)), StatusIs(kRefused));
  EXPECT_THAT(RsaStatus(Below(256, 1559)), IsOk());
}

TEST(WeakRsaModulus, APowerOfAPrimeIsRefused) {
  // (2^1024 - 105)^2 = (2^1024 - 210) 2^1024 + 105^2
  EXPECT_THAT(RsaStatus(Joined(Below(128, 210), Number(128, 105 * 105))),
              StatusIs(kRefused));
  // (2^688 - 759)^3 = (2^688 - 3c) 2^1376 + (3c^2 - 1) 2^688 + (2^688 - c^3)
  constexpr uint32_t kC = 759;
  EXPECT_THAT(
      RsaStatus(Joined(Joined(Below(86, 3 * kC), Number(86, 3 * kC * kC - 1)),
                       Below(86, kC * kC * kC))),
      StatusIs(kRefused));
}

}  // namespace
}  // namespace signet::crypto
