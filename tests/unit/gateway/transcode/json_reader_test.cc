// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/json_reader.h"

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/proto_schema.h"
#include "tests/support/status_matchers.h"

namespace signet::transcode {
namespace {

constexpr char kReaderSchema[] = R"(
  enum Color { COLOR_UNSPECIFIED = 0; RED = 1; blue = 2; }
  message Inner { string name = 1; int32 count = 2; repeated Inner inners = 3; }
  message All {
    string text = 1;
    optional string maybe = 2;
    bool flag = 3;
    int32 i32 = 4;
    uint32 u32 = 5;
    sint64 i64 = 6;
    fixed64 u64 = 7;
    float f = 8;
    double d = 9;
    bytes raw = 10;
    Color color = 11;
    Inner inner = 12;
    repeated string texts = 13;
    repeated Inner inners = 14;
    map<string, string> labels = 15;
    map<int32, Inner> by_number = 16;
    google.protobuf.Timestamp at = 17;
    google.protobuf.Duration ttl = 18;
    google.protobuf.FieldMask mask = 19;
    google.protobuf.StringValue text_value = 20;
    google.protobuf.Int64Value number_value = 21;
    oneof choice { string left = 22; int32 right = 23; }
    repeated google.protobuf.Timestamp times = 24;
    repeated int64 numbers = 25;
    map<bool, Color> colors = 26;
  }
)";

class JsonReaderTest : public testing::Test {
 protected:
  // The message in text format, or else the faults, one to a line.
  std::string Read(std::string_view json, std::vector<FieldPath> bound = {}) {
    const absl::StatusOr<Json> value = ParseJson(json);
    if (!value.ok()) return std::string(value.status().message());
    auto message = schema_.New("All");
    const auto faults =
        JsonToMessage(*value, {.by_path = bound, .by_header = {}}, *message);
    return faults.empty() ? ShortText(*message) : Text(faults);
  }

  static std::string Text(const std::vector<FieldViolation>& faults) {
    std::string out;
    for (const FieldViolation& fault : faults) {
      out += fault.field + ": " + fault.detail + "\n";
    }
    return out;
  }

