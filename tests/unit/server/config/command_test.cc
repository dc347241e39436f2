// SPDX-License-Identifier: Apache-2.0
#include "server/config/command.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/config/flags.h"
#include "tests/support/status_matchers.h"

namespace signet::config {
namespace {

using testing::HasSubstr;

absl::StatusOr<ServerConfig> ConfigOf(
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& environment = {}) {
  absl::StatusOr<Invocation> invocation = ParseFlags(arguments, environment);
  if (!invocation.ok()) return invocation.status();
  return invocation->config;
}

struct Spelling {
  std::string name;
  std::vector<std::string> command;
  std::vector<std::string> flags;  // The older spelling.
};

class SpellingTest : public testing::TestWithParam<Spelling> {};

TEST_P(SpellingTest, ACommandIsWhatItsFlagIs) {
  const auto by_command = ConfigOf(GetParam().command);
  const auto by_flags = ConfigOf(GetParam().flags);
  ASSERT_THAT(by_command, IsOk());
  ASSERT_THAT(by_flags, IsOk());
  EXPECT_EQ(*by_command, *by_flags);
  EXPECT_THAT(by_command->Validate(), IsOk());
  EXPECT_EQ(by_command->command(), FindCommand(GetParam().name)->command);
}

INSTANTIATE_TEST_SUITE_P(
    All, SpellingTest,
    testing::Values(
        Spelling{"serve", {"serve", "--data_dir=/d"}, {"--data_dir=/d"}},
        Spelling{"gateway",
                 {"gateway", "--grpc_target=c:3"},
                 {"--mode=gateway", "--grpc_target=c:3"}},
        Spelling{"check",
                 {"check", "--data_dir=/d"},
                 {"--data_dir=/d", "--verify_audit"}},
        Spelling{"issue-super-admin",
                 {"issue-super-admin", "--data_dir", "/d", "--token_prefix=p"},
                 {"--issue_super_admin", "--data_dir=/d", "--token_prefix=p"}},
        Spelling{"set-time-mark",
                 {"set-time-mark", "--data_dir=/d", "now"},
                 {"--data_dir=/d", "--set_time_mark=now"}},
        Spelling{"backup",
                 {"backup", "/f", "--data_dir=/d"},
                 {"--data_dir=/d", "--backup=/f"}},
        Spelling{"seal-database",
                 {"seal-database", "--data_dir=/d"},
                 {"--data_dir=/d", "--seal_database"}}),
    [](const auto& info) {
      std::string name = info.param.name;
      std::erase(name, '-');
      return name;
    });

// One environment and one flagfile serve a server and its errands.
TEST(CommandTest, WhatMeansNothingToACommandIsLeftAloneInSharedSources) {
  const std::string file = testing::TempDir() + "/signet_commands_flagfile";
  std::ofstream(file) << "rest_address=[::1]:1\ntoken_prefix=file\n";
  const auto config =
      ConfigOf({"check", "--flagfile=" + file},
               {"SIGNET_DATA_DIR=/d", "SIGNET_MAX_CONNECTIONS=7"});
  ASSERT_THAT(config, IsOk());
  EXPECT_THAT(config->Validate(), IsOk());
  EXPECT_EQ(config->command(), Command::kCheck);
  EXPECT_EQ(config->data_dir, "/d");
  EXPECT_EQ(config->max_connections, 7);
}

TEST(CommandTest, ACommandIsStrongerThanTheEnvironment) {
  EXPECT_EQ(ConfigOf({"check", "--data_dir=/d"}, {"SIGNET_VERIFY_AUDIT=false"})
                ->command(),
            Command::kCheck);
  EXPECT_EQ(ConfigOf({"backup", "/f"}, {"SIGNET_BACKUP=/g"})->backup, "/f");
}

TEST(CommandTest, HelpAboutACommandNamesWhatItTakes) {
  for (const std::vector<std::string>& asked :
       {std::vector<std::string>{"help", "check"}, {"check", "--help"}}) {
    const auto help = ParseFlags(asked, {});
    ASSERT_THAT(help, IsOk());
    EXPECT_THAT(help->text, HasSubstr("signetd check"));
    EXPECT_THAT(help->text, HasSubstr("--data_dir"));
    EXPECT_THAT(help->text, testing::Not(HasSubstr("--rest_address")));
    EXPECT_THAT(help->text, testing::Not(HasSubstr("--verify_audit")));
  }
  EXPECT_THAT(ParseFlags({"help", "backup"}, {})->text,
              HasSubstr("signetd backup [OPTIONS] [FILE]"));
  const std::string all = ParseFlags({"help"}, {})->text;
  EXPECT_EQ(all, ParseFlags({"--help"}, {})->text);
  for (const CommandInfo& info : AllCommands()) {
    EXPECT_THAT(all, HasSubstr("\n  " + std::string(info.name) + " "));
  }
  EXPECT_EQ(ParseFlags({"version"}, {})->text,
            ParseFlags({"--version"}, {})->text);
}

struct BadCommand {
  std::string name;
  std::vector<std::string> arguments;
  std::string message;  // How it begins.
};

class BadCommandTest : public testing::TestWithParam<BadCommand> {};

TEST_P(BadCommandTest, IsRefused) {
  const auto config = ConfigOf(GetParam().arguments);
  EXPECT_THAT(config,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_TRUE(absl::StartsWith(config.status().message(), GetParam().message))
      << config.status();
  EXPECT_FALSE(absl::StrContains(config.status().message(), "hush"));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCommandTest,
    testing::Values(
        BadCommand{"UnknownCommand",
                   {"hush", "--data_dir=/x"},
                   "got a command that does not exist, want one of serve, "
                   "gateway, check, issue-super-admin, set-time-mark, backup, "
                   "seal-database, help, version; "},
        BadCommand{"HelpAboutNothing",
                   {"help", "hush"},
                   "got a command that does not exist"},
        BadCommand{"HelpAboutTwo",
                   {"help", "check", "hush"},
                   "got a command that does not exist"},
        BadCommand{"EmptyCommand", {""}, "got a command that does not exist"},
        BadCommand{"NoOperand",
                   {"backup", "--data_dir=/x"},
                   "backup: got no FILE, want signetd backup FILE"},
        BadCommand{"EmptyOperand", {"backup", ""}, "--backup: got \"\""},
        BadCommand{"TwoOperands",
                   {"set-time-mark", "now", "hush"},
                   "got an argument that is not a flag"},
        BadCommand{"OperandOfNone",
                   {"check", "hush"},
                   "got an argument that is not a flag"},
        BadCommand{"FlagOfAnotherCommand",
                   {"check", "--rest_address=hush"},
                   "--rest_address: want none with the command check, "},
        BadCommand{"FlagOfAnotherCommandWithItsDefault",
                   {"backup", "/f", "--storage", "sqlite"},
                   "--storage: want none with the command backup, "},
        BadCommand{"CommandSaidTwice",
                   {"check", "--verify_audit"},
                   "--verify_audit: want none with the command check, "},
        BadCommand{"GatewayInAnotherMode",
                   {"gateway", "--mode=server"},
                   "--mode: want none with the command gateway, "},
        BadCommand{"VersionOfSomething",
                   {"version", "--data_dir=/x"},
                   "--data_dir: want none with the command version, "}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::config
