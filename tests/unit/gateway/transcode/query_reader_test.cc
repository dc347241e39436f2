// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/query_reader.h"

#include <memory>
#include <string>
#include <vector>

#include "gateway/transcode/route_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/proto_schema.h"
#include "tests/support/status_matchers.h"

namespace signet::transcode {
namespace {

constexpr char kQuerySchema[] = R"(
  enum Color { COLOR_UNSPECIFIED = 0; RED = 1; }
  message Inner {
    string name = 1;
    Inner inner = 2;
    repeated int32 numbers = 3;
    string tag = 4 [(signet.v1.not_in_json) = true];
  }
  message Request {
    string id = 1;
    bool include_revoked = 2;
    optional string subject_id = 3;
    int32 page_size = 4;
    Color color = 5;
    repeated string tags = 6;
    repeated Color colors = 7;
    Inner inner = 8;
    repeated Inner inners = 9;
    map<string, string> labels = 10;
    google.protobuf.Timestamp before = 11;
    google.protobuf.Duration within = 12;
    google.protobuf.FieldMask mask = 13;
    google.protobuf.BoolValue maybe = 14;
    oneof choice { string left = 15; string right = 16; }
    Inner body = 17;
    double ratio = 18;
    uint64 big = 19;
    string etag = 20 [(signet.v1.not_in_json) = true];
  }
  service S {
    rpc Get(Request) returns (Request) {
      option (google.api.http) = { get: "/v1/{id}/{inner.inner.name}" };
    }
    rpc Post(Request) returns (Request) {
      option (google.api.http) = { post: "/v1/{id}" body: "*" };
    }
    rpc Patch(Request) returns (Request) {
      option (google.api.http) = { patch: "/v1/{id}" body: "body" };
    }
  }
)";

class QueryReaderTest : public testing::Test {
 protected:
  QueryReaderTest() : schema_(kQuerySchema) {
    const google::protobuf::ServiceDescriptor* service = schema_.Service();
    auto table = RouteTable::Create({&service, 1}, schema_.factory());
    EXPECT_THAT(table, IsOk());
    if (table.ok()) table_ = *std::move(table);
  }

  std::string Read(std::string_view query, std::string_view method = "GET",
                   std::string_view path = "/v1/x/y") {
    const Route& route = *table_->Match(method, path).route;
    auto request = route.NewRequest();
    const auto faults = QueryToMessage(query, route, {}, *request);
    if (faults.empty()) return ShortText(*request);
    std::string out;
    for (const FieldViolation& fault : faults) {
      out += fault.field + ": " + fault.detail + "\n";
    }
    return out;
  }

