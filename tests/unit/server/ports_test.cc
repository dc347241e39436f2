// SPDX-License-Identifier: Apache-2.0
#include "server/ports.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet {
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
};

TEST_F(PortFileTest, NamesBothPorts) {
  const std::string path = folder_ + "/ports";
  ASSERT_THAT(WritePortFile(path, {.rest = 8080, .grpc = 9090}), IsOk());
  EXPECT_EQ(Read(path), "{\"rest\":8080,\"grpc\":9090}\n");
}

TEST_F(PortFileTest, GatewayHasOnePortOnly) {
  const std::string path = folder_ + "/ports";
  ASSERT_THAT(WritePortFile(path, {.rest = 8080, .grpc = std::nullopt}),
              IsOk());
  EXPECT_EQ(Read(path), "{\"rest\":8080}\n");
}

TEST_F(PortFileTest, ReplacesAndLeavesNothingElse) {
  const std::string path = folder_ + "/ports";
  std::ofstream(path) << std::string(1000, 'x');
  ASSERT_THAT(WritePortFile(path, {.rest = 1, .grpc = 2}), IsOk());
  EXPECT_EQ(Read(path), "{\"rest\":1,\"grpc\":2}\n");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(PortFileTest, FailureLeavesNothing) {
  EXPECT_THAT(WritePortFile(folder_ + "/none/ports", {.rest = 1}),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  // A directory cannot be replaced by a file.
  std::filesystem::create_directory(folder_ + "/ports");
  EXPECT_FALSE(WritePortFile(folder_ + "/ports", {.rest = 1}).ok());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(PortFileTest, IsPrepared) {
  const std::string path = folder_ + "/ports";
  ASSERT_THAT(WritePortFile(path, {.rest = 1}), IsOk());
  EXPECT_THAT(PreparePortFile(path), IsOk());
  EXPECT_THAT(PreparePortFile(path), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_THAT(PreparePortFile(""), IsOk());  // Without the flag.
  EXPECT_THAT(PreparePortFile(folder_ + "/none/ports"),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_THAT(PreparePortFile(folder_),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
}

}  // namespace
}  // namespace signet
