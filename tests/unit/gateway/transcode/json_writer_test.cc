// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/json_writer.h"

#include <string>

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/service_account.pb.h"
#include "tests/support/proto_schema.h"
#include "tests/support/status_matchers.h"

namespace signet::transcode {
namespace {

constexpr char kWriterSchema[] = R"(
  enum Color { COLOR_UNSPECIFIED = 0; RED = 1; }
  message Inner { string name = 1; Inner inner = 2; }
  message All {
    string text = 1;
    optional string maybe = 2;
    bool flag = 3;
    int32 i32 = 4;
    uint32 u32 = 5;
    int64 i64 = 6;
    uint64 u64 = 7;
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
    google.protobuf.Int64Value number_value = 20;
    oneof choice { string left = 21; int32 right = 22; }
    repeated Color colors = 23;
  }
  message Secrets {
    string open = 1;
    string hidden = 2 [(signet.v1.secret) = true];
    repeated string list = 3 [(signet.v1.secret) = true];
    Secrets inner = 4;
    repeated Secrets inners = 5;
    map<string, Secrets> by_name = 6;
  }
  message Holder { repeated Secrets secrets = 1; }
  message Circle { Knot knot = 1; }
  message Knot { Circle circle = 1; string hidden = 2 [(signet.v1.secret) = true]; }
)";

class JsonWriterTest : public testing::Test {
 protected:
  std::string Write(const std::string& type, const std::string& text) {
    const auto layout = layouts_.Get(schema_.Type(type));
    EXPECT_THAT(layout, IsOk());
    std::string out;
    EXPECT_THAT((*layout)->Append(*schema_.Make(type, text), out), IsOk());
    EXPECT_THAT(ParseJson(out), IsOk()) << out;
    return out;
  }

  // What the field called `name` is written as.
  std::string WriteField(const std::string& name, const std::string& text) {
    const auto layout = layouts_.Get(schema_.Type("All"));
    EXPECT_THAT(layout, IsOk());
    std::string out;
    const auto message = schema_.Make("All", text);
    EXPECT_THAT((*layout)->AppendField(
                    *message, *schema_.Type("All").FindFieldByName(name), out),
                IsOk());
    return out;
  }

