// SPDX-License-Identifier: Apache-2.0
#include "http/syntax.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace signet::http {
namespace {

using std::string_view_literals::operator""sv;

TEST(SyntaxTest, Token) {
  EXPECT_TRUE(IsToken("x-Request_id.1!#$%&'*+^`|~"));
  for (const std::string_view text :
       {""sv, "a b"sv, "a\t"sv, "a:"sv, "a/b"sv, "\"a\""sv, "a\0"sv, "\xe9"sv,
        "a,b"sv, "[a]"sv, "{a}"sv, "a@b"sv, "a\x7f"sv}) {
    EXPECT_FALSE(IsToken(text)) << text;
  }
}

TEST(SyntaxTest, FieldValue) {
  EXPECT_TRUE(IsFieldValue(""));
  EXPECT_TRUE(IsFieldValue("a \t b \xff"));
  for (const std::string_view text :
       {"a\0"sv, "a\r"sv, "a\n"sv, "\x1b[1m"sv, "\x7f"sv}) {
    EXPECT_FALSE(IsFieldValue(text));
  }
}

TEST(SyntaxTest, TrimOws) {
  EXPECT_EQ(TrimOws(" \ta b\t "), "a b");
  EXPECT_EQ(TrimOws(" \t "), "");
  EXPECT_EQ(TrimOws("\va"), "\va");  // Other white space is not OWS.
}

TEST(SyntaxTest, ListHas) {
  EXPECT_TRUE(ListHas("close", "close"));
  EXPECT_TRUE(ListHas("keep-alive ,\tCLOSE", "close"));
  EXPECT_TRUE(ListHas(",,close,", "close"));
  EXPECT_FALSE(ListHas("closed", "close"));
  EXPECT_FALSE(ListHas("x close", "close"));
  EXPECT_FALSE(ListHas("", "close"));
}

TEST(SyntaxTest, Authority) {
  for (const std::string_view text :
       {"h", "h:", "h:80", "a.b-c_d~e", "127.0.0.1:8080", "[::1]", "[::1]:80",
        "%41", "[::ffff:1.2.3.4]"}) {
    EXPECT_TRUE(IsAuthority(text)) << text;
  }
  for (const std::string_view text :
       {"", ":80", "u@h", "h:8x", "h:-1", "a b", "a/b", "h:1:2", "[::1", "[]",
        "[::1]x", "[g]", "::1", "\xe9", "h\t"}) {
    EXPECT_FALSE(IsAuthority(text)) << text;
  }
}

struct TargetCase {
  std::string name;
  std::string_view text;
  std::optional<std::string_view> path_and_query;  // Nothing: refused.
  std::string_view authority = {};
};

class TargetTest : public testing::TestWithParam<TargetCase> {};

TEST_P(TargetTest, IsTakenApart) {
  const auto target = ParseTarget(GetParam().text);
  ASSERT_EQ(target.has_value(), GetParam().path_and_query.has_value());
  if (!target) return;
  EXPECT_EQ(target->path_and_query, GetParam().path_and_query);
  EXPECT_EQ(target->authority, GetParam().authority);
}

INSTANTIATE_TEST_SUITE_P(
    Targets, TargetTest,
    testing::Values(
        TargetCase{"Root", "/", "/"},
        TargetCase{"PathAndQuery", "/a/b;c=1?d=e&f=%20:@",
                   "/a/b;c=1?d=e&f=%20:@"},
        TargetCase{"TwoSlashes", "//a", "//a"},
        TargetCase{"Absolute", "http://h:1/a?b", "/a?b", "h:1"},
        TargetCase{"AbsoluteHttps", "HTTPS://h/", "/", "h"},
        TargetCase{"AbsoluteWithoutPath", "http://h", "", "h"},
        TargetCase{"AbsoluteQueryOnly", "http://h?a", "?a", "h"},
        TargetCase{"Empty", "", {}}, TargetCase{"Asterisk", "*", {}},
        TargetCase{"AuthorityForm", "h:443", {}},
        TargetCase{"OtherScheme", "ftp://h/", {}},
        TargetCase{"NoHost", "http:///a", {}},
        TargetCase{"Userinfo", "http://u:p@h/", {}},
        TargetCase{"Relative", "a/b", {}}, TargetCase{"Fragment", "/a#b", {}},
        TargetCase{"Space", "/a b", {}}, TargetCase{"Quote", "/a\"b", {}},
        TargetCase{"Braces", "/{a}", {}}, TargetCase{"Backslash", "/a\\b", {}},
        TargetCase{"Control", "/a\x01", {}},
        TargetCase{"Nul", std::string_view("/a\0", 3), {}},
        TargetCase{"NonAscii", "/\xc3\xa9", {}}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::http
