// SPDX-License-Identifier: Apache-2.0
#include "server/config/flags.h"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A file in the tests' own directory.
std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = testing::TempDir() + "/signet_flags_" + name;
  std::ofstream(path) << text;
  return path;
}

absl::StatusOr<ServerConfig> Config(
    const std::vector<std::string>& arguments,
    const std::vector<std::string>& environment = {}) {
  absl::StatusOr<Invocation> invocation = ParseFlags(arguments, environment);
  if (!invocation.ok()) return invocation.status();
  return invocation->config;
}

TEST(FlagsTest, NothingGivenIsTheDefault) {
  EXPECT_THAT(Config({}), IsOkAndHolds(ServerConfig()));
}

TEST(FlagsTest, EveryFlagReachesItsMember) {
  ServerConfig want;
  want.mode = ServerMode::kGateway;
  want.rest_address = "[::1]:1";
  want.grpc_address = "b:2";
  want.trusted_grpc_address = "t:9";
  want.public_url = "https://s";
  want.grpc_target = "c:3";
  want.port_file = "/port";
  want.max_connections = 4;
  want.drain_timeout_ms = 5;
  want.data_dir = "/data";
  want.storage = StorageEngine::kMemory;
  want.write_queue_limit = 6;
  want.write_batch_limit = 7;
  want.read_connections = 8;
  want.token_cache_entries = 10;
  want.token_cache_mib = 11;
  want.token_prefix = "pre";
  want.token_keys_file = "/keys";
  want.default_token_ttl = absl::Hours(24 * 30);
  want.max_token_ttl = absl::Minutes(90);
  want.max_rotation_overlap = absl::Hours(2);
  want.last_used_flush_interval = absl::Milliseconds(20);
  want.purge_after = absl::Hours(24 * 90);
  want.expiry_notice = std::nullopt;
  want.audit_retention = absl::Hours(24 * 400);
  want.verify_audit = true;
  want.issue_super_admin = true;
  want.set_time_mark = "now";
  want.backup = "/backup";
  want.seal_database = true;
  want.audit_head_file = "/head";
  want.accept_audit_loss = "00ff";
  want.accept_new_database = true;
  want.bootstrap_file = "/boot";
  want.bootstrap_account_id = "account";
  want.bootstrap_owner_user = "user";
  want.oauth.issuer = "https://issuer";
  want.oauth.jwks_file = "/jwks";
  want.oauth.audiences = {"one,with comma", "two"};
  want.oauth.accepted_typ = "JWT";
  want.oauth.groups_claim = "roles";
  want.oauth.required_scope = "signet";
  EXPECT_THAT(Config({"--mode=gateway",
                      "--rest_address=[::1]:1",
                      "--grpc_address=b:2",
                      "--trusted_grpc_address=t:9",
                      "--public_url=https://s",
                      "--grpc_target=c:3",
                      "--port_file=/port",
                      "--max_connections=4",
                      "--drain_timeout_ms=5",
                      "--data_dir=/data",
                      "--storage=memory",
                      "--write_queue_limit=6",
                      "--write_batch_limit=7",
                      "--read_connections=8",
                      "--token_cache_entries=10",
                      "--token_cache_mib=11",
                      "--token_prefix=pre",
                      "--token_keys_file=/keys",
                      "--default_token_ttl=30d",
                      "--max_token_ttl=1h30m",
                      "--max_rotation_overlap=2h",
                      "--last_used_flush_interval=20ms",
                      "--purge_after=90d",
                      "--expiry_notice=0",
                      "--audit_retention=400d",
                      "--verify_audit",
                      "--issue_super_admin",
                      "--set_time_mark=now",
                      "--backup=/backup",
                      "--seal_database",
                      "--audit_head_file=/head",
                      "--accept_audit_loss=00ff",
                      "--accept_new_database",
                      "--bootstrap_file=/boot",
                      "--bootstrap_account_id=account",
                      "--bootstrap_owner_user=user",
                      "--oauth_issuer=https://issuer",
                      "--oauth_jwks_file=/jwks",
                      "--oauth_audience=one,with comma",
                      "--oauth_audience=two",
                      "--oauth_accepted_typ=JWT",
                      "--oauth_groups_claim=roles",
                      "--oauth_required_scope=signet"}),
              IsOkAndHolds(want));
}