  ProtoSchema schema_{kWriterSchema};
  JsonLayouts layouts_;
};

TEST_F(JsonWriterTest, EveryFieldIsThereInTheOrderOfItsDeclaration) {
  EXPECT_EQ(
      Write("All", ""),
      R"({"text":"","maybe":null,"flag":false,"i32":0,"u32":0,"i64":"0",)"
      R"("u64":"0","f":0,"d":0,"raw":"","color":"COLOR_UNSPECIFIED",)"
      R"("inner":null,"texts":[],"inners":[],"labels":{},"by_number":{},)"
      R"("at":null,"ttl":null,"mask":null,"number_value":null,"left":null,)"
      R"("right":null,"colors":[]})");
}

struct WriterCase {
  std::string name;
  std::string field;
  std::string message;
  std::string want;
};

class Written : public JsonWriterTest,
                public testing::WithParamInterface<WriterCase> {};

TEST_P(Written, AsTheMappingSays) {
  EXPECT_EQ(WriteField(GetParam().field, GetParam().message), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Written,
    testing::Values(
        WriterCase{"Text", "text", R"(text: "a\"\\\n\001\303\251/")",
                   R"("a\"\\\n\u0001é/")"},
        WriterCase{"EmptyWithPresence", "maybe", "maybe: ''", "\"\""},
        WriterCase{"Flag", "flag", "flag: true", "true"},
        WriterCase{"Int32", "i32", "i32: -2147483648", "-2147483648"},
        WriterCase{"UInt32", "u32", "u32: 4294967295", "4294967295"},
        WriterCase{"Int64", "i64", "i64: -9223372036854775808",
                   "\"-9223372036854775808\""},
        WriterCase{"UInt64", "u64", "u64: 18446744073709551615",
                   "\"18446744073709551615\""},
        WriterCase{"Float", "f", "f: 0.1", "0.1"},
        WriterCase{"Double", "d", "d: 0.1", "0.1"},
        WriterCase{"BigDouble", "d", "d: 1e300", "1e+300"},
        WriterCase{"NaN", "d", "d: nan", "\"NaN\""},
        WriterCase{"Infinity", "f", "f: -inf", "\"-Infinity\""},
        WriterCase{"Bytes", "raw", R"(raw: "\000\377")", "\"AP8=\""},
        WriterCase{"Enum", "color", "color: RED", "\"RED\""},
        WriterCase{"UnknownEnum", "color", "color: 7", "7"},
        WriterCase{"Nested", "inner", "inner { name: 'a' inner {} }",
                   R"({"name":"a","inner":{"name":"","inner":null}})"},
        WriterCase{"Repeated", "texts", "texts: ['a', '']", R"(["a",""])"},
        WriterCase{"RepeatedMessage", "inners",
                   "inners {} inners { name: 'b' }",
                   R"([{"name":"","inner":null},{"name":"b","inner":null}])"},
        WriterCase{"RepeatedEnum", "colors", "colors: [RED, RED]",
                   R"(["RED","RED"])"},
        WriterCase{
            "MapInOrder", "labels",
            "labels { key: 'b' value: '1' } labels { key: 'a\"' value: '2' }",
            R"({"a\"":"2","b":"1"})"},
        WriterCase{"MapOfMessages", "by_number",
                   "by_number { key: -1 value { name: 'x' } }",
                   R"({"-1":{"name":"x","inner":null}})"},
        WriterCase{"Timestamp", "at",
                   "at { seconds: 1699335116 nanos: 500000000 }",
                   "\"2023-11-07T05:31:56.500Z\""},
        WriterCase{"FirstTimestamp", "at", "at { seconds: -62135596800 }",
                   "\"0001-01-01T00:00:00Z\""},
        WriterCase{"LastTimestamp", "at",
                   "at { seconds: 253402300799 nanos: 999999999 }",
                   "\"9999-12-31T23:59:59.999999999Z\""},
        WriterCase{"Duration", "ttl", "ttl { seconds: 3 }", "\"3s\""},
        WriterCase{"DurationMillis", "ttl", "ttl { nanos: 1000000 }",
                   "\"0.001s\""},
        WriterCase{"DurationMicros", "ttl", "ttl { seconds: 1 nanos: 2000 }",
                   "\"1.000002s\""},
        WriterCase{"DurationNegative", "ttl", "ttl { nanos: -1 }",
                   "\"-0.000000001s\""},
        WriterCase{"FieldMask", "mask", "mask { paths: 'a' paths: 'b.c_d' }",
                   "\"a,b.c_d\""},
        WriterCase{"Wrapper", "number_value", "number_value { }", "\"0\""},
        WriterCase{"Oneof", "right", "right: 0", "0"}),
    [](const auto& info) { return info.param.name; });

TEST_F(JsonWriterTest, RefusesToWriteBrokenValues) {
  const auto layout = layouts_.Get(schema_.Type("All"));
  ASSERT_THAT(layout, IsOk());
  for (const char* text :
       {"at { seconds: 253402300800 }", "at { seconds: -62135596801 }",
        "at { nanos: 1000000000 }", "at { nanos: -1 }",
        "at { seconds: 9223372036854775807 }", "ttl { seconds: 1 nanos: -1 }",
        "ttl { seconds: 315576000001 }", "ttl { nanos: 1000000000 }",
        "ttl { seconds: -9223372036854775808 }", "mask { paths: 'a\"b' }"}) {
    std::string out;
    EXPECT_THAT((*layout)->Append(*schema_.Make("All", text), out),
                StatusIs(absl::StatusCode::kInternal))
        << text;
  }
}

TEST_F(JsonWriterTest, TheDocumentedFourteenKeys) {
  v1::IssuedServiceAccount issued;
  issued.set_account_id("3c90c3cc-0d44-4b50-8888-8dd25736052a");
  issued.mutable_created_at()->set_seconds(1699335116);
  issued.set_enabled(true);  // As every answer says at first.
  issued.set_etag("1");
  const auto layout = layouts_.Get(*v1::IssuedServiceAccount::descriptor());
  ASSERT_THAT(layout, IsOk());
  std::string out;
  EXPECT_THAT((*layout)->Append(issued, out), IsOk());
  EXPECT_EQ(
      out, R"({"account_id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","id":"",)"
           R"("name":"","token":"","token_prefix":"","token_public_id":"",)"
           R"("token_last4":"","created_at":"2023-11-07T05:31:56Z",)"
           R"("updated_at":null,"created_by_user_id":null,)"
           R"("revoked_by_user_id":null,"expires_at":null,"last_used_at":null,)"
           R"("revoked_at":null})");
}

