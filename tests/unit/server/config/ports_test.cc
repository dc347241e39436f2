// SPDX-License-Identifier: Apache-2.0
#include "server/config/ports.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::config {
namespace {

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class PortFileTest : public testing::Test {
 protected:
  PortFileTest() : folder_(testing::TempDir() + "/signet_ports") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }

  const std::string folder_;
  SeededRandom random_;
};

TEST_F(PortFileTest, NamesBothPorts) {
  const std::string path = folder_ + "/ports";
  ASSERT_THAT(WritePortFile(path, {.rest = 8080, .grpc = 9090}, random_),
              IsOk());
  EXPECT_EQ(Read(path), "{\"rest\":8080,\"grpc\":9090}\n");
}

TEST_F(PortFileTest, GatewayHasOnePortOnly) {
  const std::string path = folder_ + "/ports";
  ASSERT_THAT(
      WritePortFile(path, {.rest = 8080, .grpc = std::nullopt}, random_),
      IsOk());
  EXPECT_EQ(Read(path), "{\"rest\":8080}\n");
}

TEST_F(PortFileTest, ReplacesAndLeavesNothingElse) {
  const std::string path = folder_ + "/ports";
  std::ofstream(path) << std::string(1000, 'x');
  ASSERT_THAT(WritePortFile(path, {.rest = 1, .grpc = 2}, random_), IsOk());
  EXPECT_EQ(Read(path), "{\"rest\":1,\"grpc\":2}\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

// One wrong word of an operator's must not cost the keys.
TEST_F(PortFileTest, IsPreparedInThePlaceOfNoOtherFile) {
  const std::string path = folder_ + "/ports";
  std::ofstream(path) << "current 1\nkey 1 00";
  const absl::Status status = PreparePortFile(path, random_);
  EXPECT_THAT(status,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_EQ(Read(path), "current 1\nkey 1 00");
  std::ofstream(path, std::ios::trunc).close();
  EXPECT_THAT(PreparePortFile(path, random_), IsOk());
}

// Whoever may write there plants links for whatever name it can guess.
TEST_F(PortFileTest, FollowsNoSymbolicLink) {
  const std::string path = folder_ + "/ports";
  const std::string target = folder_ + "/target";
  std::ofstream(target) << "untouched";
  std::filesystem::create_symlink(target, path);
  std::filesystem::create_symlink(target, absl::StrCat(path, ".", getpid()));
  ASSERT_THAT(WritePortFile(path, {.rest = 1}, random_), IsOk());
  EXPECT_EQ(Read(target), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(path));
  EXPECT_EQ(Read(path), "{\"rest\":1}\n");

  std::filesystem::remove(path);
  std::filesystem::create_symlink(target, path);
  ASSERT_THAT(PreparePortFile(path, random_), IsOk());
  EXPECT_EQ(Read(target), "untouched");
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path)));
}

TEST_F(PortFileTest, FailureLeavesNothing) {
  EXPECT_THAT(WritePortFile(folder_ + "/none/ports", {.rest = 1}, random_),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  // A directory cannot be replaced by a file.
  std::filesystem::create_directory(folder_ + "/ports");
  EXPECT_FALSE(WritePortFile(folder_ + "/ports", {.rest = 1}, random_).ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(PortFileTest, IsPrepared) {
  const std::string path = folder_ + "/ports";
  ASSERT_THAT(WritePortFile(path, {.rest = 1}, random_), IsOk());
  EXPECT_THAT(PreparePortFile(path, random_), IsOk());
  EXPECT_THAT(PreparePortFile(path, random_), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_THAT(PreparePortFile("", random_), IsOk());  // Without the flag.
  EXPECT_THAT(PreparePortFile(folder_ + "/none/ports", random_),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_THAT(PreparePortFile(folder_, random_),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
}

}  // namespace
}  // namespace signet::config