  ProtoSchema schema_{kReaderSchema};
};

struct ReaderCase {
  std::string name;
  std::string json;
  std::string want;
};

class Accepted : public JsonReaderTest,
                 public testing::WithParamInterface<ReaderCase> {};

TEST_P(Accepted, FillsTheMessage) {
  EXPECT_EQ(Read(GetParam().json), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Accepted,
    testing::Values(
        ReaderCase{"Empty", "{}", ""},
        ReaderCase{"Text", R"({"text": "a\u00e9"})", R"(text: "a\303\251")"},
        ReaderCase{"Nul", R"({"text": "\u0000"})", R"(text: "\000")"},
        ReaderCase{"EmptyTextWithPresence", R"({"maybe": ""})", R"(maybe: "")"},
        ReaderCase{"Flag", R"({"flag": true})", "flag: true"},
        ReaderCase{"Int32Ends", R"({"i32": -2147483648})", "i32: -2147483648"},
        ReaderCase{"UInt32Ends", R"({"u32": 4294967295})", "u32: 4294967295"},
        ReaderCase{"Int64Ends", R"({"i64": -9223372036854775808})",
                   "i64: -9223372036854775808"},
        ReaderCase{"Int64AsText", R"({"i64": "-9223372036854775808"})",
                   "i64: -9223372036854775808"},
        ReaderCase{"UInt64Ends", R"({"u64": 18446744073709551615})",
                   "u64: 18446744073709551615"},
        ReaderCase{"UInt64AsText", R"({"u64": "18446744073709551615"})",
                   "u64: 18446744073709551615"},
        ReaderCase{"Reals", R"({"f": 1.5, "d": -2})", "f: 1.5 d: -2"},
        ReaderCase{"Bytes", R"({"raw": "AP8="})", R"(raw: "\000\377")"},
        ReaderCase{"Enum", R"({"color": "blue"})", "color: blue"},
        ReaderCase{"Nested",
                   R"({"inner": {"name": "a", "inners": [{"count": 1}]}})",
                   R"(inner { name: "a" inners { count: 1 } })"},
        ReaderCase{"EmptyNested", R"({"inner": {}})", "inner { }"},
        ReaderCase{"Repeated",
                   R"({"texts": ["a", ""], "inners": [{}, {"count": 2}]})",
                   R"(texts: "a" texts: "" inners { } inners { count: 2 })"},
        ReaderCase{"EmptyArray", R"({"texts": []})", ""},
        ReaderCase{
            "Map",
            R"({"labels": {"k": "v"}, "by_number": {"-3": {"count": 1}}})",
            R"(labels { key: "k" value: "v" } by_number { key: -3 value { count: 1 } })"},
        ReaderCase{"MapOfEnums", R"({"colors": {"true": "RED"}})",
                   "colors { key: true value: RED }"},
        ReaderCase{"Timestamp", R"({"at": "2023-11-07T05:31:56Z"})",
                   "at { seconds: 1699335116 }"},
        ReaderCase{"TimestampNanos",
                   R"({"at": "1969-12-31T23:59:59.999999999Z"})",
                   "at { seconds: -1 nanos: 999999999 }"},
        ReaderCase{"TimestampOffset", R"({"at": "2023-11-07t05:31:56+01:00"})",
                   "at { seconds: 1699331516 }"},
        ReaderCase{"Times", R"({"times": ["1970-01-01T00:00:01Z"]})",
                   "times { seconds: 1 }"},
        ReaderCase{"Duration", R"({"ttl": "1.5s"})",
                   "ttl { seconds: 1 nanos: 500000000 }"},
        ReaderCase{"NegativeDuration", R"({"ttl": "-0.000000001s"})",
                   "ttl { nanos: -1 }"},
        ReaderCase{"LongestDuration", R"({"ttl": "315576000000s"})",
                   "ttl { seconds: 315576000000 }"},
        ReaderCase{"FieldMask", R"({"mask": "name,a.b_2"})",
                   R"(mask { paths: "name" paths: "a.b_2" })"},
        ReaderCase{"FieldMaskIsASet", R"({"mask": "b,a,b,a.b"})",
                   R"(mask { paths: "b" paths: "a" paths: "a.b" })"},
        ReaderCase{"EmptyFieldMask", R"({"mask": ""})", "mask { }"},
        ReaderCase{"Wrappers", R"({"text_value": "", "number_value": "7"})",
                   R"(text_value { } number_value { value: 7 })"},
        ReaderCase{"Oneof", R"({"left": "a", "right": null})", R"(left: "a")"},
        ReaderCase{
            "NullIsAbsent",
            R"({"text": null, "maybe": null, "i32": null, "inner": null, "texts": null,
                 "labels": null, "at": null, "ttl": null, "text_value": null})",
            ""}),
    [](const auto& info) { return info.param.name; });

class Refused : public JsonReaderTest,
                public testing::WithParamInterface<ReaderCase> {};

TEST_P(Refused, NamesTheField) {
  EXPECT_EQ(Read(GetParam().json), GetParam().want + "\n");
}

constexpr char kInt32[] = "want a whole number from -2147483648 to 2147483647";
constexpr char kTime[] =
    "want an RFC 3339 date and time with an offset, such as "
    "2030-01-02T03:04:05Z";
constexpr char kDuration[] =
    "want seconds with at most nine fraction digits and an \"s\", such as "
    "\"1.5s\"";
constexpr char kMask[] =
    "want field paths separated by commas, such as \"name,expires_at\"";