TEST_F(JsonWriterTest, KnowsWhereSecretsAre) {
  EXPECT_TRUE(
      (*layouts_.Get(*v1::IssuedServiceAccount::descriptor()))->holds_secret());
  EXPECT_FALSE(
      (*layouts_.Get(*v1::ServiceAccount::descriptor()))->holds_secret());
  EXPECT_FALSE((*layouts_.Get(schema_.Type("All")))->holds_secret());
  EXPECT_TRUE((*layouts_.Get(schema_.Type("Holder")))->holds_secret());
  EXPECT_TRUE((*layouts_.Get(schema_.Type("Circle")))->holds_secret());
}

TEST_F(JsonWriterTest, WipesSecretsAndNothingElse) {
  const auto layout = layouts_.Get(schema_.Type("Secrets"));
  ASSERT_THAT(layout, IsOk());
  const auto message = schema_.Make("Secrets", R"(
    open: "o" hidden: "s" list: ["s", "s"]
    inner { open: "o" hidden: "s" }
    inners { open: "o" hidden: "s" list: "s" }
    by_name { key: "k" value { open: "o" hidden: "s" } })");
  (*layout)->WipeSecrets(*message);
  EXPECT_EQ(ShortText(*message),
            "open: \"o\" list: \"\" list: \"\" inner { open: \"o\" } "
            "inners { open: \"o\" list: \"\" } "
            "by_name { key: \"k\" value { open: \"o\" } }");
}

constexpr char kNumbers[] = R"(
  message M {
    int64 i = 1 [(signet.v1.json_number) = true,
                 (signet.v1.omit_when) = "0"];
    uint64 u = 2 [(signet.v1.json_number) = true];
    repeated fixed64 list = 3 [(signet.v1.json_number) = true];
    optional sint64 maybe = 4 [(signet.v1.json_number) = true];
  }
)";

TEST(JsonNumbers, AreWrittenWhereTheyAreExact) {
  ProtoSchema schema(kNumbers);
  JsonLayouts layouts;
  const auto layout = layouts.Get(schema.Type("M"));
  ASSERT_THAT(layout, IsOk());
  const auto write = [&](const std::string& text) {
    std::string out;
    EXPECT_THAT((*layout)->Append(*schema.Make("M", text), out), IsOk());
    return out;
  };
  EXPECT_EQ(write(""), R"({"u":0,"list":[],"maybe":null})");
  EXPECT_EQ(write("i: 9007199254740991 u: 9007199254740991 list: [1, 2] "
                  "maybe: -9007199254740991"),
            R"({"i":9007199254740991,"u":9007199254740991,"list":[1,2],)"
            R"("maybe":-9007199254740991})");
}

TEST(JsonNumbers, BeyondThatAreAnInternalError) {
  ProtoSchema schema(kNumbers);
  JsonLayouts layouts;
  const auto layout = layouts.Get(schema.Type("M"));
  ASSERT_THAT(layout, IsOk());
  for (const char* text :
       {"i: 9007199254740992", "i: -9007199254740992", "i: 9223372036854775807",
        "i: -9223372036854775808", "u: 9007199254740992",
        "u: 18446744073709551615", "list: [1, 9007199254740992]",
        "maybe: -9007199254740992"}) {
    std::string out;
    EXPECT_THAT((*layout)->Append(*schema.Make("M", text), out),
                StatusIs(absl::StatusCode::kInternal))
        << text;
    EXPECT_THAT(out, testing::Not(testing::HasSubstr("92"))) << text;
  }
}

TEST(JsonNumbers, OtherTypesAreRefusedAtTheStart) {
  for (const char* field :
       {"int32 x = 1", "string x = 1", "double x = 1",
        "map<string, int64> x = 1", "google.protobuf.Int64Value x = 1"}) {
    ProtoSchema schema("message M { " + std::string(field) +
                       " [(signet.v1.json_number) = true]; }");
    JsonLayouts layouts;
    const auto layout = layouts.Get(schema.Type("M"));
    EXPECT_THAT(layout, StatusIs(absl::StatusCode::kInvalidArgument)) << field;
    EXPECT_THAT(std::string(layout.status().message()),
                testing::HasSubstr("test.M.x: json_number"));
  }
}

