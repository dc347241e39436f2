// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <time.h>  // clock_gettime

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

using absl::StatusCode;

std::string Repeat(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out.append(text);
  return out;
}

struct Text {
  std::string name;
  std::string text;
};

std::string NameOf(const testing::TestParamInfo<Text>& info) {
  return info.param.name;
}

// --- What is read -----------------------------------------------------------

TEST(ParseJson, ReadsEveryKindOfValueInOrder) {
  const auto json = ParseJson(
      " {\"z\":null,\"a\":[true,false],\"m\":{\"k\":\"v\"},\"n\":-1.5e2}"
      "\r\n\t");
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->dump(),
            R"({"z":null,"a":[true,false],"m":{"k":"v"},"n":-150.0})");
}

TEST(ParseJson, ReadsScalarsAtTheTop) {
  EXPECT_THAT(ParseJson("null"), IsOkAndHolds(Json(nullptr)));
  EXPECT_THAT(ParseJson("true"), IsOkAndHolds(Json(true)));
  EXPECT_THAT(ParseJson("\"x\""), IsOkAndHolds(Json("x")));
  EXPECT_THAT(ParseJson("[]"), IsOkAndHolds(Json::array()));
  EXPECT_THAT(ParseJson("{}"), IsOkAndHolds(Json::object()));
}

TEST(ParseJson, ReadsEscapes) {
  EXPECT_THAT(ParseJson(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00")"),
              IsOkAndHolds(Json("\"\\/\b\f\n\r\tA\xC3\xA9\xF0\x9F\x98\x80")));
  EXPECT_THAT(ParseJson(R"("\u0000")"),
              IsOkAndHolds(Json(std::string(1, '\0'))));
}

TEST(ParseJson, KeepsIntegersExact) {
  const auto highest = ParseJson("18446744073709551615");
  ASSERT_THAT(highest, IsOk());
  ASSERT_TRUE(highest->is_number_unsigned());
  EXPECT_EQ(highest->get<uint64_t>(), std::numeric_limits<uint64_t>::max());

  const auto past_int64 = ParseJson("9223372036854775808");
  ASSERT_THAT(past_int64, IsOk());
  EXPECT_EQ(past_int64->get<uint64_t>(), uint64_t{1} << 63);

  const auto lowest = ParseJson("-9223372036854775808");
  ASSERT_THAT(lowest, IsOk());
  ASSERT_TRUE(lowest->is_number_integer());
  EXPECT_EQ(lowest->get<int64_t>(), std::numeric_limits<int64_t>::min());
}

TEST(ParseJson, ReadsDoublesToTheEndsOfTheirRange) {
  EXPECT_THAT(ParseJson("1.7976931348623157e308"),
              IsOkAndHolds(Json(std::numeric_limits<double>::max())));
  EXPECT_THAT(ParseJson("-0.0"), IsOkAndHolds(Json(-0.0)));
  EXPECT_THAT(ParseJson("0e999"), IsOkAndHolds(Json(0.0)));
  EXPECT_THAT(ParseJson("5e-324"),
              IsOkAndHolds(Json(std::numeric_limits<double>::denorm_min())));
}

TEST(ParseJson, EqualNamesInDifferentObjectsAreFine) {
  EXPECT_THAT(ParseJson(R"({"a":{"a":1},"b":[{"a":2},{"a":3}]})"), IsOk());
  EXPECT_THAT(ParseJson(R"({"a":1,"A":2,"a ":3,"":4})"), IsOk());
}

// --- What is refused --------------------------------------------------------

TEST(ParseJson, TellsOfSingleQuotes) {
  for (const char* text : {"{'a':1}", "{\"a\": 'b'}", "['a']", "{ 'a':1}"}) {
    EXPECT_THAT(
        std::string(ParseJson(text).status().message()),
        testing::EndsWith("got a single quote, want member names and strings "
                          "in double quotes"))
        << text;
  }
  for (const char* text : {"\"it's", "\"it'", "{\"a'b\" 1}"}) {
    EXPECT_THAT(std::string(ParseJson(text).status().message()),
                testing::EndsWith("want one JSON text as RFC 8259 defines it"))
        << text;
  }
}

