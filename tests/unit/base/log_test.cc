// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

std::string AsItIs(std::string_view text) { return std::string(text); }

// Two connected descriptors: what is written to one is read from the other.
class Channel {
 public:
  // A datagram socket keeps every write(2) apart.
  static Channel Datagrams() {
    std::array<int, 2> fds;
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds.data()), 0);
    return Channel(fds[0], fds[1]);
  }
  static Channel Pipe() {
    std::array<int, 2> fds;
    EXPECT_EQ(pipe(fds.data()), 0);
    return Channel(fds[0], fds[1]);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel() {
    close(reader_);
    close(writer_);
  }

  int writer() const { return writer_; }

  // What is there now; empty where nothing is.
  std::string Read() {
    std::string text(1 << 17, '\0');
    fcntl(reader_, F_SETFL, O_NONBLOCK);
    const ssize_t size = read(reader_, text.data(), text.size());
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }

 private:
  Channel(int reader, int writer) : reader_(reader), writer_(writer) {}
  const int reader_;
  const int writer_;
};

// The object that `line` holds, which must be one line of printable ASCII.
Json ParseLine(std::string_view line) {
  EXPECT_TRUE(line.ends_with('\n'));
  for (const char c : line.substr(0, line.size() - 1)) {
    EXPECT_TRUE(c >= 0x20 && c < 0x7F) << line;
  }
  const auto json = ParseJson(line);
  EXPECT_THAT(json, IsOk()) << line;
  return json.ok() ? *json : Json();
}

TEST(JsonLogger, WritesOneObjectWithItsFieldsInOrder) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  logger.Log(LogLevel::kInfo, "request",
             {{"method", "Create"},
              {"bytes", int64_t{-42}},
              {"seconds", 0.25},
              {"ok", true},
              {"cached", false}});
  EXPECT_EQ(channel.Read(),
            "{\"time\":\"2030-01-02T03:04:05.678901Z\",\"level\":\"info\","
            "\"message\":\"request\",\"method\":\"Create\",\"bytes\":-42,"
            "\"seconds\":0.25,\"ok\":true,\"cached\":false}\n");
  EXPECT_EQ(channel.Read(), "");
}

// Before it is cut, so that no part of it is left.
TEST(JsonLogger, CleansEveryText) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, [](std::string_view text) {
    return absl::StrReplaceAll(std::string(text), {{"secret", "-"}});
  });
  const std::string text = std::string(1020, 'x') + "secret";
  logger.Warning("a secret", {{"k", text}, {"n", int64_t{1}}});
  logger.LogRefusal("peer", LogLevel::kInfo, "b", {{"k", "secret"}});
  const Json line = ParseLine(channel.Read());
  EXPECT_EQ(line["message"], "a -");
  EXPECT_EQ(line["k"], std::string(1020, 'x') + "-");
  EXPECT_EQ(ParseLine(channel.Read())["k"], "-");
}

TEST(JsonLogger, NamesTheLevels) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  logger.Info("a");
  logger.Warning("b");
  logger.Error("c", {{"k", "v"}});
  EXPECT_EQ(ParseLine(channel.Read())["level"], "info");
  EXPECT_EQ(ParseLine(channel.Read())["level"], "warning");
  EXPECT_EQ(ParseLine(channel.Read())["level"], "error");
}

TEST(JsonLogger, ReadsBackWhateverTheTextHolds) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  std::string text;
  for (int c = 0; c < 0x80; ++c) text.push_back(static_cast<char>(c));
  text.append("\xC2\x9B");          // A C1 control: CSI.
  text.append("\xE2\x80\xAE");      // A bidirectional override.
  text.append("\xEF\xBF\xBF");      // The last code point of one \u escape.
  text.append("\xF0\x90\x80\x80");  // The first of a pair.
  text.append("\xF4\x8F\xBF\xBF");  // The last of all.
  logger.Info(text, {{text.substr(0, 40), text}});
  const Json line = ParseLine(channel.Read());
  EXPECT_EQ(line["message"], text);
  EXPECT_EQ(line[text.substr(0, 40)], text);
}

TEST(JsonLogger, EscapesInLowerCaseHexAndPairs) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  logger.Info("\"\\/\n\x1b\x7f\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_THAT(
      channel.Read(),
      testing::HasSubstr(R"("\"\\/\u000a\u001b\u007f\u00e9\ud83d\ude00")"));
}

TEST(JsonLogger, BytesThatAreNotUtf8BecomeReplacements) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  logger.Info(
      "a\xFF"
      "b\xE2\x82"
      "c\xED\xA0\x80\xC0\xAF\xF0\x9F");
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(ParseLine(channel.Read())["message"],
            "a" + r + "b" + r + r + "c" + r + r + r + r + r + r + r);
}

TEST(JsonLogger, NumbersAreExactOrNull) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  logger.Info("n", {{"tenth", 0.1},
                    {"big", 1e300},
                    {"nan", std::nan("")},
                    {"inf", std::numeric_limits<double>::infinity()},
                    {"low", std::numeric_limits<int64_t>::min()}});
  const Json line = ParseLine(channel.Read());
  EXPECT_EQ(line["tenth"], 0.1);
  EXPECT_EQ(line["big"], 1e300);
  EXPECT_TRUE(line["nan"].is_null());
  EXPECT_TRUE(line["inf"].is_null());
  EXPECT_EQ(line["low"].get<int64_t>(), std::numeric_limits<int64_t>::min());
}

TEST(JsonLogger, LongTextsAreCutAndTheLineFitsAPipe) {
  FakeClock clock;
  Channel channel = Channel::Datagrams();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  const std::string plain(5000, 'x');
  std::string escaped;
  for (int i = 0; i < 2000; ++i) escaped.append("\xF0\x9F\x98\x80");
  logger.Info(plain, {{"a", escaped},
                      {"b", plain},
                      {"c", escaped},
                      {"d", plain},
                      {"last", int64_t{7}}});
  const std::string text = channel.Read();
  EXPECT_LE(text.size(), 4096u);
  const Json line = ParseLine(text);
  EXPECT_TRUE(line["message"].get<std::string>().ends_with("x..."));
  EXPECT_TRUE(line["a"].get<std::string>().ends_with("\x98\x80..."));
  EXPECT_EQ(line["last"], 7);
}

TEST(JsonLogger, LinesOfSeveralThreadsDoNotMix) {
  constexpr int kThreads = 4;
  constexpr int kLines = 100;
  FakeClock clock;
  Channel channel = Channel::Pipe();
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&logger, t] {
      for (int i = 0; i < kLines; ++i) {
        logger.Info("line", {{"id", absl::StrCat(t, "-", i)}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> ids;
  std::string text = channel.Read();
  while (!text.empty()) {
    const size_t end = text.find('\n');
    ASSERT_NE(end, text.npos);
    ids.insert(ParseLine(text.substr(0, end + 1))["id"].get<std::string>());
    text.erase(0, end + 1);
  }
  EXPECT_EQ(ids.size(), size_t{kThreads} * kLines);
}

TEST(JsonLogger, AReaderThatStoppedCostsLinesNotTime) {
  FakeClock clock;
  Channel channel = Channel::Pipe();  // Its writing end blocks when full.
  JsonLogger logger(channel.writer(), &clock, &AsItIs);
  const std::string filling(1000, 'x');
  for (int i = 0; i < 1000; ++i) logger.Info(filling);  // A pipe holds 64 KiB.
  logger.Info("lost");
  const std::string text = channel.Read();
  EXPECT_GT(text.size(), 32u * 1024);
  EXPECT_TRUE(text.ends_with("}\n"));
  EXPECT_EQ(text.find("lost"), text.npos);

  // There is room again: first it is said how much is missing.
  const auto lines = std::count(text.begin(), text.end(), '\n');
  logger.Info("found");
  logger.Info("the next");
  const std::vector<std::string> later =
      absl::StrSplit(channel.Read(), '\n', absl::SkipEmpty());
  ASSERT_EQ(later.size(), 3u);
  const Json dropped = ParseLine(later[0] + "\n");
  EXPECT_EQ(dropped["message"], "log lines dropped");
  EXPECT_EQ(dropped["level"], "warning");
  EXPECT_EQ(dropped["count"], 1001 - lines);
  EXPECT_EQ(ParseLine(later[1] + "\n")["message"], "found");
  EXPECT_EQ(ParseLine(later[2] + "\n")["message"], "the next");
}

TEST(JsonLogger, ABadDescriptorIsNoHarm) {
  FakeClock clock;
  JsonLogger logger(-1, &clock, &AsItIs);
  logger.Info("x");
  const int reading_only = open("/dev/null", O_RDONLY);
  JsonLogger other(reading_only, &clock, &AsItIs);
  other.Info("x");
  close(reading_only);
}

}  // namespace
}  // namespace signet