constexpr char kOptional[] = R"(
  message Inner { bool on = 1 [(signet.v1.omit_when) = "true"]; }
  message M {
    string first = 1 [(signet.v1.omit_when) = "\"\""];
    optional string maybe = 2 [(signet.v1.omit_when) = "null"];
    string always = 3;
    map<string, string> labels = 4 [(signet.v1.omit_when) = "{}"];
    string etag = 5 [(signet.v1.not_in_json) = true];
    repeated Inner inners = 6 [(signet.v1.omit_when) = "[]"];
    int32 number = 7 [(signet.v1.omit_when) = "0"];
    string last = 8 [(signet.v1.omit_when) = "\"x\""];
  }
  message Nothing { string etag = 1 [(signet.v1.not_in_json) = true]; }
)";

struct Omitted {
  std::string name;
  std::string type;
  std::string message;
  std::string want;
};

class FieldsThatMayStayOut : public testing::TestWithParam<Omitted> {};

TEST_P(FieldsThatMayStayOut, AreThereWhenTheySaySomething) {
  ProtoSchema schema(kOptional);
  JsonLayouts layouts;
  const auto layout = layouts.Get(schema.Type(GetParam().type));
  ASSERT_THAT(layout, IsOk());
  std::string out = "[";
  EXPECT_THAT(
      (*layout)->Append(*schema.Make(GetParam().type, GetParam().message), out),
      IsOk());
  EXPECT_EQ(out, "[" + GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Table, FieldsThatMayStayOut,
    testing::Values(
        Omitted{"Empty", "M", "", R"({"always":"","last":""})"},
        Omitted{"NeverTheTag", "M", "etag: 'e' last: 'x'", R"({"always":""})"},
        Omitted{"First", "M", "first: 'f' last: 'x'",
                R"({"first":"f","always":""})"},
        Omitted{"Maybe", "M", "maybe: '' last: 'x'",
                R"({"maybe":"","always":""})"},
        Omitted{"Map", "M", "labels { key: 'k' value: 'v' } last: 'x'",
                R"({"always":"","labels":{"k":"v"}})"},
        Omitted{"Inside", "M",
                "inners { on: true } inners { on: false } last: 'x'",
                R"({"always":"","inners":[{},{"on":false}]})"},
        Omitted{"Number", "M", "number: 10 last: 'xx'",
                R"({"always":"","number":10,"last":"xx"})"},
        Omitted{"Nothing", "Nothing", "etag: 'e'", "{}"}),
    [](const auto& info) { return info.param.name; });

TEST(JsonLayouts, OneFieldAloneIsWrittenWhateverItIs) {
  ProtoSchema schema(kOptional);
  JsonLayouts layouts;
  const auto layout = layouts.Get(schema.Type("M"));
  ASSERT_THAT(layout, IsOk());
  std::string out;
  EXPECT_THAT(
      (*layout)->AppendField(*schema.New("M"),
                             *schema.Type("M").FindFieldByName("inners"), out),
      IsOk());
  EXPECT_EQ(out, "[]");
}

TEST(JsonLayouts, RefusesAnOmitWhenThatIsNoJson) {
  for (const char* text : {"x", "{", "'a'", " ", "1 2"}) {
    ProtoSchema schema("message M { string x = 1 [(signet.v1.omit_when) = \"" +
                       std::string(text) + "\"]; }");
    JsonLayouts layouts;
    const auto layout = layouts.Get(schema.Type("M"));
    EXPECT_THAT(layout, StatusIs(absl::StatusCode::kInvalidArgument)) << text;
    EXPECT_THAT(std::string(layout.status().message()),
                testing::HasSubstr("test.M.x: omit_when"));
  }
}

TEST(JsonLayouts, RefusesSecretsThatAreNoStrings) {
  ProtoSchema schema(
      R"(message M { int32 x = 1 [(signet.v1.secret) = true]; })");
  JsonLayouts layouts;
  EXPECT_THAT(layouts.Get(schema.Type("M")),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::transcode
