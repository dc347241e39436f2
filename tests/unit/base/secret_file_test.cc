// SPDX-License-Identifier: Apache-2.0
#include "base/secret_file.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

namespace fs = std::filesystem;

class SecretFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "signet_secret_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ / "file";
  }
  void TearDown() override { fs::remove_all(directory_); }

  void Write(std::string_view text, mode_t mode) {
    std::ofstream(path_) << text;
    ASSERT_EQ(chmod(path_.c_str(), mode), 0);
  }
  int FilesInDirectory() const {
    return static_cast<int>(std::distance(fs::directory_iterator(directory_),
                                          fs::directory_iterator()));
  }
  mode_t Mode() const {
    struct stat info = {};
    EXPECT_EQ(stat(path_.c_str(), &info), 0);
    return info.st_mode & 07777;
  }

  fs::path directory_;
  fs::path path_;
  SeededRandom random_;
};

TEST_F(SecretFileTest, ReadsWhatWasCreated) {
  const std::string content("line\nand \0 byte", 15);
  ASSERT_THAT(CreateSecretFile(path_, content, random_), IsOk());
  EXPECT_EQ(Mode(), 0600u);
  EXPECT_EQ(FilesInDirectory(), 1);
  const auto read = ReadSecretFile(path_);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->Expose(), content);
}

TEST_F(SecretFileTest, TheUmaskDoesNotMatter) {
  for (const mode_t mask : {0u, 0777u, 0277u}) {
    const mode_t old = umask(mask);
    const absl::Status created = CreateSecretFile(path_, "x", random_);
    umask(old);
    ASSERT_THAT(created, IsOk());
    EXPECT_EQ(Mode(), 0600u);
    fs::remove(path_);
  }
}

TEST_F(SecretFileTest, WhatIsThereStaysUntouched) {
  Write("old", 0644);
  EXPECT_THAT(CreateSecretFile(path_, "new", random_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  std::string text;
  std::ifstream(path_) >> text;
  EXPECT_EQ(text, "old");
  EXPECT_EQ(Mode(), 0644u);
  EXPECT_EQ(FilesInDirectory(), 1);
}

TEST_F(SecretFileTest, ALinkIsNotFollowedWhenCreating) {
  fs::create_symlink(directory_ / "elsewhere", path_);
  EXPECT_THAT(CreateSecretFile(path_, "new", random_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(FilesInDirectory(), 1);
  EXPECT_THAT(ReadSecretFile(path_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SecretFileTest, ALinkIsFollowedWhenReading) {
  ASSERT_THAT(CreateSecretFile(directory_ / "real", "x", random_), IsOk());
  fs::create_symlink("real", path_);
  EXPECT_THAT(ReadSecretFile(path_), IsOk());
}

TEST_F(SecretFileTest, ATakenTemporaryNameIsNoObstacle) {
  ASSERT_THAT(CreateSecretFile(path_, "x", random_), IsOk());
  SeededRandom same;  // Names its first temporary file as random_ did.
  SeededRandom again;
  std::array<uint8_t, 8> suffix;
  again.Fill(suffix);
  std::string taken = path_.string() + ".";
  for (const uint8_t byte : suffix) {
    constexpr std::string_view kHex = "0123456789abcdef";
    taken += kHex[byte >> 4];
    taken += kHex[byte & 15];
  }
  fs::remove(path_);
  std::ofstream(taken) << "another's";
  ASSERT_THAT(CreateSecretFile(path_, "x", same), IsOk());
  std::string text;
  std::ifstream(taken) >> text;
  EXPECT_EQ(text, "another's");
}

TEST_F(SecretFileTest, AReplacementTakesThePlaceOfWhatIsThere) {
  ASSERT_THAT(ReplaceSecretFile(path_, "first", random_), IsOk());
  ASSERT_THAT(ReplaceSecretFile(path_, "second", random_), IsOk());
  const auto read = ReadSecretFile(path_);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->Expose(), "second");
  EXPECT_EQ(FilesInDirectory(), 1);

  // Also of a link, which is not followed.
  const fs::path target = directory_ / "target";
  std::ofstream(target) << "another's";
  fs::remove(path_);
  fs::create_symlink("target", path_);
  ASSERT_THAT(ReplaceSecretFile(path_, "third", random_), IsOk());
  EXPECT_FALSE(fs::is_symlink(path_));
  std::string text;
  std::ifstream(target) >> text;
  EXPECT_EQ(text, "another's");
  EXPECT_THAT(ReplaceSecretFile(directory_ / "none" / "file", "x", random_),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SecretFileTest, NoDirectoryIsNotFound) {
  EXPECT_THAT(CreateSecretFile(directory_ / "none" / "file", "x", random_),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadSecretFile(directory_ / "none" / "file"),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SecretFileTest, AFileOpenToOthersIsRefused) {
  for (const mode_t mode : {0640u, 0620u, 0610u, 0604u, 0602u, 0601u, 0777u}) {
    Write("canary", mode);
    const auto read = ReadSecretFile(path_);
    ASSERT_THAT(read, StatusIs(absl::StatusCode::kFailedPrecondition)) << mode;
    EXPECT_THAT(std::string(read.status().message()),
                testing::AllOf(testing::HasSubstr(path_.string()),
                               testing::HasSubstr("want 0600"),
                               testing::Not(testing::HasSubstr("canary"))));
  }
  for (const mode_t mode : {0600u, 0400u, 0700u}) {
    Write("x", mode);
    EXPECT_THAT(ReadSecretFile(path_), IsOk()) << mode;
    ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  }
}

TEST_F(SecretFileTest, OnlyARegularFileIsRead) {
  EXPECT_THAT(ReadSecretFile(directory_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(ReadSecretFile(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SecretFileTest, TheSizeIsLimited) {
  Write(std::string(64 * 1024, 'x'), 0600);
  EXPECT_THAT(ReadSecretFile(path_), IsOk());
  Write(std::string(64 * 1024 + 1, 'x'), 0600);
  EXPECT_THAT(ReadSecretFile(path_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SecretFileTest, AFailedWriteLeavesNothing) {
  const pid_t child = fork();
  if (child == 0) {
    // No room for more than four bytes in any file.
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {4, 4};
    setrlimit(RLIMIT_FSIZE, &limit);
    const absl::Status status = CreateSecretFile(path_, "too long", random_);
    _exit(status.ok() ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(FilesInDirectory(), 0);
}

}  // namespace
}  // namespace signet
