// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/url.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"

namespace signet::transcode {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(SplitAtQuery, CutsAtTheFirstQuestionMark) {
  EXPECT_EQ(SplitAtQuery("/a").path, "/a");
  EXPECT_EQ(SplitAtQuery("/a").query, "");
  EXPECT_EQ(SplitAtQuery("/a?b?c").path, "/a");
  EXPECT_EQ(SplitAtQuery("/a?b?c").query, "b?c");
  EXPECT_EQ(SplitAtQuery("/a%3Fb").path, "/a%3Fb");
}

TEST(SplitPath, KeepsSegmentsEscaped) {
  EXPECT_THAT(SplitPath("/a/%41b/c:d"),
              Optional(ElementsAre("a", "%41b", "c:d")));
  EXPECT_THAT(SplitPath("/..."), Optional(ElementsAre("...")));
  EXPECT_THAT(SplitPath("/.a"), Optional(ElementsAre(".a")));
  EXPECT_THAT(SplitPath("/%252F"), Optional(ElementsAre("%252F")));
}

class MisleadingPath : public testing::TestWithParam<std::string> {};

TEST_P(MisleadingPath, IsNoPath) {
  EXPECT_EQ(SplitPath(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Table, MisleadingPath,
                         testing::Values("", "a", "*", "/", "//", "/a/",
                                         "/a//b", "//a", "/.", "/..", "/a/./b",
                                         "/a/../b", "/a/%2e/b", "/a/%2E%2e/b",
                                         "/a/.%2E", "/a%2Fb", "/a%2fb",
                                         "/a/..%2Fb", "/a%5Cb", "/a\\b",
                                         "/a/..;/b/.."));

TEST(TakePair, TakesOneAfterTheOther) {
  std::string_view query = "&a=b=c&&%61&=d&e=&";
  std::vector<std::string> seen;
  while (const std::optional<EscapedPair> pair = TakePair(query)) {
    seen.push_back(std::string(pair->text) + "|" + std::string(pair->name) +
                   "|" + std::string(pair->value));
  }
  EXPECT_THAT(seen, ElementsAre("a=b=c|a|b=c", "%61|%61|", "=d||d", "e=|e|"));
  EXPECT_EQ(query, "");
}

TEST(PercentDecode, UndoesEscapes) {
  EXPECT_THAT(PercentDecode("a%20b%C3%A9+"),
              Optional(std::string("a b\xC3\xA9+")));
  EXPECT_THAT(PercentDecode("%00"), Optional(std::string("\0", 1)));
  EXPECT_THAT(PercentDecode("%252F"), Optional(std::string("%2F")));
}

TEST(PercentDecode, RefusesWhatIsNoEscapeOrNoUtf8) {
  for (const char* bad : {"%", "%4", "%zz", "%4g", "a%", "%%41", "%FF", "%C3",
                          "%C0%AF", "%ED%A0%80", "\xFF"}) {
    EXPECT_EQ(PercentDecode(bad), std::nullopt) << bad;
  }
}

TEST(FormDecode, TakesPlusForSpace) {
  EXPECT_THAT(FormDecode("a+b%2B"), Optional(std::string("a b+")));
}

TEST(FormDecode, LeavesNothingOfWhatItRefuses) {
  const std::string secret = "only-here-0123456789-only-here";
  const FreedMemoryWatch watch(secret);
  for (const char* end : {"%", "%FF"}) {
    std::string whole;
    whole.reserve(64);  // Never outgrown, so no copy is left behind.
    whole.append(secret).append(end);
    const Secret text(std::move(whole));
    EXPECT_EQ(FormDecode(text.Expose()), std::nullopt) << end;
  }
  EXPECT_EQ(watch.count(), 0);
}

TEST(AppendReference, EscapesOnlyWhatWouldEndIt) {
  std::string out = "<";
  AppendReference("/a%20b/-._~!$&'()*+,;=:@?q=\x80<>\" \r\n\\^`{|}#[]", out);
  EXPECT_EQ(out,
            "</a%20b/-._~!$&'()*+,;=:@?q=%80%3C%3E%22%20%0D%0A%5C%5E%60%7B%7C"
            "%7D%23%5B%5D");
}

TEST(PercentEncode, KeepsOnlyUnreserved) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a/b ?\xC3\xA9%"), "a%2Fb%20%3F%C3%A9%25");
}

}  // namespace
}  // namespace signet::transcode
