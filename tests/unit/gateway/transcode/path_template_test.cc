// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/path_template.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::transcode {
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

struct GoodTemplateCase {
  std::string name;
  std::string text;
  std::string want;
};

class GoodTemplate : public testing::TestWithParam<GoodTemplateCase> {};

TEST_P(GoodTemplate, IsUnderstood) {
  const auto pattern = PathTemplate::Parse(GetParam().text);
  ASSERT_THAT(pattern, IsOk());
  EXPECT_EQ(Describe(*pattern), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodTemplate,
    testing::Values(
        GoodTemplateCase{"Literals", "/v1/self", "/v1/self"},
        GoodTemplateCase{"LiteralCharacters", "/v1.0/a-b_c~d", "/v1.0/a-b_c~d"},
        GoodTemplateCase{"Wildcards", "/v1/*/**", "/v1/*/**"},
        GoodTemplateCase{"Variable", "/v1/{id}", "/v1/* id=[1,2)"},
        GoodTemplateCase{"NestedField", "/v1/{a.b_2.c}", "/v1/* a.b_2.c=[1,2)"},
        GoodTemplateCase{"VariableWithStar", "/v1/{id=*}", "/v1/* id=[1,2)"},
        GoodTemplateCase{"VariableOfSegments", "/{name=shelves/*/books/*}/x",
                         "/shelves/*/books/*/x name=[0,4)"},
        GoodTemplateCase{"VariableToTheEnd", "/v1/{rest=a/**}",
                         "/v1/a/** rest=[1,3)"},
        GoodTemplateCase{"TwoVariables", "/a/{x}/b/{y}",
                         "/a/*/b/* x=[1,2) y=[3,4)"},
        GoodTemplateCase{"Verb", "/v1/{id}:rotate", "/v1/*:rotate id=[1,2)"},
        GoodTemplateCase{"VerbAfterMulti", "/v1/**:find", "/v1/**:find"}),
    [](const auto& info) { return info.param.name; });

struct BadTemplateCase {
  std::string name;
  std::string text;
  std::string want;
};

class BadTemplate : public testing::TestWithParam<BadTemplateCase> {};

TEST_P(BadTemplate, IsRefused) {
  const auto pattern = PathTemplate::Parse(GetParam().text);
  EXPECT_THAT(pattern, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(std::string(pattern.status().message()), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadTemplate,
    testing::Values(
        BadTemplateCase{"Empty", "", "want \"/\" at offset 0"},
        BadTemplateCase{"Relative", "v1", "want \"/\" at offset 0"},
        BadTemplateCase{"Root", "/", "want a segment at offset 1"},
        BadTemplateCase{"TrailingSlash", "/v1/", "want a segment at offset 4"},
        BadTemplateCase{"DoubleSlash", "/v1//x", "want a segment at offset 4"},
        BadTemplateCase{"Dot", "/v1/.", "want a segment at offset 5"},
        BadTemplateCase{"DotDot", "/v1/../x", "want a segment at offset 6"},
        BadTemplateCase{"Escape", "/v1/%41", "want a segment at offset 4"},
        BadTemplateCase{"MultiNotLast", "/v1/**/x",
                        "want \"**\" only as the last segment"},
        BadTemplateCase{"MultiInVariableNotLast", "/{a=**}/{b}",
                        "want \"**\" only as the last segment"},
        BadTemplateCase{"ThreeStars", "/v1/***",
                        "want \"/\", a verb or the end at offset 6"},
        BadTemplateCase{"NestedVariable", "/{a={b}}",
                        "want no variable inside a variable at offset 5"},
        BadTemplateCase{"Unclosed", "/{a", "want \"}\" at offset 3"},
        BadTemplateCase{"NoName", "/{}", "want a field name at offset 2"},
        BadTemplateCase{"DigitFirst", "/{1a}", "want a field name at offset 4"},
        BadTemplateCase{"DanglingDot", "/{a.}",
                        "want a field name at offset 4"},
        BadTemplateCase{"EmptyPattern", "/{a=}", "want a segment at offset 4"},
        BadTemplateCase{"PartOfSegment", "/a{b}",
                        "want \"/\", a verb or the end at offset 2"},
        BadTemplateCase{"EmptyVerb", "/a:", "want a verb at offset 3"},
        BadTemplateCase{"TwoVerbs", "/a:b:c",
                        "want \"/\", a verb or the end at offset 4"},
        BadTemplateCase{"Query", "/a?b",
                        "want \"/\", a verb or the end at offset 2"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::transcode