// The flags that --help names.
std::vector<std::string> FlagNames() {
  const std::string help = ParseFlags({"--help"}, {})->text;
  std::vector<std::string> names;
  for (const absl::string_view line : absl::StrSplit(help, '\n')) {
    if (!absl::StartsWith(line, "  --")) continue;
    const std::vector<absl::string_view> words =
        absl::StrSplit(line.substr(4), ' ');
    names.emplace_back(words[0]);
  }
  return names;
}

TEST(FlagsTest, AGatewayRefusesWhatItHasNoUseFor) {
  const std::set<std::string> useful = {
      "version",      "flagfile",        "mode",        "port_file",
      "rest_address", "public_url",      "grpc_target", "max_connections",
      "help",         "drain_timeout_ms"};
  const std::map<std::string, std::string> values = {
      {"storage", "memory"},
      {"default_token_ttl", "3h"},
      {"max_token_ttl", "3h"},
      {"max_rotation_overlap", "3h"},
      {"last_used_flush_interval", "3s"},
      {"purge_after", "90d"},
      {"expiry_notice", "3h"},
      {"audit_retention", "3h"},
      {"verify_audit", "true"},
      {"issue_super_admin", "true"},
      {"seal_database", "true"},
      {"accept_new_database", "true"},
      {"into_existing_account", "true"}};
  const std::vector<std::string> names = FlagNames();
  EXPECT_THAT(names, testing::Contains("grpc_address"));
  for (const std::string& name : names) {
    if (useful.contains(name)) continue;
    const auto value = values.find(name);
    const auto config =
        Config({"--mode=gateway", "--grpc_target=c:3",
                absl::StrCat("--", name, "=",
                             value == values.end() ? "7" : value->second)});
    ASSERT_THAT(config, IsOk()) << name;
    EXPECT_THAT(std::string(config->Validate().message()),
                testing::StartsWith(absl::StrCat("--", name, ": ")));
  }
}

TEST(FlagsTest, SwitchesHaveAValueElsewhere) {
  EXPECT_TRUE(Config({}, {"SIGNET_VERIFY_AUDIT=true"})->verify_audit);
  EXPECT_FALSE(Config({"--verify_audit=false"}, {"SIGNET_VERIFY_AUDIT=true"})
                   ->verify_audit);
  const auto bad = Config({"--verify_audit=perhaps"});
  EXPECT_THAT(bad, ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_TRUE(
      std::string(bad.status().message()).starts_with("--verify_audit: "))
      << bad.status();
}

TEST(FlagsTest, ValueMayFollowAsItsOwnArgument) {
  EXPECT_EQ(Config({"--data_dir", "/data"})->data_dir, "/data");
}

TEST(FlagsTest, EmptyValueDoesNotEatTheNextFlag) {
  const auto config = Config({"--data_dir=", "--token_prefix=pre"});
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->data_dir, "");
  EXPECT_EQ(config->token_prefix, "pre");
}

