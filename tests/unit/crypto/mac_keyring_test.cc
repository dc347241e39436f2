// SPDX-License-Identifier: Apache-2.0
#include "crypto/mac_keyring.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "crypto/encryption.h"
#include "crypto/system_random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHex1 =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kHex2 =
    "FFfefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e4e3e2e1e0";

std::string ToHex(const Sha256Digest& mac) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(mac.data()), mac.size()));
}

class MacKeyringTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "signet_keyring_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ / "token.keys";
  }
  void TearDown() override { fs::remove_all(directory_); }

  void Write(std::string_view text) {
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  }
  std::string Read() const {
    std::ostringstream text;
    text << std::ifstream(path_).rdbuf();
    return text.str();
  }
  absl::StatusOr<std::unique_ptr<MacKeyring>> LoadText(std::string_view text) {
    Write(text);
    return MacKeyring::Load(path_, /*create_if_missing=*/false, random_);
  }

  fs::path directory_;
  fs::path path_;
  SystemRandom random_;
};

TEST_F(MacKeyringTest, IsCreatedOnceAndReadAgain) {
  const auto first =
      MacKeyring::Load(path_, /*create_if_missing=*/true, random_);
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ((*first)->current_version(), 1u);
  struct stat info = {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_THAT(Read(),
              testing::ContainsRegex("\ncurrent 1\nkey 1 [0-9a-f]{64}\n$"));

  for (const bool create : {true, false}) {
    const auto again = MacKeyring::Load(path_, create, random_);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ((*again)->Compute("x"), (*first)->Compute("x"));
  }
}

TEST_F(MacKeyringTest, EachFreshKeyIsAnother) {
  const auto first = MacKeyring::Load(path_, true, random_);
  fs::remove(path_);
  const auto second = MacKeyring::Load(path_, true, random_);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE((*first)->Compute("x"), (*second)->Compute("x"));
}

TEST_F(MacKeyringTest, AbsentIsNotFoundWhereItIsNotToBeCreated) {
  EXPECT_THAT(MacKeyring::Load(path_, /*create_if_missing=*/false, random_),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_THAT(MacKeyring::Load(directory_ / "none" / "keys", true, random_),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(MacKeyringTest, ADanglingLinkIsNotReplaced) {
  fs::create_symlink("nowhere", path_);
  EXPECT_THAT(MacKeyring::Load(path_, true, random_),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_TRUE(fs::is_symlink(path_));
}

TEST_F(MacKeyringTest, AFileOpenToOthersIsRefusedAndStays) {
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0644u}) {
    const std::string text =
        absl::StrCat("current 1\nkey 1 ", std::string(kHex1).c_str(), "\n");
    Write(text);
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
    EXPECT_THAT(MacKeyring::Load(path_, true, random_),
                StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_EQ(Read(), text);
  }
}

TEST_F(MacKeyringTest, ADirectoryIsRefused) {
  EXPECT_THAT(MacKeyring::Load(directory_, true, random_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

// Several servers that start on one empty directory must agree on one key.
TEST_F(MacKeyringTest, ProcessesThatCreateAtOnceGetTheSameKey) {
  constexpr int kProcesses = 8;
  for (int round = 0; round < 10; ++round) {
    std::array<int, 2> results;
    std::array<int, 2> gate;
    ASSERT_EQ(pipe(results.data()), 0);
    ASSERT_EQ(pipe(gate.data()), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(fork());
      if (children.back() != 0) continue;
      char go;
      close(gate[1]);
      (void)!read(gate[0], &go, 1);  // Ends when the parent closes its end.
      const auto keyring = MacKeyring::Load(path_, true, random_);
      if (!keyring.ok()) _exit(1);
      const Sha256Digest mac = (*keyring)->Compute("x");
      _exit(write(results[1], mac.data(), mac.size()) == 32 ? 0 : 2);
    }
    close(gate[0]);
    close(gate[1]);
    close(results[1]);
    for (const pid_t child : children) {
      int status = -1;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    std::set<Sha256Digest> macs;
    Sha256Digest mac;
    int count = 0;
    while (read(results[0], mac.data(), mac.size()) == 32) {
      macs.insert(mac);
      ++count;
    }
    close(results[0]);
    EXPECT_EQ(count, kProcesses);
    EXPECT_EQ(macs.size(), 1u);
    // Nor does any of them leave something behind.
    EXPECT_EQ(std::distance(fs::directory_iterator(directory_),
                            fs::directory_iterator()),
              1);
    fs::remove(path_);
  }
}

// MACs computed with Python's hmac.
TEST_F(MacKeyringTest, ComputesUnderTheCurrentKeyAndAcceptsAll) {
  const auto keyring = LoadText(absl::StrCat(
      "# comment\n\ncurrent 7\n#key 3 x\nkey 7 ", std::string(kHex2).c_str(),
      "\nkey 4294967295 ", std::string(kHex1).c_str()));
  ASSERT_THAT(keyring, IsOk());
  EXPECT_EQ((*keyring)->current_version(), 7u);
  const Sha256Digest current = (*keyring)->Compute("message");
  EXPECT_EQ(ToHex(current),
            "56177f8ec8d2371879f59cf8eb0f34b1909942377c7496e59e65e4089504b1fb");

  const std::string old_mac = absl::HexStringToBytes(
      "6297b77508a1a30ea4dfadd8f847c31b49aba45de10a79daf721d3f7ec112a24");
  Sha256Digest old;
  std::copy(old_mac.begin(), old_mac.end(), old.begin());
  EXPECT_TRUE((*keyring)->Verify(7, "message", current));
  EXPECT_TRUE((*keyring)->Verify(4294967295, "message", old));
  EXPECT_FALSE((*keyring)->Verify(7, "message", old));
  EXPECT_FALSE((*keyring)->Verify(4294967295, "message", current));
}

TEST(MacKeyring, VerifiesExactly) {
  const auto keyring = MacKeyring::ForTest("key");
  const Sha256Digest mac = keyring->Compute("message");
  EXPECT_EQ(keyring->current_version(), 1u);
  EXPECT_TRUE(keyring->Verify(1, "message", mac));
  EXPECT_FALSE(keyring->Verify(1, "massage", mac));
  EXPECT_FALSE(keyring->Verify(1, "", mac));
  EXPECT_FALSE(keyring->Verify(0, "message", mac));
  EXPECT_FALSE(keyring->Verify(2, "message", mac));
  for (size_t bit = 0; bit < mac.size() * 8; ++bit) {
    Sha256Digest bad = mac;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(keyring->Verify(1, "message", bad)) << bit;
  }
  EXPECT_NE(MacKeyring::ForTest("other")->Compute("message"), mac);
}

struct BadText {
  std::string name;
  std::string text;
  int line;
};

class MacKeyringRefuses : public MacKeyringTest,
                          public testing::WithParamInterface<BadText> {};

TEST_P(MacKeyringRefuses, NamingTheLineButNotItsContent) {
  const auto keyring = LoadText(GetParam().text);
  ASSERT_THAT(keyring, StatusIs(absl::StatusCode::kInvalidArgument));
  const std::string message(keyring.status().message());
  EXPECT_THAT(message, testing::HasSubstr(path_.string()));
  EXPECT_THAT(message,
              testing::HasSubstr(absl::StrCat("line ", GetParam().line, ":")));
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("0001")));
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("canary")));
}

const std::string kKey1 = "key 1 " + std::string(kHex1);

INSTANTIATE_TEST_SUITE_P(
    Texts, MacKeyringRefuses,
    testing::Values(
        BadText{"Empty", "", 1}, BadText{"Comments", "# a\n#b\n", 3},
        BadText{"KeyFirst", kKey1 + "\ncurrent 1\n", 1},
        BadText{"NoKeys", "current 1\n", 2},
        BadText{"CurrentHasNoKey", "current 2\n" + kKey1 + "\n", 3},
        BadText{"TwoCurrents", "current 1\ncurrent 1\n" + kKey1, 2},
        BadText{"VersionTwice", "current 1\n" + kKey1 + "\n" + kKey1 + "\n", 3},
        BadText{"VersionZero", "current 0\n", 1},
        BadText{"VersionPadded", "current 01\n", 1},
        BadText{"VersionNegative", "current -1\n", 1},
        BadText{"VersionTooBig", "current 4294967296\n", 1},
        BadText{"VersionFarTooBig", "current 99999999999999999999\n", 1},
        BadText{"VersionIsText", "current canary\n", 1},
        BadText{"VersionAndMore", "current 1 canary\n", 1},
        BadText{"KeyShort", "current 1\n" + kKey1.substr(0, 69), 2},
        BadText{"KeyLong", "current 1\n" + kKey1 + "0", 2},
        BadText{"KeyNotHex", "current 1\n" + kKey1.substr(0, 69) + "g", 2},
        BadText{"KeyAbsent", "current 1\nkey 1", 2},
        BadText{"KeyEmpty", "current 1\nkey 1 ", 2},
        BadText{"KeyVersionPadded", "current 1\nkey 01 " + kKey1.substr(6), 2},
        BadText{"TwoSpaces", "current 1\nkey  1 " + kKey1.substr(6), 2},
        BadText{"TrailingSpace", "current 1\n" + kKey1 + " ", 2},
        BadText{"CarriageReturn", "current 1\n" + kKey1 + "\r\n", 2},
        BadText{"OtherWord", "current 1\n" + kKey1 + "\ncanary\n", 3},
        BadText{"UpperCase", "CURRENT 1\n", 1},
        BadText{"ByteOrderMark",
                "\xEF\xBB\xBF"
                "current 1\n",
                1}),
    [](const auto& info) { return info.param.name; });

// Keys of a purpose follow from the keyring's by HKDF, and are no others'.
TEST_F(MacKeyringTest, EachPurposeHasKeysOfItsOwn) {
  const auto one = LoadText(absl::StrCat("current 1\n", kKey1.c_str()));
  ASSERT_THAT(one, IsOk());
  const MacKeyring& keyring = **one;
  const std::string raw =
      absl::HexStringToBytes(absl::string_view(kHex1.data(), kHex1.size()));
  const Secret derived = DeriveKey(raw, "", "signet seal v1");
  const std::string_view key = derived.Expose();
  const Sha256Digest seal = keyring.Compute(MacPurpose::kSeal, "x");
  EXPECT_EQ(seal, HmacSha256({reinterpret_cast<const uint8_t*>(key.data()),
                              key.size()},
                             "x"));
  EXPECT_NE(seal, keyring.Compute("x"));
  EXPECT_NE(seal, keyring.Compute(MacPurpose::kAuditHead, "x"));
  EXPECT_TRUE(keyring.Verify(MacPurpose::kSeal, 1, "x", seal));
  EXPECT_FALSE(keyring.Verify(MacPurpose::kSeal, 1, "y", seal));
  EXPECT_FALSE(keyring.Verify(MacPurpose::kAuditHead, 1, "x", seal));
  EXPECT_FALSE(keyring.Verify(MacPurpose::kSeal, 2, "x", seal));
  EXPECT_FALSE(keyring.Verify(MacPurpose::kSeal, 0, "x", seal));
}

// What was sealed verifies as long as its key is in the file.
TEST_F(MacKeyringTest, ARotationLeavesWhatWasSealedGood) {
  const std::string key2 = absl::StrCat("key 2 ", std::string(kHex2).c_str());
  const auto before = LoadText(absl::StrCat("current 1\n", kKey1.c_str()));
  const auto both =
      LoadText(absl::StrCat("current 2\n", kKey1.c_str(), "\n", key2));
  const auto after = LoadText(absl::StrCat("current 2\n", key2));
  ASSERT_THAT(before, IsOk());
  ASSERT_THAT(both, IsOk());
  ASSERT_THAT(after, IsOk());
  const Sha256Digest seal = (*before)->Compute(MacPurpose::kSeal, "x");
  EXPECT_TRUE((*both)->Verify(MacPurpose::kSeal, 1, "x", seal));
  EXPECT_FALSE((*after)->Verify(MacPurpose::kSeal, 1, "x", seal));
  EXPECT_EQ((*both)->ComputeWith(MacPurpose::kSeal, 1, "x"), seal);
  EXPECT_EQ((*both)->Compute(MacPurpose::kSeal, "x"),
            (*after)->Compute(MacPurpose::kSeal, "x"));
  EXPECT_EQ((*before)->EncryptionSecret(1)->Expose(),
            (*both)->EncryptionSecret(1)->Expose());
  EXPECT_EQ((*after)->EncryptionSecret(1), nullptr);
}

// Neither the text nor the keys stay in memory that was given back.
TEST_F(MacKeyringTest, WipesWhatItRead) {
  Write(absl::StrCat("current 1\n", kKey1.c_str(), "\nkey 2 ",
                     std::string(kHex2).c_str()));
  const std::string raw =
      absl::HexStringToBytes(absl::string_view(kHex1.data(), kHex1.size()));
  for (const std::string_view pattern : {std::string_view(raw), kHex1}) {
    FreedMemoryWatch watch(pattern);
    ASSERT_THAT(MacKeyring::Load(path_, false, random_), IsOk());
    EXPECT_EQ(watch.count(), 0);
  }
  Write(absl::StrCat("current 1\n", kKey1.c_str(), "\nbad"));
  for (const std::string_view pattern : {std::string_view(raw), kHex1}) {
    FreedMemoryWatch watch(pattern);
    ASSERT_THAT(MacKeyring::Load(path_, false, random_),
                StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_EQ(watch.count(), 0);
  }
}

TEST_F(MacKeyringTest, WipesWhatItCreates) {
  SeededRandom random;
  ASSERT_THAT(MacKeyring::Load(path_, true, random), IsOk());
  const std::string text = Read();
  const std::string hex = text.substr(text.size() - 65, 64);
  const std::string raw = absl::HexStringToBytes(hex);
  for (const std::string& pattern : {hex, raw}) {
    fs::remove(path_);
    SeededRandom same;
    FreedMemoryWatch watch(pattern);
    ASSERT_THAT(MacKeyring::Load(path_, true, same), IsOk());
    EXPECT_EQ(watch.count(), 0);
    ASSERT_EQ(Read(), text);
  }
}

}  // namespace
}  // namespace signet::crypto
