// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/path_template.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

// The template as it was understood: `a/*/**` and, after it,
// `field=[begin,end)`.
std::string Describe(const PathTemplate& pattern) {
  std::string out;
  for (const PathTemplate::Segment& segment : pattern.segments()) {
    out += '/';
    out += segment.kind == PathTemplate::SegmentKind::kLiteral ? segment.literal
           : segment.kind == PathTemplate::SegmentKind::kSingle ? "*"
                                                                : "**";
  }
  if (!pattern.verb().empty()) out += ":" + pattern.verb();
  for (const PathTemplate::Variable& variable : pattern.variables()) {
    out += " " + variable.field_path + "=[" + std::to_string(variable.begin) +
           "," + std::to_string(variable.end) + ")";
  }
  return out;
}

struct Good {
  std::string name;
  std::string text;
  std::string want;
};

class GoodTemplate : public testing::TestWithParam<Good> {};

TEST_P(GoodTemplate, IsUnderstood) {
  const auto pattern = PathTemplate::Parse(GetParam().text);
  ASSERT_THAT(pattern, IsOk());
  EXPECT_EQ(Describe(*pattern), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodTemplate,
    testing::Values(
        Good{"Literals", "/v1/self", "/v1/self"},
        Good{"LiteralCharacters", "/v1.0/a-b_c~d", "/v1.0/a-b_c~d"},
        Good{"Wildcards", "/v1/*/**", "/v1/*/**"},
        Good{"Variable", "/v1/{id}", "/v1/* id=[1,2)"},
        Good{"NestedField", "/v1/{a.b_2.c}", "/v1/* a.b_2.c=[1,2)"},
        Good{"VariableWithStar", "/v1/{id=*}", "/v1/* id=[1,2)"},
        Good{"VariableOfSegments", "/{name=shelves/*/books/*}/x",
             "/shelves/*/books/*/x name=[0,4)"},
        Good{"VariableToTheEnd", "/v1/{rest=a/**}", "/v1/a/** rest=[1,3)"},
        Good{"TwoVariables", "/a/{x}/b/{y}", "/a/*/b/* x=[1,2) y=[3,4)"},
        Good{"Verb", "/v1/{id}:rotate", "/v1/*:rotate id=[1,2)"},
        Good{"VerbAfterMulti", "/v1/**:find", "/v1/**:find"}),
    [](const auto& info) { return info.param.name; });

struct Bad {
  std::string name;
  std::string text;
  std::string want;
};

class BadTemplate : public testing::TestWithParam<Bad> {};

TEST_P(BadTemplate, IsRefused) {
  const auto pattern = PathTemplate::Parse(GetParam().text);
  EXPECT_THAT(pattern, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(std::string(pattern.status().message()), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTemplate,
    testing::Values(
        Bad{"Empty", "", "want \"/\" at offset 0"},
        Bad{"Relative", "v1", "want \"/\" at offset 0"},
        Bad{"Root", "/", "want a segment at offset 1"},
        Bad{"TrailingSlash", "/v1/", "want a segment at offset 4"},
        Bad{"DoubleSlash", "/v1//x", "want a segment at offset 4"},
        Bad{"Dot", "/v1/.", "want a segment at offset 5"},
        Bad{"DotDot", "/v1/../x", "want a segment at offset 6"},
        Bad{"Escape", "/v1/%41", "want a segment at offset 4"},
        Bad{"MultiNotLast", "/v1/**/x", "want \"**\" only as the last segment"},
        Bad{"MultiInVariableNotLast", "/{a=**}/{b}",
            "want \"**\" only as the last segment"},
        Bad{"ThreeStars", "/v1/***",
            "want \"/\", a verb or the end at offset 6"},
        Bad{"NestedVariable", "/{a={b}}",
            "want no variable inside a variable at offset 5"},
        Bad{"Unclosed", "/{a", "want \"}\" at offset 3"},
        Bad{"NoName", "/{}", "want a field name at offset 2"},
        Bad{"DigitFirst", "/{1a}", "want a field name at offset 4"},
        Bad{"DanglingDot", "/{a.}", "want a field name at offset 4"},
        Bad{"EmptyPattern", "/{a=}", "want a segment at offset 4"},
        Bad{"PartOfSegment", "/a{b}",
            "want \"/\", a verb or the end at offset 2"},
        Bad{"EmptyVerb", "/a:", "want a verb at offset 3"},
        Bad{"TwoVerbs", "/a:b:c", "want \"/\", a verb or the end at offset 4"},
        Bad{"Query", "/a?b", "want \"/\", a verb or the end at offset 2"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet
