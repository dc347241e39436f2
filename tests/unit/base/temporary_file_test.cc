// SPDX-License-Identifier: Apache-2.0
#include "base/temporary_file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kSuffix[] = ".signet-0123456789abcdef";

class TemporaryFileTest : public testing::Test {
 protected:
  std::vector<std::string> Sweep() { return SweepTemporaries(path_); }
  void Make(const std::string& file) { std::ofstream(file) << "content"; }
  static bool Exists(const std::string& file) {
    return std::filesystem::exists(std::filesystem::symlink_status(file));
  }

  TempDir directory_;
  const std::string path_ = directory_.File("file");
  SeededRandom random_;
};

TEST_F(TemporaryFileTest, WhatNobodyWritesAnyMoreIsSwept) {
  std::string name;
  const int fd = OpenTemporary(path_, random_, name);
  ASSERT_GE(fd, 0);
  ASSERT_THAT(WriteAll(fd, name, "half"), IsOk());
  EXPECT_THAT(Sweep(), IsEmpty());
  EXPECT_TRUE(Exists(name));
  close(fd);
  EXPECT_THAT(Sweep(), ElementsAre(name));
  EXPECT_FALSE(Exists(name));
}

TEST_F(TemporaryFileTest, WhatAKilledProcessLeftIsSwept) {
  const pid_t child = fork();
  if (child == 0) {
    std::string name;
    OpenTemporary(path_, random_, name);
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(Sweep().size(), 1u);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(TemporaryFileTest, OnlyFilesOfSuchANameAre) {
  Make(path_);
  for (const char* other :
       {".signet-0123456789abcde", ".signet-0123456789abcdef0",
        ".signet-0123456789ABCDEF", ".signet-0123456789abcdeg",
        "signet-0123456789abcdef", ".0123456789abcdef", ".2026120112304501",
        ".backup", ".pending", ".pending.signet-0123456789abcdef",
        ".signet-0123456789abcdef.txt"}) {
    Make(path_ + other);
  }
  Make(directory_.File("other") + kSuffix);
  Make(directory_.File("a-file") + kSuffix);
  EXPECT_THAT(Sweep(), IsEmpty());
  Make(path_ + kSuffix);
  EXPECT_THAT(Sweep(), ElementsAre(path_ + kSuffix));
  EXPECT_TRUE(Exists(path_));
}

TEST_F(TemporaryFileTest, NoLinkIsFollowedAndNothingButARegularFileRemoved) {
  const std::string target = directory_.File("target");
  Make(target);
  std::filesystem::create_symlink(target, path_ + kSuffix);
  std::filesystem::create_symlink(directory_.File("gone"),
                                  path_ + ".signet-1123456789abcdef");
  std::filesystem::create_directory(path_ + ".signet-2123456789abcdef");
  ASSERT_EQ(mkfifo((path_ + ".signet-3123456789abcdef").c_str(), 0600), 0);
  EXPECT_THAT(Sweep(), IsEmpty());
  EXPECT_TRUE(Exists(target));
  for (const char first : {'0', '1', '2', '3'}) {
    EXPECT_TRUE(Exists(path_ + ".signet-" + first + "123456789abcdef"))
        << first;
  }
}

TEST_F(TemporaryFileTest, AFileOfAnotherUserStays) {
  if (geteuid() != 0) GTEST_SKIP() << "wants root";
  Make(path_ + kSuffix);
  if (chown((path_ + kSuffix).c_str(), 1, 1) != 0) {
    GTEST_SKIP() << "no file can be given to another user here";
  }
  EXPECT_THAT(Sweep(), IsEmpty());
}

TEST_F(TemporaryFileTest, AFolderThatIsNotThereHasNone) {
  EXPECT_THAT(SweepTemporaries(directory_.File("no/file")), IsEmpty());
}

}  // namespace
}  // namespace signet