INSTANTIATE_TEST_SUITE_P(
    Table, Refused,
    testing::Values(
        ReaderCase{"Array", "[]", "(body): got an array, want an object"},
        ReaderCase{"Null", "null", "(body): got null, want an object"},
        ReaderCase{"String", "\"{}\"", "(body): got a string, want an object"},
        ReaderCase{"Unknown", R"({"nope": 1})", "nope: unknown field"},
        ReaderCase{"CamelCase", R"({"textValue": "x"})",
                   "textValue: unknown field"},
        ReaderCase{"FieldNumber", R"({"1": "x"})", "1: unknown field"},
        ReaderCase{"NestedUnknown", R"({"inner": {"x": 1}})",
                   "inner.x: unknown field"},
        ReaderCase{"TokenAsName",
                   R"({"hbx_sa_0123456789abcdefghijklmnopqrstuvwxyz": 1})",
                   "(unnamed): unknown field"},
        ReaderCase{"UuidAsName",
                   R"({"3c90c3cc-0d44-4b50-8888-8dd25736052a": 1})",
                   "(unnamed): unknown field"},
        ReaderCase{"EmptyName", R"({"": 1})", "(unnamed): unknown field"},
        ReaderCase{"NumberAsText", R"({"text": 5})",
                   "text: got a number, want a string"},
        ReaderCase{"BoolAsText", R"({"text": true})",
                   "text: got a boolean, want a string"},
        ReaderCase{"ArrayAsText", R"({"text": ["a"]})",
                   "text: got an array, want a string"},
        ReaderCase{"TextAsBool", R"({"flag": "true"})",
                   "flag: got a string, want a boolean"},
        ReaderCase{"NumberAsBool", R"({"flag": 1})",
                   "flag: got a number, want a boolean"},
        ReaderCase{"TextAsInt", R"({"i32": "1"})",
                   "i32: got a string, want a number"},
        ReaderCase{"FractionAsInt", R"({"i32": 1.0})",
                   std::string("i32: ") + kInt32},
        ReaderCase{"ExponentAsInt", R"({"i32": 1e2})",
                   std::string("i32: ") + kInt32},
        ReaderCase{"Int32Above", R"({"i32": 2147483648})",
                   std::string("i32: ") + kInt32},
        ReaderCase{"Int32Below", R"({"i32": -2147483649})",
                   std::string("i32: ") + kInt32},
        ReaderCase{"NegativeUnsigned", R"({"u32": -1})",
                   "u32: want a whole number from 0 to 4294967295"},
        ReaderCase{"Int64Above", R"({"i64": 9223372036854775808})",
                   "i64: want a whole number from -9223372036854775808 to "
                   "9223372036854775807"},
        ReaderCase{"Int64TextAbove", R"({"i64": "9223372036854775808"})",
                   "i64: want a whole number from -9223372036854775808 to "
                   "9223372036854775807"},
        ReaderCase{"UInt64Negative", R"({"u64": -1})",
                   "u64: want a whole number from 0 to 18446744073709551615"},
        ReaderCase{"UInt64TextPlus", R"({"u64": "+1"})",
                   "u64: want a whole number from 0 to 18446744073709551615"},
        ReaderCase{"UInt64TextZeros", R"({"u64": "01"})",
                   "u64: want a whole number from 0 to 18446744073709551615"},
        ReaderCase{"UInt64TextSpace", R"({"u64": " 1"})",
                   "u64: want a whole number from 0 to 18446744073709551615"},
        ReaderCase{"FloatAbove", R"({"f": 3.5e38})",
                   "f: want a number within the range of a 32-bit float"},
        ReaderCase{"TextAsDouble", R"({"d": "NaN"})",
                   "d: got a string, want a number"},
        ReaderCase{"EnumNumber", R"({"color": 1})",
                   "color: got a number, want a string"},
        ReaderCase{"EnumUnknown", R"({"color": "red"})",
                   "color: want one of: COLOR_UNSPECIFIED, RED, blue"},
        ReaderCase{"Base64NoPadding", R"({"raw": "AP8"})",
                   "raw: want base64 with padding"},
        ReaderCase{"Base64Space", R"({"raw": "AP 8="})",
                   "raw: want base64 with padding"},
        ReaderCase{"Base64StrayBits", R"({"raw": "AP9="})",
                   "raw: want base64 with padding"},
        ReaderCase{"ObjectAsArray", R"({"texts": {"a": 1}})",
                   "texts: got an object, want an array"},
        ReaderCase{"ScalarAsArray", R"({"texts": "a"})",
                   "texts: got a string, want an array"},
        ReaderCase{"NullInArray", R"({"texts": ["a", null]})",
                   "texts[1]: got null, want a string"},
        ReaderCase{"NullMessageInArray", R"({"inners": [null]})",
                   "inners[0]: got null, want an object"},
        ReaderCase{"ArrayInArray", R"({"texts": [["a"]]})",
                   "texts[0]: got an array, want a string"},
        ReaderCase{"DeepInArray",
                   R"({"inners": [{}, {"inners": [{"count": "x"}]}]})",
                   "inners[1].inners[0].count: got a string, want a number"},
        ReaderCase{"ArrayAsMap", R"({"labels": []})",
                   "labels: got an array, want an object"},
        ReaderCase{"NullInMap", R"({"labels": {"a": null}})",
                   "labels.a: got null, want a string"},
        ReaderCase{"MapKey", R"({"by_number": {"x": {}}})",
                   std::string("by_number.x: key: ") + kInt32},
        ReaderCase{"OddMapKey", R"({"labels": {"a b": 1}})",
                   "labels.(unnamed): got a number, want a string"},
        ReaderCase{"NumberAsTimestamp", R"({"at": 1699335116})",
                   "at: got a number, want a string"},
        ReaderCase{"ObjectAsTimestamp", R"({"at": {"seconds": 1}})",
                   "at: got an object, want a string"},
        ReaderCase{"NoOffset", R"({"at": "2023-11-07T05:31:56"})",
                   std::string("at: ") + kTime},
        ReaderCase{"LeapSecond", R"({"at": "2016-12-31T23:59:60Z"})",
                   std::string("at: ") + kTime},
        ReaderCase{"ShortDate", R"({"at": "2030-1-1T00:00:00Z"})",
                   std::string("at: ") + kTime},
        ReaderCase{"OffsetWithoutColon",
                   R"({"at": "2030-01-01T00:00:00+0200"})",
                   std::string("at: ") + kTime},
        ReaderCase{"Hour24", R"({"at": "2030-01-01T24:00:00Z"})",
                   std::string("at: ") + kTime},
        ReaderCase{"TenDigits", R"({"at": "2030-01-01T00:00:00.0123456789Z"})",
                   std::string("at: ") + kTime},
        ReaderCase{"Year10000", R"({"at": "9999-12-31T23:59:59-01:00"})",
                   "at: want a year of 0001 to 9999 in UTC"},
        ReaderCase{"DurationUnit", R"({"ttl": "5m"})",
                   std::string("ttl: ") + kDuration},
        ReaderCase{"DurationNumber", R"({"ttl": 5})",
                   "ttl: got a number, want a string"},
        ReaderCase{"DurationPlus", R"({"ttl": "+5s"})",
                   std::string("ttl: ") + kDuration},
        ReaderCase{"DurationTenDigits", R"({"ttl": "0.0000000001s"})",
                   std::string("ttl: ") + kDuration},
        ReaderCase{"DurationPoint", R"({"ttl": "1.s"})",
                   std::string("ttl: ") + kDuration},
        ReaderCase{"DurationTooLong", R"({"ttl": "315576000000.1s"})",
                   "ttl: want at most 315576000000s either way"},
        ReaderCase{"DurationOverflow", R"({"ttl": "99999999999999999999s"})",
                   "ttl: want at most 315576000000s either way"},
        ReaderCase{"MaskArray", R"({"mask": ["a"]})",
                   "mask: got an array, want a string"},
        ReaderCase{"MaskSpace", R"({"mask": "a, b"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"MaskCamelCase", R"({"mask": "expiresAt"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"MaskDigit", R"({"mask": "a.2b"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"MaskUnderscore", R"({"mask": "_a"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"MaskStar", R"({"mask": "*,a"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"MaskDangling", R"({"mask": "a,"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"MaskDots", R"({"mask": "a..b"})",
                   std::string("mask: ") + kMask},
        ReaderCase{"WrapperType", R"({"text_value": {"value": "a"}})",
                   "text_value: got an object, want a string"},
        ReaderCase{"OneofTwice", R"({"left": "a", "right": 1})",
                   "right: want at most one member of choice"}),
    [](const auto& info) { return info.param.name; });

TEST_F(JsonReaderTest, ReportsAllFaultsInTheOrderOfTheDocument) {
  EXPECT_EQ(
      Read(R"({"z": 1, "text": 2, "inner": {"count": "x", "y": 3}, "a": 4})"),
      "z: unknown field\n"
      "text: got a number, want a string\n"
      "inner.count: got a string, want a number\n"
      "inner.y: unknown field\n"
      "a: unknown field\n");
}

TEST_F(JsonReaderTest, FieldsFromThePathMayNotBePresent) {
  const auto& all = schema_.Type("All");
  const auto& inner = schema_.Type("Inner");
  const std::vector<FieldPath> bound = {
      {all.FindFieldByName("text")},
      {all.FindFieldByName("inner"), inner.FindFieldByName("name")}};
  const std::string detail =
      ": comes from the path, want it absent from the body\n";
  EXPECT_EQ(Read(R"({"text": "a"})", bound), "text" + detail);
  EXPECT_EQ(Read(R"({"text": null})", bound), "text" + detail);
  EXPECT_EQ(Read(R"({"inner": {"name": "a"}})", bound), "inner.name" + detail);
  EXPECT_EQ(
      Read(R"({"inner": {"count": 1}, "inners": [{"name": "a"}]})", bound),
      R"(inner { count: 1 } inners { name: "a" })");
}

TEST_F(JsonReaderTest, WhatAHeaderGaveIsTakenToo) {
  const auto& all = schema_.Type("All");
  const auto& inner = *all.FindFieldByName("inner");
  const std::vector<FieldPath> by_header = {
      {all.FindFieldByName("text")},
      {&inner, inner.message_type()->FindFieldByName("name")}};
  auto message = schema_.Make("All", "text: 'h' inner { name: 'h' }");
  EXPECT_EQ(Text(JsonToMessage(
                *ParseJson(R"({"text": null, "inner": {"name": "", "count": 1},
                               "inners": [{"name": "a"}]})"),
                {.by_path = {}, .by_header = by_header}, *message)),
            "text: comes from a header, want it absent from the body\n"
            "inner.name: comes from a header, want it absent from the body\n");
  EXPECT_EQ(ShortText(*message),
            R"(text: "h" inner { name: "h" count: 1 } inners { name: "a" })");
}

TEST(JsonReader, FieldsThatAreNotInJsonAreUnknown) {
  ProtoSchema schema(R"(message M {
    string name = 1;
    string etag = 2 [(signet.v1.not_in_json) = true];
    M inner = 3;
  })");
  auto message = schema.New("M");
  const auto faults = JsonToMessage(
      *ParseJson(
          R"({"name": "n", "etag": "", "inner": {"etag": null, "name": "i"}})"),
      {}, *message);
  EXPECT_EQ(faults,
            (std::vector<FieldViolation>{{"etag", "unknown field"},
                                         {"inner.etag", "unknown field"}}));
  EXPECT_EQ(ShortText(*message), R"(name: "n" inner { name: "i" })");
}

TEST_F(JsonReaderTest, OneFieldMayBeTheWholeBody) {
  const auto& all = schema_.Type("All");
  const auto& inner = *all.FindFieldByName("inner");
  const std::vector<FieldPath> bound = {
      {&inner, inner.message_type()->FindFieldByName("name")}};
  const TakenFields taken{.by_path = bound, .by_header = {}};
  auto message = schema_.New("All");
  EXPECT_THAT(
      JsonToField(*ParseJson(R"({"count": 3})"), taken, inner, *message),
      testing::IsEmpty());
  EXPECT_EQ(ShortText(*message), "inner { count: 3 }");
  EXPECT_EQ(
      Text(JsonToField(*ParseJson(R"({"name": "x"})"), taken, inner, *message)),
      "inner.name: comes from the path, want it absent from the body\n");
  EXPECT_EQ(Text(JsonToField(*ParseJson(R"([1])"), {},
                             *all.FindFieldByName("texts"), *message)),
            "texts[0]: got a number, want a string\n");
}

TEST(DisplayName, ShowsOnlyWhatMayBeAName) {
  EXPECT_EQ(DisplayName("include_revoked"), "include_revoked");
  EXPECT_EQ(DisplayName("expires-At.2"), "expires-At.2");
  EXPECT_EQ(DisplayName(std::string(32, 'a')), std::string(32, 'a'));
  EXPECT_EQ(DisplayName(std::string(33, 'a')), "(unnamed)");
  EXPECT_EQ(DisplayName("a\nb"), "(unnamed)");
  EXPECT_EQ(DisplayName("\xC3\xA9"), "(unnamed)");
}

}  // namespace
}  // namespace signet::transcode