TEST(FlagsTest, ACommentHasALineOfItsOwn) {
  const auto behind = Config({absl::StrCat(
      "--flagfile=", WriteFile("comment", "data_dir=/data # the disk\n"))});
  EXPECT_THAT(behind,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  const auto inside = Config({absl::StrCat(
      "--flagfile=", WriteFile("number", "  # the disk\ndata_dir=/a#1\n"))});
  ASSERT_THAT(inside, IsOk());
  EXPECT_EQ(inside->data_dir, "/a#1");
}

TEST(FlagsTest, AValueMayEndInAnEqualsSign) {
  EXPECT_EQ(Config({"--bootstrap_owner_user=YQ=="})->bootstrap_owner_user,
            "YQ==");
  EXPECT_THAT(
      Config({"--oauth_audience=YWI=", "--oauth_audience=b"})->oauth.audiences,
      ElementsAre("YWI=", "b"));
  EXPECT_EQ(
      Config({}, {"SIGNET_OAUTH_REQUIRED_SCOPE=a="})->oauth.required_scope,
      "a=");
}

TEST(FlagsTest, CommandLineBeatsEnvironmentBeatsFlagfile) {
  const std::string file = WriteFile("precedence",
                                     "data_dir=/file\n"
                                     "token_prefix=file\n"
                                     "port_file=/file\n"
                                     "oauth_audience=file\n"
                                     "oauth_audience=again\n");
  const auto config =
      Config({"--flagfile=" + file, "--data_dir=/line"},
             {"SIGNET_DATA_DIR=/environment", "SIGNET_TOKEN_PREFIX=environment",
              "SIGNET_OAUTH_AUDIENCE=a,b"});
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->data_dir, "/line");
  EXPECT_EQ(config->token_prefix, "environment");
  EXPECT_EQ(config->port_file, "/file");
  EXPECT_THAT(config->oauth.audiences, ElementsAre("a", "b"));
}

TEST(FlagsTest, FlagfileTakesCommentsDashesAndSpaces) {
  const std::string file = WriteFile("forms",
                                     "# a comment\n"
                                     "\n"
                                     "  --data_dir=/data with space  \r\n"
                                     "\ttoken_prefix=pre");
  const auto config = Config({}, {"SIGNET_FLAGFILE=" + file});
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->data_dir, "/data with space");
  EXPECT_EQ(config->token_prefix, "pre");
}

TEST(FlagsTest, EmptyVariableIsNoMention) {
  EXPECT_THAT(Config({}, {"SIGNET_MAX_CONNECTIONS=", "SIGNET_DATA_DIR="}),
              IsOkAndHolds(ServerConfig()));
}

TEST(FlagsTest, UnknownVariablesAreReportedNotRefused) {
  const auto invocation =
      ParseFlags({}, {"SIGNET_DATADIR=/x", "SIGNET_data_dir=/y",
                      "SIGNET_TOKEN=secret", "OTHER=1"});
  ASSERT_THAT(invocation, IsOk());
  EXPECT_THAT(invocation->unknown_variables,
              ElementsAre("SIGNET_DATADIR", "SIGNET_data_dir"));
  EXPECT_EQ(invocation->config, ServerConfig());
}

TEST(FlagsTest, ZeroDurationStandsForNone) {
  EXPECT_EQ(
      Config({"--max_token_ttl=0"}, {"SIGNET_MAX_TOKEN_TTL=1h"})->max_token_ttl,
      std::nullopt);
}

TEST(FlagsTest, HelpNamesEveryFlagAndVersionTheVersion) {
  const auto help = ParseFlags({"--help"}, {});
  ASSERT_THAT(help, IsOk());
  EXPECT_THAT(help->text, HasSubstr("--oauth_required_scope"));
  EXPECT_THAT(help->text, HasSubstr("127.0.0.1:9090"));
  EXPECT_THAT(ParseFlags({"--version"}, {})->text, HasSubstr("signetd "));
  EXPECT_EQ(ParseFlags({"--data_dir=x"}, {})->text, "");
}

struct BadFlags {
  std::string name;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string message;  // How it begins.
};

class BadFlagsTest : public testing::TestWithParam<BadFlags> {};