  ProtoSchema schema_;
  std::unique_ptr<const RouteTable> table_;
};

struct QueryCase {
  std::string name;
  std::string query;
  std::string want;
};

class AcceptedQuery : public QueryReaderTest,
                      public testing::WithParamInterface<QueryCase> {};
class RefusedQuery : public QueryReaderTest,
                     public testing::WithParamInterface<QueryCase> {};

TEST_P(AcceptedQuery, SetsTheFields) {
  EXPECT_EQ(Read(GetParam().query), GetParam().want);
}
TEST_P(RefusedQuery, NamesTheParameter) {
  EXPECT_EQ(Read(GetParam().query), GetParam().want + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Table, AcceptedQuery,
    testing::Values(
        QueryCase{"Empty", "", ""}, QueryCase{"OnlySeparators", "&&", ""},
        QueryCase{"True", "include_revoked=true", "include_revoked: true"},
        QueryCase{"False", "include_revoked=false", ""},
        QueryCase{"Text", "subject_id=a+b%2B%C3%A9",
                  R"(subject_id: "a b+\303\251")"},
        QueryCase{"EmptyText", "subject_id=", R"(subject_id: "")"},
        QueryCase{"NoEquals", "subject_id", R"(subject_id: "")"},
        QueryCase{"EqualsInValue", "subject_id=a=b", R"(subject_id: "a=b")"},
        QueryCase{"EscapedName", "page%5Fsize=5", "page_size: 5"},
        QueryCase{"Enum", "color=RED", "color: RED"},
        QueryCase{"Repeated", "tags=a&page_size=1&tags=b",
                  R"(page_size: 1 tags: "a" tags: "b")"},
        QueryCase{"RepeatedEnum", "colors=RED&colors=RED",
                  "colors: RED colors: RED"},
        QueryCase{"Nested", "inner.name=a&inner.numbers=1&inner.numbers=2",
                  R"(inner { name: "a" numbers: 1 numbers: 2 })"},
        QueryCase{"Timestamp", "before=2023-11-07T05:31:56Z",
                  "before { seconds: 1699335116 }"},
        QueryCase{"TimestampEscaped",
                  "before=2023-11-07T05%3A31%3A56%2B00%3A00",
                  "before { seconds: 1699335116 }"},
        QueryCase{"Duration", "within=3s", "within { seconds: 3 }"},
        QueryCase{"FieldMask", "mask=a%2Cb",
                  R"(mask { paths: "a" paths: "b" })"},
        QueryCase{"FieldMaskOfPaths", "mask=expires_at,a.b_2,expires_at",
                  R"(mask { paths: "expires_at" paths: "a.b_2" })"},
        QueryCase{"Wrapper", "maybe=false", "maybe { }"},
        QueryCase{"Oneof", "right=x", R"(right: "x")"},
        QueryCase{"Double", "ratio=-0.5", "ratio: -0.5"},
        QueryCase{"UInt64", "big=18446744073709551615",
                  "big: 18446744073709551615"}),
    [](const auto& info) { return info.param.name; });

constexpr char kEncoding[] =
    ": want UTF-8 in percent-encoding (RFC 3986 section 2.1)";

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedQuery,
    testing::Values(
        QueryCase{"Unknown", "nope=1", "nope: unknown query parameter"},
        QueryCase{"AccessToken", "access_token=hbx_sa_x",
                  "access_token: unknown query parameter"},
        QueryCase{"UnknownNested", "inner.nope=1",
                  "inner.nope: unknown query parameter"},
        QueryCase{"Tokenish", "hbx_sa_0123456789abcdefghijklmnopqrstuvwxyz=1",
                  "(unnamed): unknown query parameter"},
        QueryCase{"CamelCase", "includeRevoked=true",
                  "includeRevoked: unknown query parameter"},
        QueryCase{"NoName", "=1", "(unnamed): unknown query parameter"},
        QueryCase{"FromThePath", "id=1", "id: unknown query parameter"},
        QueryCase{"FromThePathNested", "inner.inner.name=1",
                  "inner.inner.name: unknown query parameter"},
        QueryCase{"Message", "inner=1", "inner: unknown query parameter"},
        QueryCase{"ThroughRepeated", "inners.name=1",
                  "inners.name: unknown query parameter"},
        QueryCase{"ThroughScalar", "tags.x=1",
                  "tags.x: unknown query parameter"},
        QueryCase{"ThroughTimestamp", "before.seconds=1",
                  "before.seconds: unknown query parameter"},
        QueryCase{"DanglingDot", "inner.=1", "inner.: unknown query parameter"},
        QueryCase{"Map", "labels=1", "labels: unknown query parameter"},
        QueryCase{"MapKey", "labels.a=1", "labels.a: unknown query parameter"},
        QueryCase{"Twice", "page_size=1&page_size=1",
                  "page_size: got it more than once, want it once"},
        QueryCase{"TwiceEscaped", "page_size=1&page%5fsize=2",
                  "page_size: got it more than once, want it once"},
        QueryCase{"Bool1", "include_revoked=1",
                  "include_revoked: want true or false"},
        QueryCase{"BoolCase", "include_revoked=True",
                  "include_revoked: want true or false"},
        QueryCase{"MaskEmpty", "mask=", "mask: want at least one field path"},
        QueryCase{"MaskBare", "mask", "mask: want at least one field path"},
        QueryCase{"MaskCamelCase", "mask=expiresAt",
                  "mask: want field paths separated by commas, such as "
                  "\"name,expires_at\""},
        QueryCase{"MaskTwice", "mask=a&mask=b",
                  "mask: got it more than once, want it once"},
        QueryCase{"NotInJson", "etag=x", "etag: unknown query parameter"},
        QueryCase{"NotInJsonNested", "inner.tag=x",
                  "inner.tag: unknown query parameter"},
        QueryCase{"BoolEmpty", "include_revoked",
                  "include_revoked: want true or false"},
        QueryCase{
            "Integer", "page_size=1.0",
            "page_size: want a whole number from -2147483648 to 2147483647"},
        QueryCase{
            "IntegerZeros", "page_size=01",
            "page_size: want a whole number from -2147483648 to 2147483647"},
        QueryCase{
            "MinusZero", "page_size=-0",
            "page_size: want a whole number from -2147483648 to 2147483647"},
        QueryCase{"Plus", "big=+1",
                  "big: want a whole number from 0 to 18446744073709551615; a "
                  "+ in a query is a space, write %2B for a plus sign"},
        QueryCase{"BigNegative", "big=-1",
                  "big: want a whole number from 0 to 18446744073709551615"},
        QueryCase{"Infinity", "ratio=inf", "ratio: want a finite number"},
        QueryCase{"Enum", "color=red",
                  "color: want one of: COLOR_UNSPECIFIED, RED"},
        QueryCase{"OneofTwice", "left=a&right=b",
                  "right: want at most one member of choice"},
        QueryCase{"BadEscape", "subject_id=%zz",
                  std::string("subject_id") + kEncoding},
        QueryCase{"ShortEscape", "subject_id=%4",
                  std::string("subject_id") + kEncoding},
        QueryCase{"Latin1", "subject_id=%E9",
                  std::string("subject_id") + kEncoding},
        QueryCase{"Overlong", "subject_id=%C0%AF",
                  std::string("subject_id") + kEncoding},
        QueryCase{"BadName", "%zz=1", std::string("(unnamed)") + kEncoding}),
    [](const auto& info) { return info.param.name; });

TEST_F(QueryReaderTest, ReportsAllFaultsInOrder) {
  EXPECT_EQ(Read("z=1&page_size=x&a=2"),
            "z: unknown query parameter\n"
            "page_size: want a whole number from -2147483648 to 2147483647\n"
            "a: unknown query parameter\n");
}

TEST_F(QueryReaderTest, TakesNothingThatAHeaderGave) {
  const Route& route = *table_->Match("GET", "/v1/x/y").route;
  const std::vector<FieldPath> by_header = {
      {schema_.Type("Request").FindFieldByName("subject_id")}};
  auto request = route.NewRequest();
  EXPECT_EQ(
      QueryToMessage("page_size=1&subject_id=a", route, by_header, *request),
      (std::vector<FieldViolation>{
          {"subject_id",
           "comes from a header, want it absent from the "
           "query"}}));
  EXPECT_EQ(ShortText(*request), "page_size: 1");
}

TEST_F(QueryReaderTest, TakesNothingThatTheBodyProvides) {
  EXPECT_EQ(Read("page_size=1", "POST", "/v1/x"),
            "page_size: unknown query parameter\n");
  EXPECT_EQ(Read("page_size=1", "PATCH", "/v1/x"), "page_size: 1");
  EXPECT_EQ(Read("body.name=a", "PATCH", "/v1/x"),
            "body.name: unknown query parameter\n");
}

}  // namespace
}  // namespace signet::transcode
