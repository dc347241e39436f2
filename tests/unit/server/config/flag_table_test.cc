// SPDX-License-Identifier: Apache-2.0
#include "server/config/flag_table.h"

#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ServerConfig Good() {
  ServerConfig config;
  config.data_dir = "/data";
  return config;
}

TEST(FlagTable, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Flag& flag : AllFlags()) {
    EXPECT_TRUE(names.insert(flag.name).second) << flag.name;
    EXPECT_EQ(FindFlag(flag.name), &flag);
    EXPECT_FALSE(flag.help.empty()) << flag.name;
    EXPECT_FALSE(DefaultText(flag).empty()) << flag.name;
  }
  EXPECT_EQ(FindFlag("none"), nullptr);
}

TEST(FlagTable, EveryFlagMeansSomethingToAServer) {
  for (const Flag& flag : AllFlags()) {
    EXPECT_TRUE(flag.commands.Has(Command::kServe) ||
                flag.commands.Has(Command::kGateway))
        << flag.name;
  }
}

TEST(FlagTable, ACommandsFlagIsInTheTable) {
  for (const CommandInfo& info : AllCommands()) {
    EXPECT_EQ(&InfoOf(info.command), FindCommand(info.name));
    if (info.flag.empty()) continue;
    EXPECT_NE(FindFlag(info.flag), nullptr) << info.name;
    // One of the two says what the flag is set to.
    EXPECT_NE(info.operand.empty(), info.flag_value.empty()) << info.name;
  }
}

TEST(FlagTable, NumbersAreCheckedAgainstTheirRange) {
  int counts = 0;
  for (const Flag& flag : AllFlags()) {
    const auto* count = std::get_if<CountValue>(&flag.value);
    if (count == nullptr) continue;
    ++counts;
    ServerConfig config = Good();
    for (const int good : {count->min, count->max}) {
      count->member.In(config) = good;
      EXPECT_THAT(config.Validate(), IsOk()) << flag.name;
    }
    for (const int bad : {count->min - 1, count->max + 1}) {
      count->member.In(config) = bad;
      EXPECT_EQ(config.Validate().message(),
                absl::StrCat("--", std::string(flag.name), ": got ", bad,
                             ", want ", count->min, " to ", count->max));
    }
    EXPECT_THAT(RangeText(flag),
                StartsWith(absl::StrCat(count->min, " to ", count->max)));
  }
  EXPECT_GT(counts, 0);
}

TEST(FlagTable, TimesAreCheckedAgainstTheirRange) {
  const Flag& flag = *FindFlag("last_used_flush_interval");
  EXPECT_EQ(RangeText(flag), "10ms to 1h");
  ServerConfig config = Good();
  config.last_used_flush_interval = absl::Milliseconds(9);
  EXPECT_EQ(CheckFlag(flag, config).message(),
            "--last_used_flush_interval: got 9ms, want 10ms to 1h");
}

// Each flag has a value of its own that is another than the default's, and can
// be told apart from it.
TEST(FlagTable, SettingAFlagChangesItAlone) {
  for (const Flag& flag : AllFlags()) {
    ServerConfig config;
    const bool set = SetFlag(flag, {"7"}, config).ok() ||
                     SetFlag(flag, {"7s"}, config).ok() ||
                     SetFlag(flag, {"true"}, config).ok() ||
                     SetFlag(flag, {"memory"}, config).ok() ||
                     SetFlag(flag, {"gateway"}, config).ok();
    ASSERT_TRUE(set) << flag.name;
    for (const Flag& other : AllFlags()) {
      EXPECT_EQ(SameFlag(other, config, ServerConfig()), &other != &flag)
          << flag.name << " " << other.name;
    }
  }
}

TEST(FlagTable, DefaultsAreWrittenAsTheyAreRead) {
  EXPECT_EQ(DefaultText(*FindFlag("max_rotation_overlap")), "7d");
  EXPECT_EQ(DefaultText(*FindFlag("last_used_flush_interval")), "5s");
  EXPECT_EQ(DefaultText(*FindFlag("rest_address")), "127.0.0.1:8080");
  EXPECT_EQ(DefaultText(*FindFlag("oauth_audience")), "none");
  EXPECT_EQ(DefaultText(*FindFlag("storage")), "sqlite");
  EXPECT_EQ(DefaultText(*FindFlag("purge_after")), "never");
}

TEST(FlagTable, AValueOfAnotherKindIsRefused) {
  ServerConfig config;
  EXPECT_EQ(SetFlag(*FindFlag("storage"), {"papyrus"}, config).message(),
            "--storage: got \"papyrus\", want sqlite or memory");
  EXPECT_THAT(
      std::string(SetFlag(*FindFlag("purge_after"), {"5"}, config).message()),
      HasSubstr("want a duration such as"));
}

}  // namespace
}  // namespace signet::config