TEST_P(BadFlagsTest, AreRefused) {
  const auto config = Config(GetParam().arguments, GetParam().environment);
  EXPECT_THAT(config,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_TRUE(absl::StartsWith(config.status().message(), GetParam().message))
      << config.status();
  EXPECT_FALSE(absl::StrContains(config.status().message(), "hush"));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFlagsTest,
    testing::Values(
        BadFlags{"Unknown", {"--tokn=hush"}, {}, "--tokn: no such flag"},
        BadFlags{"UnknownEmpty", {"--tokn="}, {}, "--tokn: no such flag"},
        BadFlags{"Positional",
                 {"--data_dir=/x", "hush"},
                 {},
                 "got an argument that is not a flag; flags are written "
                 "--name=value, --help lists them"},
        BadFlags{"Terminator",
                 {"--", "hush"},
                 {},
                 "got an argument that is not a flag"},
        BadFlags{"NoValue", {"--data_dir"}, {}, "--data_dir: "},
        BadFlags{"NoNumber",
                 {"--max_connections=many"},
                 {},
                 "--max_connections: got \"many\", want a whole number"},
        BadFlags{"TooBig",
                 {"--max_connections=99999999999"},
                 {},
                 "--max_connections: "},
        BadFlags{"NoUnit", {"--max_token_ttl=5"}, {}, "--max_token_ttl: got"},
        BadFlags{"Negative", {"--max_token_ttl=-5h"}, {}, "--max_token_ttl: "},
        BadFlags{"Endless", {"--max_token_ttl=inf"}, {}, "--max_token_ttl: "},
        BadFlags{"Mode",
                 {"--mode=client"},
                 {},
                 "--mode: got \"client\", want server or gateway"},
        BadFlags{"Engine", {"--storage=papyrus"}, {}, "--storage: got"},
        BadFlags{"Variable",
                 {},
                 {"SIGNET_STORAGE=papyrus"},
                 "--storage: got \"papyrus\", want sqlite or memory (in the "
                 "environment)"},
        BadFlags{"NoFlagfile",
                 {"--flagfile=/nonexistent"},
                 {},
                 "--flagfile: cannot read /nonexistent"},
        BadFlags{"DirectoryAsFlagfile",
                 {"--flagfile=/"},
                 {},
                 "--flagfile: cannot read /"}),
    [](const auto& info) { return info.param.name; });

struct BadFile {
  std::string name;
  std::string text;
  std::string message;
};

class BadFlagfileTest : public testing::TestWithParam<BadFile> {};

TEST_P(BadFlagfileTest, IsRefusedWithItsPlace) {
  const std::string path = WriteFile(GetParam().name, GetParam().text);
  const auto config = Config({"--flagfile=" + path});
  EXPECT_THAT(config,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_THAT(std::string(config.status().message()),
              HasSubstr(GetParam().message));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr(path));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadFlagfileTest,
    testing::Values(BadFile{"NoValue", "# x\ndata_dir\n", "line 2: want"},
                    BadFile{"Nested", "flagfile=/x\n", "no further flagfile"},
                    BadFile{"Unknown", "tokn=hush\n", "--tokn: no such flag"},
                    BadFile{"Spaced", "data_dir = /x\n", "line 1: want"},
                    BadFile{"Value", "max_connections=x\n",
                            "--max_connections: got \"x\""}),
    [](const auto& info) { return info.param.name; });

// Which of the two wins is a guess.
TEST(ParseFlags, AFlagWithOneValueIsGivenOnce) {
  for (const std::vector<std::string>& twice :
       {std::vector<std::string>{"--oauth_issuer=https://a",
                                 "--oauth_issuer=https://b"},
        {"--oauth_issuer", "https://a", "--oauth_issuer", "https://a"},
        {"--verify_audit", "--verify_audit"}}) {
    const absl::Status status = ParseFlags(twice, {}).status();
    EXPECT_THAT(status,
                ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("once"));
  }
  EXPECT_THAT(ParseFlags({"--oauth_audience=a", "--oauth_audience=b"}, {}),
              IsOk());
  // Of two sources the stronger wins.
  EXPECT_EQ(ParseFlags({"--token_prefix=a"}, {"SIGNET_TOKEN_PREFIX=b"})
                ->config.token_prefix,
            "a");
}

}  // namespace
}  // namespace signet::config
