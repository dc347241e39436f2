// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/route_table.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/proto_schema.h"
#include "tests/support/status_matchers.h"

namespace signet::transcode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kMessages[] = R"(
  message Inner { string id = 1; Inner inner = 2; }
  message Request {
    string id = 1;
    string other = 2;
    Inner inner = 3;
    repeated string tags = 4;
    int32 number = 5;
  }
  message Response {
    string id = 1;
    repeated string items = 2;
    int32 number = 3;
  }
)";

// A service with one rpc per text, which are the options inside its braces.
std::string Service(const std::vector<std::string>& rpcs) {
  std::string text = std::string(kMessages) + "service S {";
  for (size_t i = 0; i < rpcs.size(); ++i) {
    text += "rpc M" + std::to_string(i) + "(Request) returns (Response) {" +
            rpcs[i] + "}";
  }
  return text + "}";
}

std::string Http(const std::string& rule) {
  return "option (google.api.http) = {" + rule + "};";
}

absl::StatusOr<std::unique_ptr<const RouteTable>> TableOf(ProtoSchema& schema) {
  const google::protobuf::ServiceDescriptor* service = schema.Service();
  return RouteTable::Create({&service, 1}, schema.factory());
}

// The match as text: the method and the request that the path makes.
std::string Find(const RouteTable& table, std::string_view method,
                 std::string_view path) {
  const RouteMatch match = table.Match(method, path);
  if (match.route == nullptr) {
    return match.allowed.empty()
               ? "404"
               : "405 " + testing::PrintToString(match.allowed);
  }
  auto request = match.route->NewRequest();
  const auto faults = match.route->BindPath(match.segments, *request);
  std::string out = match.route->method->name() + " " + ShortText(*request);
  for (const FieldViolation& fault : faults) out += "! " + fault.field;
  return out;
}

