// SPDX-License-Identifier: Apache-2.0
#include "server/app.h"

#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::server {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

class AppTest : public testing::Test {
 protected:
  AppTest() : folder_(testing::TempDir() + "/signet_app") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    config_.rest_address = config_.grpc_address = "127.0.0.1:0";
    config_.data_dir = folder_ + "/data";
  }

  absl::StatusOr<std::unique_ptr<App>> Start() {
    return App::Start(config_, {.clock = &clock_,
                                .monotonic = &monotonic_,
                                .random = &random_,
                                .logger = &logger_,
                                .show = [this](std::string_view text) {
                                  shown_.append(text);
                                  return show_status_;
                                }});
  }

  const std::string folder_;
  FakeClock clock_;
  FakeMonotonicClock monotonic_;
  SeededRandom random_;
  RecordingLogger logger_;
  config::ServerConfig config_;
  std::string shown_;
  absl::Status show_status_;
};

TEST_F(AppTest, ListensOnPortsThatItTells) {
  const auto app = Start();
  ASSERT_THAT(app, IsOk());
  EXPECT_NE((*app)->ports().rest, 0);
  ASSERT_TRUE((*app)->ports().grpc.has_value());
  EXPECT_NE((*app)->ports().rest, *(*app)->ports().grpc);
  EXPECT_THAT((*app)->Health(), IsOk());
  EXPECT_THAT(shown_,
              HasSubstr(absl::StrCat("127.0.0.1:", *(*app)->ports().grpc)));
  const auto channel =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", *(*app)->ports().grpc),
                          grpc::InsecureChannelCredentials());
  EXPECT_TRUE(channel->WaitForConnected(std::chrono::system_clock::now() +
                                        std::chrono::seconds(10)));
  EXPECT_THAT((*app)->Drain(), IsOk());
}

TEST_F(AppTest, ShowsTheFirstTokenOnce) {
  for (const bool first : {true, false}) {
    shown_.clear();
    const auto app = Start();
    ASSERT_THAT(app, IsOk());
    EXPECT_EQ(shown_.find("hbx_sa_") != std::string::npos, first);
    EXPECT_THAT((*app)->Drain(), IsOk());
  }
}

TEST_F(AppTest, TokenThatCannotBeShownIsNotSpent) {
  show_status_ = absl::UnavailableError("nobody is there");
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kUnavailable));
  show_status_ = absl::OkStatus();
  shown_.clear();
  EXPECT_THAT(Start(), IsOk());
  EXPECT_THAT(shown_, HasSubstr("hbx_sa_"));
}

TEST_F(AppTest, EndsWithoutDrain) {
  EXPECT_THAT(Start(), IsOk());
  EXPECT_THAT(Start(), IsOk());  // The directory is free again.
}

TEST_F(AppTest, BadConfigTouchesNothing) {
  config_.token_prefix = "a-b";
  const auto app = Start();
  EXPECT_THAT(app, ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_EQ(ExitCode(app.status()), 2);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// Also before anybody is served: the audit head is written then.
TEST_F(AppTest, AStartGoesByTheTimeThatWasKept) {
  {
    const auto first = Start();
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT((*first)->Drain(), IsOk());
  }
  clock_.Advance(-absl::Hours(24));
  const auto second = Start();
  ASSERT_THAT(second, IsOk());
  std::ifstream file(config_.AuditHeadPath());
  const std::string head((std::istreambuf_iterator<char>(file)),
                         std::istreambuf_iterator<char>());
  EXPECT_THAT(head, ContainsRegex("\"written_at\": ?\"2030-01-02T"));
}

TEST_F(AppTest, PortInUseIsNamed) {
  const auto app = Start();
  ASSERT_THAT(app, IsOk());
  const std::string taken = absl::StrCat("127.0.0.1:", (*app)->ports().rest);
  config_.data_dir = folder_ + "/other";
  config_.rest_address = taken;
  const auto second = Start();
  EXPECT_EQ(GetErrorDetail(second.status()).reason, "LISTEN_FAILED");
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("--rest_address=" + taken + ": "));
  EXPECT_EQ(ExitCode(second.status()), 1);
}

TEST_F(AppTest, DirectoryInUseIsRefused) {
  const auto app = Start();
  ASSERT_THAT(app, IsOk());
  const auto second = Start();
  EXPECT_EQ(GetErrorDetail(second.status()).reason, "DATABASE_REFUSED");
  EXPECT_EQ(ExitCode(second.status()), 3);
}

TEST_F(AppTest, GatewayListensForRestAlone) {
  config_ = config::ServerConfig();
  config_.mode = config::ServerMode::kGateway;
  config_.rest_address = "127.0.0.1:0";
  config_.grpc_target = "127.0.0.1:1";  // Nobody is there: no reason to fail.
  const auto app = Start();
  ASSERT_THAT(app, IsOk());
  EXPECT_NE((*app)->ports().rest, 0);
  EXPECT_EQ((*app)->ports().grpc, std::nullopt);
  EXPECT_EQ(shown_, "");
  EXPECT_THAT((*app)->Drain(), IsOk());
}

TEST_F(AppTest, WithoutAnIssuerThereIsNothingToReload) {
  const auto app = Start();
  ASSERT_THAT(app, IsOk());
  EXPECT_FALSE((*app)->Reload());
  EXPECT_THAT((*app)->Health(), IsOk());
}

TEST_F(AppTest, TheIssuersKeysAreReloaded) {
  config_.oauth.issuer = "http://127.0.0.1:1";  // Nobody is there.
  config_.oauth.audiences = {"signet"};
  const auto app = Start();
  ASSERT_THAT(app, IsOk());
  logger_.AwaitLinesOf("issuer keys not fetched", 1);
  EXPECT_TRUE((*app)->Reload());
  logger_.AwaitLinesOf("issuer keys not fetched", 2);
  EXPECT_THAT((*app)->Drain(), IsOk());
}

TEST(ExitCodeTest, AnythingElseIsOne) {
  EXPECT_EQ(ExitCode(absl::InternalError("")), 1);
}

}  // namespace
}  // namespace signet::server
