// SPDX-License-Identifier: Apache-2.0
#include "base/sampling_logger.h"

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"

namespace signet {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

constexpr char kLeftOut[] = "refused calls left out";

class SamplingLoggerTest : public testing::Test {
 protected:
  void Refuse(std::string_view peer, int times = 1) {
    for (int i = 0; i < times; ++i) {
      logger_.LogRefusal(peer, LogLevel::kInfo, "call", {{"peer", peer}});
    }
  }
  // Address and count of each line that says how many are missing.
  std::vector<std::pair<std::string, std::string>> Missing() const {
    std::vector<std::pair<std::string, std::string>> missing;
    for (const RecordingLogger::Line& line : lines_.lines()) {
      if (line.message != kLeftOut) continue;
      EXPECT_EQ(line.level, LogLevel::kWarning);
      missing.emplace_back(line.fields.at("address"), line.fields.at("count"));
    }
    return missing;
  }

  FakeClock clock_;
  RecordingLogger lines_;
  SamplingLogger logger_{&lines_, &clock_, {.lines = 20, .max_addresses = 3}};
};

TEST_F(SamplingLoggerTest, OfOneAddressTheFirstTwentyAreLogged) {
  for (int port = 1; port <= 57; ++port) {
    Refuse(absl::StrCat("192.0.2.1:", port));
  }
  EXPECT_EQ(lines_.LinesOf("call"), 20);
  EXPECT_EQ(lines_.lines()[19].fields.at("peer"), "192.0.2.1:20");
  EXPECT_THAT(Missing(), SizeIs(0));

  clock_.Advance(absl::Seconds(10));
  Refuse("192.0.2.1:58");
  EXPECT_EQ(lines_.LinesOf("call"), 21) << "a new window";
  EXPECT_THAT(Missing(), ElementsAre(Pair("192.0.2.1", "37")));
}

TEST_F(SamplingLoggerTest, FewAreAllLoggedAndNothingIsSaid) {
  Refuse("192.0.2.1:1", 20);
  clock_.Advance(absl::Seconds(10));
  logger_.SayWhatIsDue();
  EXPECT_THAT(lines_.lines(), SizeIs(20));
}

TEST_F(SamplingLoggerTest, OthersAreNotHidden) {
  Refuse("192.0.2.1:1", 100);
  Refuse("192.0.2.2:1", 3);
  logger_.Info("success");
  EXPECT_EQ(lines_.LinesOf("call"), 23);
  EXPECT_EQ(lines_.LinesOf("success"), 1);
}

TEST_F(SamplingLoggerTest, WhatIsLeftOutIsSaidByTheNextLineOfAnyKind) {
  Refuse("192.0.2.1:1", 21);
  clock_.Advance(absl::Seconds(9.999));
  logger_.Info("success");
  EXPECT_THAT(Missing(), SizeIs(0));
  clock_.Advance(absl::Seconds(0.001));
  logger_.Info("success");
  EXPECT_THAT(Missing(), ElementsAre(Pair("192.0.2.1", "1")));
  logger_.Info("success");
  EXPECT_THAT(Missing(), SizeIs(1)) << "once";
}

TEST_F(SamplingLoggerTest, ItIsSaidAtTheEndToo) {
  {
    SamplingLogger logger(&lines_, &clock_, {.lines = 1});
    for (int i = 0; i < 3; ++i) {
      logger.LogRefusal("[2001:db8:1:2::3]:9", LogLevel::kInfo, "call", {});
    }
  }
  EXPECT_THAT(Missing(), ElementsAre(Pair("2001:db8:1:2::/64", "2")));
}

TEST_F(SamplingLoggerTest, AddressesBeyondTheLimitCountAsOne) {
  for (int host = 1; host <= 203; ++host) {
    Refuse(absl::StrCat("192.0.2.", host, ":1"));
  }
  EXPECT_EQ(lines_.LinesOf("call"), 3 + 20);
  clock_.Advance(absl::Seconds(10));
  logger_.SayWhatIsDue();
  EXPECT_THAT(Missing(), ElementsAre(Pair("others", "180")));
  Refuse("192.0.2.77:1");  // There is room again.
  EXPECT_EQ(lines_.LinesOf("call"), 3 + 20 + 1);
}

TEST_F(SamplingLoggerTest, AClockThatGoesBackEndsTheWindow) {
  Refuse("192.0.2.1:1", 25);
  clock_.Advance(-absl::Hours(1));
  Refuse("192.0.2.1:1");
  EXPECT_THAT(Missing(), ElementsAre(Pair("192.0.2.1", "5")));
  EXPECT_EQ(lines_.LinesOf("call"), 21);
}

TEST_F(SamplingLoggerTest, NoneIsForgottenOfManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] { Refuse("192.0.2.1:1", 250); });
  }
  for (std::thread& thread : threads) thread.join();
  clock_.Advance(absl::Seconds(10));
  logger_.SayWhatIsDue();
  EXPECT_EQ(lines_.LinesOf("call"), 20);
  EXPECT_THAT(Missing(), ElementsAre(Pair("192.0.2.1", "1980")));
}

TEST(CountedAddress, IsTheHostOrItsNetwork) {
  for (const auto& [peer, want] :
       std::vector<std::pair<std::string, std::string>>{
           {"192.0.2.1:4711", "192.0.2.1"},
           {"192.0.2.1", "192.0.2.1"},
           {"[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"},
           {"2001:db8:1:2:ffff::", "2001:db8:1:2::/64"},
           {"[::1]:1", "::/64"},
           {"[fe80::1%eth0]:1", "fe80::/64"},
           {"[::ffff:192.0.2.1]:5", "192.0.2.1"},
           {"unix", "unix"},
           {"", ""},
           {"[", ""},
           {std::string(100, 'x'), std::string(64, 'x')}}) {
    EXPECT_EQ(CountedAddress(peer), want) << peer;
  }
}

}  // namespace
}  // namespace signet
