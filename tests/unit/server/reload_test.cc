// SPDX-License-Identifier: Apache-2.0
#include "server/reload.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/config/flags.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::server {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class FakeApp final : public App {
 public:
  config::Ports ports() const override { return {}; }
  absl::Status Health() const override { return absl::OkStatus(); }
  bool Reload() override {
    ++reloads;
    return has_issuer;
  }
  absl::Status Drain() override { return absl::OkStatus(); }

  bool has_issuer = false;
  int reloads = 0;
};

class ReloadTest : public testing::Test {
 protected:
  void WriteFlags(const std::string& text) { std::ofstream(flagfile_) << text; }

  StartedWith Started(std::vector<std::string> arguments) {
    StartedWith started = {.arguments = std::move(arguments),
                           .environment = {"SIGNET_TOKEN_PREFIX=env"},
                           .config = {}};
    started.arguments.push_back("--flagfile=" + flagfile_);
    started.config =
        config::ParseFlags(started.arguments, started.environment)->config;
    return started;
  }

  // What the one line of a reload says.
  RecordingLogger::Line ReloadedLine(const StartedWith& started) {
    RecordingLogger logger;
    Reload(started, app_, logger);
    EXPECT_THAT(logger.lines(), SizeIs(1));
    EXPECT_EQ(logger.lines()[0].message, "reloaded");
    return logger.lines()[0];
  }

  TempDir dir_;
  const std::string flagfile_ = dir_.File("flags");
  FakeApp app_;
};

TEST_F(ReloadTest, WhatHasNotChangedNeedsNoRestart) {
  WriteFlags("data_dir=/d\n");
  const StartedWith started = Started({});
  for (const bool has_issuer : {false, true}) {
    app_.has_issuer = has_issuer;
    const RecordingLogger::Line line = ReloadedLine(started);
    EXPECT_EQ(line.level, LogLevel::kInfo);
    EXPECT_EQ(line.fields.at("loaded"), has_issuer ? "issuer keys" : "nothing");
    EXPECT_EQ(line.fields.at("restart_needed_for"), "");
    EXPECT_EQ(line.fields.at("flagfile_fault"), "");
  }
  EXPECT_EQ(app_.reloads, 2);
}

TEST_F(ReloadTest, WithoutAFlagfileNothingIsCompared) {
  StartedWith started;
  EXPECT_EQ(ReloadedLine(started).level, LogLevel::kInfo);
}

TEST_F(ReloadTest, FlagsThatHaveAnotherValueAreNamed) {
  WriteFlags("data_dir=/d\nmax_connections=7\ndrain_timeout_ms=8\n");
  const StartedWith started = Started({"--drain_timeout_ms=1"});
  // Of these the line of the command, and the environment, win.
  WriteFlags(
      "data_dir=/d\npurge_after=30d\ndrain_timeout_ms=9\ntoken_prefix=x\n");
  const RecordingLogger::Line line = ReloadedLine(started);
  EXPECT_EQ(line.level, LogLevel::kWarning);
  EXPECT_EQ(line.fields.at("restart_needed_for"),
            "--max_connections, --purge_after");
  EXPECT_EQ(line.fields.at("flagfile_fault"), "");
  WriteFlags("data_dir=/d\nmax_connections=7\n");
  EXPECT_EQ(ReloadedLine(started).level, LogLevel::kInfo);
}

TEST_F(ReloadTest, AFaultIsSaidAndTheKeysAreLoadedAllTheSame) {
  WriteFlags("data_dir=/d\n");
  const StartedWith started = Started({});
  app_.has_issuer = true;
  for (const auto& [text, fault] :
       {std::pair("data_dir=/d\ncolour=red\n", "--colour: no such flag"),
        std::pair("data_dir=/d\nmax_connections=0\n",
                  "--max_connections: got 0, want 1 to 1000000"),
        std::pair("data_dir\n", "line 1: want name=value")}) {
    WriteFlags(text);
    const RecordingLogger::Line line = ReloadedLine(started);
    EXPECT_EQ(line.level, LogLevel::kWarning);
    EXPECT_EQ(line.fields.at("loaded"), "issuer keys");
    EXPECT_EQ(line.fields.at("restart_needed_for"), "");
    EXPECT_THAT(line.fields.at("flagfile_fault"), HasSubstr(fault));
  }
  EXPECT_EQ(app_.reloads, 3);
}

// Opening a pipe would wait for a writer, and no stop would be heard meanwhile.
TEST_F(ReloadTest, WhatIsNoFileAnyMoreIsAFault) {
  WriteFlags("data_dir=/d\n");
  const StartedWith started = Started({});
  ASSERT_EQ(unlink(flagfile_.c_str()), 0);
  EXPECT_THAT(ReloadedLine(started).fields.at("flagfile_fault"),
              HasSubstr("want a regular file"));
  ASSERT_EQ(mkfifo(flagfile_.c_str(), 0600), 0);
  EXPECT_THAT(ReloadedLine(started).fields.at("flagfile_fault"),
              HasSubstr("want a regular file"));
}

}  // namespace
}  // namespace signet::server
