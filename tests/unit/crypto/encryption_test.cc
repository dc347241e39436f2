// SPDX-License-Identifier: Apache-2.0
#include "crypto/encryption.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::crypto {
namespace {

std::string Hex(std::string_view text) {
  return absl::BytesToHexString({text.data(), text.size()});
}

// RFC 5869 appendix A.1 and A.3; of their 42 bytes the first 32.
TEST(DeriveKey, FollowsRfc5869) {
  EXPECT_EQ(Hex(DeriveKey(std::string(22, '\x0b'),
                          absl::HexStringToBytes("000102030405060708090a0b0c"),
                          absl::HexStringToBytes("f0f1f2f3f4f5f6f7f8f9"))
                    .Expose()),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  EXPECT_EQ(Hex(DeriveKey(std::string(22, '\x0b'), "", "").Expose()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

class Encryption : public testing::Test {
 protected:
  SeededRandom random_;
  const Secret key_ = DeriveKey("secret", "salt", "info");
};

TEST_F(Encryption, GivesBackWhatItWasGiven) {
  for (const std::string& text :
       {std::string(), std::string("a\0b", 3), std::string(100'000, 'x')}) {
    const std::string ciphertext = Encrypt(key_, text, "context", random_);
    const auto opened = Decrypt(key_, ciphertext, "context");
    ASSERT_THAT(opened, IsOk());
    EXPECT_EQ(opened->Expose(), text);
  }
}

TEST_F(Encryption, IsNeverAlikeTwice) {
  EXPECT_NE(Encrypt(key_, "text", "", random_),
            Encrypt(key_, "text", "", random_));
}

TEST_F(Encryption, RefusesAnotherKeyContextOrText) {
  const std::string ciphertext = Encrypt(key_, "text", "context", random_);
  const auto refused = StatusIs(absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(
      Decrypt(DeriveKey("secret", "salt", "other"), ciphertext, "context"),
      refused);
  EXPECT_THAT(Decrypt(key_, ciphertext, "other"), refused);
  for (size_t i = 0; i < ciphertext.size(); ++i) {
    std::string altered = ciphertext;
    altered[i] ^= 1;
    EXPECT_THAT(Decrypt(key_, altered, "context"), refused) << i;
    EXPECT_THAT(Decrypt(key_, ciphertext.substr(0, i), "context"), refused)
        << i;
  }
  EXPECT_THAT(Decrypt(key_, ciphertext + "x", "context"), refused);
}

}  // namespace
}  // namespace signet::crypto