TEST(RouteTable, BindsWhatThePathNames) {
  ProtoSchema schema(Service({
      Http(R"(get: "/v1/{id}")"),
      Http(R"(get: "/v1/{id}/x/{inner.inner.id}")"),
      Http(R"(get: "/v1/books/{id=shelves/*/books/*}/{other}")"),
      Http(R"(get: "/v1/files/{id=**}")"),
      Http(R"(get: "/v1/numbers/{number}")"),
      Http(R"(post: "/v1/{id}:rotate")"),
  }));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(Find(**table, "GET", "/v1/abc"), "M0 id: \"abc\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/a%20b"), "M0 id: \"a b\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/a/x/b"),
            "M1 id: \"a\" inner { inner { id: \"b\" } }");
  EXPECT_EQ(Find(**table, "GET", "/v1/books/shelves/1/books/2/o"),
            "M2 id: \"shelves/1/books/2\" other: \"o\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/files/a/b/c"), "M3 id: \"a/b/c\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/numbers/-7"), "M4 number: -7");
  EXPECT_EQ(Find(**table, "POST", "/v1/abc:rotate"), "M5 id: \"abc\"");
}

TEST(RouteTable, MultiMatchesNothingToo) {
  ProtoSchema schema(Service({Http(R"(get: "/v1/files/{id=**}")")}));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(Find(**table, "GET", "/v1/files"), "M0 ");
  EXPECT_EQ(Find(**table, "GET", "/v1/files/"), "404");
}

TEST(RouteTable, AFaultyVariableStaysUnset) {
  ProtoSchema schema(Service({Http(R"(get: "/v1/{id}/{number}")")}));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(Find(**table, "GET", "/v1/%zz/1"), "M0 number: 1! id");
  EXPECT_EQ(Find(**table, "GET", "/v1/%FF/x"), "M0 ! id! number");
}

TEST(RouteTable, PrefersTheMoreSpecific) {
  ProtoSchema schema(Service({
      Http(R"(get: "/v1/{id}")"),
      Http(R"(get: "/v1/self")"),
      Http(R"(get: "/v1/{id=**}")"),
      Http(R"(get: "/v1/self/{other}/c")"),
      Http(R"(get: "/v1/{id}/b")"),
      Http(R"(get: "/v1/{id}:verb")"),
  }));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(Find(**table, "GET", "/v1/self"), "M1 ");
  EXPECT_EQ(Find(**table, "GET", "/v1/other"), "M0 id: \"other\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/self/x/c"), "M3 other: \"x\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/self/b"), "M4 id: \"self\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/self/x/d"), "M2 id: \"self/x/d\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/a:verb"), "M5 id: \"a\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/a:other"), "M0 id: \"a:other\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/a:"), "M0 id: \"a:\"");
  EXPECT_EQ(Find(**table, "GET", "/v1/:verb"), "M0 id: \":verb\"");
}

TEST(RouteTable, TellsAWrongMethodFromAnUnknownPath) {
  ProtoSchema schema(Service({
      Http(R"(get: "/v1/{id}")"),
      Http(R"(post: "/v1/{id}" body: "*")"),
      Http(R"(delete: "/v1/self")"),
      Http(R"(post: "/v1/x/y:run" body: "*")"),
  }));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(Find(**table, "HEAD", "/v1/a"), "M0 id: \"a\"");
  EXPECT_THAT((*table)->Match("PUT", "/v1/a").allowed,
              ElementsAre("GET", "HEAD", "POST"));
  EXPECT_THAT((*table)->Match("OPTIONS", "/v1/self").allowed,
              ElementsAre("DELETE", "GET", "HEAD", "POST"));
  EXPECT_THAT((*table)->Match("HEAD", "/v1/x/y:run").allowed,
              ElementsAre("POST"));
  EXPECT_THAT((*table)->Match("get", "/v1/a").allowed,
              ElementsAre("GET", "HEAD", "POST"));
  for (const char* path :
       {"/v1", "/v2/a", "/v1/a/", "/v1//a", "/v1/a/b", "/v1/x/y",
        "/v1/x/y:stop", "/%761/a", "/v1/%2e", "/v1/a%2Fb", "*", ""}) {
    const RouteMatch match = (*table)->Match("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_THAT(match.allowed, IsEmpty()) << path;
  }
}

TEST(RouteTable, ReadsEveryBinding) {
  ProtoSchema schema(Service({
      Http(R"(get: "/a/{id}" additional_bindings { put: "/b" body: "*" }
              additional_bindings { patch: "/c" body: "inner" })"),
      Http(R"(custom { kind: "SEARCH" path: "/d" })"),
      Http(R"(delete: "/e" response_body: "items")"),
      "",
  }));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  EXPECT_EQ(Find(**table, "GET", "/a/1"), "M0 id: \"1\"");
  EXPECT_EQ((*table)->Match("PUT", "/b").route->body, Route::Body::kWhole);
  const Route* patch = (*table)->Match("PATCH", "/c").route;
  EXPECT_EQ(patch->body, Route::Body::kField);
  EXPECT_EQ(patch->body_field->name(), "inner");
  EXPECT_EQ(Find(**table, "SEARCH", "/d"), "M1 ");
  EXPECT_EQ((*table)->Match("DELETE", "/e").route->response_field->name(),
            "items");
}

TEST(RouteTable, ReadsTheAnswerOption) {
  ProtoSchema schema(Service({
      Http(R"(post: "/a/{id}" body: "*")") +
          R"(option (signet.v1.http_answer) = {
               status: 201 location: "/a/{id}/x" };)",
      Http(R"(post: "/b" body: "*")"),
  }));
  const auto table = TableOf(schema);
  ASSERT_THAT(table, IsOk());
  const Route* route = (*table)->Match("POST", "/a/1").route;
  EXPECT_EQ(route->success_status, 201);
  EXPECT_EQ(route->LocationOf(*schema.Make("Response", "id: 'q/ \"r'")),
            "/a/q%2F%20%22r/x");
  const Route* plain = (*table)->Match("POST", "/b").route;
  EXPECT_EQ(plain->success_status, 200);
  EXPECT_EQ(plain->LocationOf(*schema.Make("Response", "id: 'x'")), "");
}

struct BadRule {
  std::string name;
  std::vector<std::string> rpcs;
  std::string want;
};

class BadRules : public testing::TestWithParam<BadRule> {};

TEST_P(BadRules, AreRefusedAtTheStart) {
  ProtoSchema schema(Service(GetParam().rpcs));
  const auto table = TableOf(schema);
  EXPECT_THAT(table, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(table.status().message()),
              HasSubstr(GetParam().want));
}

std::string Answer(const std::string& option) {
  return Http(R"(post: "/a" body: "*")") +
         "option (signet.v1.http_answer) = {" + option + "};";
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRules,
    testing::Values(
        BadRule{"NoPattern",
                {Http(R"(body: "*")")},
                "test.S.M0: rule: got no pattern"},
        BadRule{"BadTemplate", {Http(R"(get: "/a/")")}, "want a segment"},
        BadRule{
            "UnknownField", {Http(R"(get: "/{nope}")")}, "nope: want the name"},
        BadRule{"UnknownNested",
                {Http(R"(get: "/{inner.nope}")")},
                "inner.nope: want"},
        BadRule{"ThroughScalar", {Http(R"(get: "/{id.x}")")}, "id.x: want"},
        BadRule{"Repeated", {Http(R"(get: "/{tags}")")}, "tags: want"},
        BadRule{"Message", {Http(R"(get: "/{inner}")")}, "got a message"},
        BadRule{"TwiceInPath", {Http(R"(get: "/{id}/{id}")")}, "twice"},
        BadRule{
            "UnknownBody", {Http(R"(post: "/a" body: "nope")")}, "body: want"},
        BadRule{"BodyOfGet", {Http(R"(get: "/a" body: "*")")}, "none for GET"},
        BadRule{"BodyOfDelete",
                {Http(R"(delete: "/a" body: "*")")},
                "none for DELETE"},
        BadRule{"ResponseBody",
                {Http(R"(get: "/a" response_body: "x")")},
                "response_body"},
        BadRule{"CustomWildcard",
                {Http(R"(custom { kind: "*" path: "/a" })")},
                "custom.kind"},
        BadRule{"CustomHead",
                {Http(R"(custom { kind: "HEAD" path: "/a" })")},
                "custom.kind"},
        BadRule{"Nested",
                {Http(R"(get: "/a" additional_bindings { get: "/b"
                         additional_bindings { get: "/c" } })")},
                "no nesting"},
        BadRule{"Duplicate",
                {Http(R"(get: "/a/{id}/b")"), Http(R"(get: "/a/{other}/b")")},
                "test.S.M1: /a/{other}/b: cannot be told apart from /a/{id}/b "
                "of test.S.M0"},
        BadRule{"DuplicateMulti",
                {Http(R"(get: "/a/**")"), Http(R"(get: "/a/{id=**}")")},
                "cannot be told apart"},
        BadRule{"Status", {Answer("status: 205")}, "http_answer.status"},
        BadRule{"ErrorStatus", {Answer("status: 404")}, "http_answer.status"},
        BadRule{"LocationField",
                {Answer("location: '/a/{nope}'")},
                "http_answer.location"},
        BadRule{"LocationType",
                {Answer("location: '/a/{number}'")},
                "http_answer.location"},
        BadRule{"LocationOpen",
                {Answer("location: '/a/{id'")},
                "http_answer.location"}),
    [](const auto& info) { return info.param.name; });

TEST(RouteTable, RefusesTypesWithoutAJsonForm) {
  for (const char* type : {"google.protobuf.Any", "google.protobuf.Struct",
                           "google.protobuf.Value"}) {
    ProtoSchema schema("message M { repeated " + std::string(type) +
                       R"( x = 1; }
      service S { rpc A(M) returns (M) { option (google.api.http).get = "/"
                                                                        "a"; } })");
    EXPECT_THAT(TableOf(schema), StatusIs(absl::StatusCode::kInvalidArgument))
        << type;
  }
}

TEST(RouteTable, RefusesStreams) {
  ProtoSchema schema(R"(message M {}
    service S { rpc A(M) returns (stream M) {
      option (google.api.http) = { get: "/a" }; } })");
  EXPECT_THAT(TableOf(schema), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace signet::transcode