class Malformed : public testing::TestWithParam<Text> {};

TEST_P(Malformed, IsRefusedAlone) {
  EXPECT_THAT(ParseJson(GetParam().text),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
}

TEST_P(Malformed, IsRefusedInside) {
  EXPECT_THAT(ParseJson(absl::StrCat("{\"a\":[1,", GetParam().text, "]}")),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
}

TEST_P(Malformed, IsNotEchoed) {
  const auto json = ParseJson(absl::StrCat("\"canary\"", GetParam().text));
  ASSERT_THAT(json, ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
  EXPECT_EQ(json.status().message().find("canary"), absl::string_view::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Names, Malformed,
    testing::Values(Text{"Twice", R"({"a":1,"a":1})"},
                    Text{"TwiceApart", R"({"a":1,"b":2,"c":3,"a":4})"},
                    Text{"TwiceEscaped", R"({"a":1,"\u0061":2})"},
                    Text{"TwiceEscapedPair",
                         "{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"},
                    Text{"TwiceInside", R"({"x":[{"a":{},"a":{}}]})"},
                    Text{"TwiceEmpty", R"({"":1,"":2})"}, Text{"Bare", "{a:1}"},
                    Text{"Number", "{1:1}"}, Text{"SingleQuoted", "{'a':1}"},
                    Text{"Missing", "{:1}"}, Text{"Alone", R"({"a"})"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Numbers, Malformed,
    testing::Values(
        Text{"TooBig", "1e999"}, Text{"TooBigNegative", "-1e999"},
        Text{"TooSmall", "1e-999"}, Text{"TooSmallNegative", "-0.1E-999"},
        Text{"PastUint64", "18446744073709551616"},
        Text{"PastInt64Negative", "-9223372036854775809"},
        Text{"LongInteger", Repeat("9", 400)}, Text{"LeadingZero", "012"},
        Text{"TwoZeros", "00"}, Text{"NegativeLeadingZero", "-01"},
        Text{"Plus", "+1"}, Text{"NoWhole", ".5"}, Text{"NoFraction", "1."},
        Text{"NoExponent", "1e"}, Text{"SignAlone", "-"}, Text{"Hex", "0x1"},
        Text{"Underscore", "1_0"}, Text{"NaN", "NaN"},
        Text{"Infinity", "Infinity"}, Text{"NegativeInfinity", "-Infinity"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Strings, Malformed,
    testing::Values(Text{"SingleQuotes", "'a'"}, Text{"Unknown", R"("\q")"},
                    Text{"HexEscape", R"("\x41")"},
                    Text{"ShortEscape", R"("\u12")"},
                    Text{"BadEscape", R"("\u12G4")"},
                    Text{"HighSurrogateAlone", R"("\ud800")"},
                    Text{"HighSurrogateThenText", R"("\ud800A")"},
                    Text{"HighSurrogateTwice", R"("\ud800\ud800")"},
                    Text{"LowSurrogateAlone", R"("\udc00")"},
                    Text{"SurrogatesSwapped", R"("\udc00\ud800")"},
                    Text{"RawNewline", "\"a\nb\""}, Text{"RawTab", "\"\t\""},
                    Text{"RawEscape", "\"\x1b[31m\""},
                    Text{"RawNul", std::string("\"\0\"", 3)},
                    Text{"Unclosed", "\"a"}, Text{"Backslash", "\"\\"}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Utf8, Malformed,
    testing::Values(Text{"ByteFF", "\"\xff\""},
                    Text{"Continuation", "\"\x80\""},
                    Text{"Overlong2", "\"\xC0\xAF\""},
                    Text{"Overlong3", "\"\xE0\x80\xAF\""},
                    Text{"Overlong4", "\"\xF0\x80\x80\xAF\""},
                    Text{"OverlongNul", "\"\xC0\x80\""},
                    Text{"Surrogate", "\"\xED\xA0\x80\""},
                    Text{"Cesu", "\"\xED\xA0\xBD\xED\xB8\x80\""},
                    Text{"TooHigh", "\"\xF4\x90\x80\x80\""},
                    Text{"Cut", "\"\xE2\x82\""},
                    Text{"Utf16", std::string("\0\"\0a\0\"", 6)}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Structure, Malformed,
    testing::Values(Text{"TrailingCommaInArray", "[1,]"},
                    Text{"TrailingCommaInObject", R"({"a":1,})"},
                    Text{"LeadingComma", "[,1]"}, Text{"TwoCommas", "[1,,2]"},
                    Text{"NoComma", "[1 2]"}, Text{"NoColon", R"({"a" 1})"},
                    Text{"Mismatched", "[}"}, Text{"OpenArray", "[1"},
                    Text{"OpenObject", R"({"a":1)"},
                    Text{"LineComment", "1//x\n"},
                    Text{"BlockComment", "/**/1"}, Text{"HashComment", "#x\n1"},
                    Text{"UpperCase", "TRUE"}, Text{"CutWord", "tru"},
                    Text{"LongWord", "truex"}, Text{"Undefined", "undefined"},
                    Text{"FormFeed", "\f1"},
                    Text{"NoBreakSpace",
                         "\xC2\xA0"
                         "1"},
                    Text{"TwoDocuments", "{}{}"}, Text{"Trailing", "{}x"}),
    NameOf);

TEST(ParseJson, RefusesEmptyText) {
  EXPECT_THAT(ParseJson(""),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
  EXPECT_THAT(ParseJson(std::string_view()),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
  EXPECT_THAT(ParseJson(" \r\n\t"),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
}

TEST(ParseJson, RefusesAByteOrderMark) {
  EXPECT_THAT(ParseJson("\xEF\xBB\xBF{}"),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
  EXPECT_THAT(ParseJson(" \xEF\xBB\xBF{}"),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
}

TEST(ParseJson, RefusesANulWhereverItStands) {
  const std::string document = R"({"a":[1,"b"]})";
  for (size_t i = 0; i <= document.size(); ++i) {
    std::string text = document;
    text.insert(i, 1, '\0');
    EXPECT_THAT(ParseJson(text),
                ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"))
        << i;
  }
}

TEST(ParseJson, RefusesEveryCutDocument) {
  const std::string document = R"({"a":[1,{"b":"\u00e9"}],"c":null})";
  for (size_t size = 0; size < document.size(); ++size) {
    EXPECT_THAT(ParseJson(document.substr(0, size)),
                ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"))
        << size;
  }
}

TEST(ParseJson, NamesTheOffset) {
  EXPECT_THAT(std::string(ParseJson("[1,}").status().message()),
              testing::HasSubstr("near byte 4"));
  EXPECT_THAT(
      std::string(ParseJson(R"([{"a":1,"a":2}, 3])").status().message()),
      testing::HasSubstr("near byte 14"));
}

// --- Limits -----------------------------------------------------------------

TEST(ParseJson, CountsTheTopValueAsLevelOne) {
  EXPECT_THAT(ParseJson(Repeat("[", 32) + Repeat("]", 32)), IsOk());
  EXPECT_THAT(ParseJson(Repeat("[", 33) + Repeat("]", 33)),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_TOO_DEEP"));
  EXPECT_THAT(ParseJson(Repeat("{\"a\":", 32) + "1" + Repeat("}", 32)), IsOk());
  EXPECT_THAT(ParseJson(Repeat("{\"a\":", 33) + "1" + Repeat("}", 33)),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_TOO_DEEP"));
  EXPECT_THAT(ParseJson(Repeat("[{\"a\":", 16) + "[]" + Repeat("}]", 16)),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_TOO_DEEP"));
}

TEST(ParseJson, TakesTheLimitFromItsCaller) {
  EXPECT_THAT(ParseJson("1", {.max_depth = 0}), IsOk());
  EXPECT_THAT(ParseJson("[]", {.max_depth = 0}),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_TOO_DEEP"));
  EXPECT_THAT(ParseJson("[[1]]", {.max_depth = 2}), IsOk());
  EXPECT_THAT(ParseJson("[[[]]]", {.max_depth = 2}),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_TOO_DEEP"));
}

TEST(ParseJson, WidthIsNotDepth) {
  EXPECT_THAT(ParseJson("[" + Repeat("[],", 1000) + "{}]"), IsOk());
}

TEST(ParseJson, StopsAtTheFirstLevelTooMany) {
  for (const std::string_view open : {"[", "{\"a\":", "[{\"a\":"}) {
    const auto json = ParseJson(Repeat(open, 200'000));
    ASSERT_THAT(json, ErrorIs(StatusCode::kInvalidArgument, "JSON_TOO_DEEP"));
    // It read no further, so its memory cannot have grown with the text.
    EXPECT_THAT(std::string(json.status().message()),
                testing::ContainsRegex("near byte 1?[0-9]?[0-9]:"));
  }
}

// An object of `count` names, the last of them equal to the first if `twice`.
std::string ManyNames(int count, bool twice) {
  std::string text = "{";
  for (int i = 0; i < count; ++i) absl::StrAppend(&text, "\"", i, "\":0,");
  return text + (twice ? "\"0\":0}" : "\"x\":0}");
}

// How long this thread computes, whatever else the machine does.
double CpuSeconds(absl::FunctionRef<void()> work) {
  const auto now = [] {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) +
           1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

TEST(ParseJson, FindsADuplicateAmongMany) {
  const auto json = ParseJson(ManyNames(10'000, /*twice=*/false));
  ASSERT_THAT(json, IsOk());
  EXPECT_EQ(json->size(), 10'001u);
  EXPECT_THAT(ParseJson(ManyNames(10'000, /*twice=*/true)),
              ErrorIs(StatusCode::kInvalidArgument, "JSON_MALFORMED"));
}

TEST(ParseJson, ManyNamesCostLittle) {
  const std::string few = ManyNames(4'000, /*twice=*/false);
  const std::string many = ManyNames(40'000, /*twice=*/false);
  const auto cost = [](const std::string& text) {
    return CpuSeconds([&] { EXPECT_THAT(ParseJson(text), IsOk()); });
  };
  cost(few);  // Warms up.
  // Ten times the names: 12 times the work when sorted, 100 times when each is
  // compared with each.
  EXPECT_LT(cost(many), 40 * cost(few));
}

// --- Writing ----------------------------------------------------------------

TEST(AppendJsonString, EscapesOnlyWhatMustBe) {
  std::string out = "x";
  AppendJsonString("a\"b\\c/\xC3\xA9\x7F", out);
  EXPECT_EQ(out, "x\"a\\\"b\\\\c/\xC3\xA9\x7F\"");
}

TEST(AppendJsonString, ReadsBackForEveryAsciiCharacter) {
  std::string text;
  for (int c = 0; c < 0x80; ++c) text.push_back(static_cast<char>(c));
  text.append("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  std::string out;
  AppendJsonString(text, out);
  for (const char c : out) EXPECT_GE(static_cast<uint8_t>(c), 0x20);
  EXPECT_THAT(ParseJson(out), IsOkAndHolds(Json(text)));
}

TEST(WipeStrings, EmptiesEveryStringAndNothingElse) {
  Json json = *ParseJson(R"({"a":"s","b":["s",{"c":"s"},1,true,null],"d":{}})");
  WipeStrings(json);
  EXPECT_EQ(json.dump(), R"({"a":"","b":["",{"c":""},1,true,null],"d":{}})");
  Json scalar = "s";
  WipeStrings(scalar);
  EXPECT_EQ(scalar.dump(), "\"\"");
}

// The end of the string only, with every character escaped: the lexer's own
// record of the text, which is out of reach, does not hold that.
TEST(WipeStrings, LeavesNothingOfThem) {
  constexpr char kEnd[] = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
  const std::string text = "\"" + Repeat("0123456789", 8) +
                           Repeat("\\u0065", sizeof kEnd - 1) + "\"";
  const FreedMemoryWatch watch(kEnd);
  {
    Json json = *ParseJson("{\"a\":[" + text + "],\"b\":" + text + ",\"c\":1}");
    EXPECT_TRUE(json["a"][0].get_ref<const std::string&>().ends_with(kEnd));
    WipeStrings(json);
  }
  EXPECT_EQ(watch.count(), 0);
  EXPECT_THAT(ParseJson("{\"a\":[" + text + "],}"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(watch.count(), 0);
  { Json unwiped = *ParseJson(text); }
  EXPECT_EQ(watch.count(), 1);
}

}  // namespace
}  // namespace signet
