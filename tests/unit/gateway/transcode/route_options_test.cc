// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/route_options.h"

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

using testing::HasSubstr;

constexpr char kOptionMessages[] = R"(
  message Inner { string tag = 1; repeated string tags = 2; int32 number = 3; }
  message Request {
    string id = 1;
    string page_token = 2;
    Inner inner = 3;
    Inner hidden = 4 [(signet.v1.not_in_json) = true];
    repeated Inner inners = 5;
  }
  message Login {
    string token = 1 [(signet.v1.secret) = true];
    oneof either { string left = 2; string right = 3; }
  }
  message Form { string id = 1; string token = 2; Inner inner = 3; }
  message Strings { string token = 1; optional string hint = 2; }
  message Hidden { string hidden = 1 [(signet.v1.not_in_json) = true]; }
  message Lists { string token = 1; repeated string tokens = 2; }
  message NoToken { string id = 1; int32 page_token = 2; string tag = 3; }
  message Response {
    string id = 1;
    int32 number = 2;
    repeated string items = 3;
    bytes raw = 4;
    string hidden = 5 [(signet.v1.not_in_json) = true];
    string key = 6 [(signet.v1.secret) = true];
  }
)";

// A service of one method with these options.
absl::StatusOr<std::unique_ptr<const RouteTable>> TableOf(
    const std::string& options, const std::string& request = "Request") {
  static std::vector<std::unique_ptr<ProtoSchema>> schemas;
  schemas.push_back(std::make_unique<ProtoSchema>(
      std::string(kOptionMessages) + "service S { rpc M(" + request +
      ") returns (Response) {" + options + "} }"));
  const google::protobuf::ServiceDescriptor* service =
      schemas.back()->Service();
  return RouteTable::Create({&service, 1}, schemas.back()->factory());
}

std::string HttpRule(const std::string& rule) {
  return "option (google.api.http) = {" + rule + "};";
}
std::string AnswerOption(const std::string& option) {
  return "option (signet.v1.http_answer) = {" + option + "};";
}
std::string Header(const std::string& header, const std::string& field) {
  return "option (signet.v1.http_request_headers) = { header: '" + header +
         "' field: '" + field + "' };";
}

constexpr char kGet[] = "get: '/a'";
constexpr char kPost[] = "post: '/a' body: '*'";

TEST(RouteOptions, AreBoundOnceForAll) {
  const auto table =
      TableOf(HttpRule("patch: '/a/{id}' body: 'inner'") +
              AnswerOption("etag: 'id' next_page_token: 'hidden'") +
              Header("If-Match", "inner.tag") + Header("X_1!", "page_token"));
  ASSERT_THAT(table, IsOk());
  const Route& route = *(*table)->Match("PATCH", "/a/1").route;
  EXPECT_EQ(route.etag_field->name(), "id");
  EXPECT_EQ(route.next_page_token_field->name(), "hidden");
  EXPECT_FALSE(route.token_in_form);
  EXPECT_EQ(route.update_mask, nullptr);
  ASSERT_EQ(route.headers.size(), 2);
  EXPECT_EQ(route.headers[0].name, "If-Match");
  EXPECT_EQ(route.headers[0].lower_name, "if-match");
  EXPECT_EQ(route.headers[0].field.size(), 2);
  EXPECT_FALSE(route.headers[0].entity_tag);
}

TEST(RouteOptions, TokenInFormMayHaveABodyOrNot) {
  for (const char* rule : {kPost, "post: '/a'", "post: '/a' body: 'inner'"}) {
    const auto table =
        TableOf(HttpRule(rule) + AnswerOption("token_in_form: true"));
    ASSERT_THAT(table, IsOk());
    EXPECT_TRUE((*table)->Match("POST", "/a").route->token_in_form);
  }
}

std::string FormFields(const Route& route) {
  std::string names;
  for (const auto* field : route.form_fields) names += field->name() + " ";
  return names;
}

TEST(RouteOptions, AFormGivesWhatNothingElseDoes) {
  const auto strings =
      TableOf(HttpRule(kPost) + AnswerOption("form_body: true"), "Strings");
  ASSERT_THAT(strings, IsOk());
  const Route& route = *(*strings)->Match("POST", "/a").route;
  EXPECT_TRUE(route.form_body);
  EXPECT_EQ(FormFields(route), "token hint ");

  const auto bound = TableOf(HttpRule("post: '/{id}' body: '*'") +
                                 Header("X-Tag", "inner.tag") +
                                 AnswerOption("form_body: true"),
                             "Form");
  ASSERT_THAT(bound, IsOk());
  EXPECT_EQ(FormFields(*(*bound)->Match("POST", "/a").route), "token ");
}

TEST(RouteOptions, FieldsOfTheAnswerAndItsStatus) {
  const auto table =
      TableOf(HttpRule(kGet) +
              AnswerOption("status: 204 headers { header: 'X-Id' field: 'id' } "
                           "headers { header: 'x_h' field: 'hidden' }"));
  ASSERT_THAT(table, IsOk());
  const Route& route = *(*table)->Match("GET", "/a").route;
  EXPECT_EQ(route.success_status, 204);
  EXPECT_FALSE(route.unlogged_success);
  ASSERT_EQ(route.answer_fields.size(), 2);
  EXPECT_EQ(route.answer_fields[0].name, "X-Id");
  EXPECT_EQ(route.answer_fields[0].field->name(), "id");
  EXPECT_EQ(route.answer_fields[1].name, "x_h");
}

TEST(RouteOptions, SuccessMayBeLeftOutOfTheLog) {
  const auto table =
      TableOf(HttpRule(kGet) + "option (signet.v1.unlogged_success) = true;");
  ASSERT_THAT(table, IsOk());
  EXPECT_TRUE((*table)->Match("GET", "/a").route->unlogged_success);
}

struct Contradiction {
  std::string name;
  std::string options;
  std::string want;
  std::string request = "Request";
};

class Contradictions : public testing::TestWithParam<Contradiction> {};

TEST_P(Contradictions, AreRefusedAtTheStart) {
  const auto table = TableOf(GetParam().options, GetParam().request);
  EXPECT_THAT(table, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(table.status().message()),
              HasSubstr("test.S.M: " + GetParam().want));
}

constexpr char kEtag[] = "http_answer.etag: want the name";
constexpr char kNext[] = "http_answer.next_page_token: want the name";
constexpr char kPaging[] = "http_answer.next_page_token: want a request";
constexpr char kTokenInForm[] = "http_answer.token_in_form: want POST";
constexpr char kFormBody[] = "http_answer.form_body: want POST";
constexpr char kOut[] = "http_answer.headers: header: want the name";
constexpr char kOutField[] = "http_answer.headers: X-A: want the name";

std::string Out(const std::string& header, const std::string& field) {
  return "headers { header: '" + header + "' field: '" + field + "' }";
}

constexpr char kName[] = "http_request_headers: header: want the name";

INSTANTIATE_TEST_SUITE_P(
    Table, Contradictions,
    testing::Values(
        Contradiction{"EtagUnknown", HttpRule(kGet) + AnswerOption("etag: 'x'"),
                      kEtag},
        Contradiction{"EtagNumber",
                      HttpRule(kGet) + AnswerOption("etag: 'number'"), kEtag},
        Contradiction{"EtagRepeated",
                      HttpRule(kGet) + AnswerOption("etag: 'items'"), kEtag},
        Contradiction{"EtagBytes", HttpRule(kGet) + AnswerOption("etag: 'raw'"),
                      kEtag},
        Contradiction{"NextUnknown",
                      HttpRule(kGet) + AnswerOption("next_page_token: 'x'"),
                      kNext},
        Contradiction{
            "NextNumber",
            HttpRule(kGet) + AnswerOption("next_page_token: 'number'"), kNext},
        Contradiction{"PagingNumber",
                      HttpRule(kGet) + AnswerOption("next_page_token: 'id'"),
                      kPaging, "NoToken"},
        Contradiction{"PagingNone",
                      HttpRule(kGet) + AnswerOption("next_page_token: 'id'"),
                      kPaging, "Inner"},
        Contradiction{"PagingInPath",
                      HttpRule("get: '/{page_token}'") +
                          AnswerOption("next_page_token: 'id'"),
                      kPaging},
        Contradiction{"PagingInBody",
                      HttpRule(kPost) + AnswerOption("next_page_token: 'id'"),
                      kPaging},
        Contradiction{"PagingIsBody",
                      HttpRule("post: '/a' body: 'page_token'") +
                          AnswerOption("next_page_token: 'id'"),
                      kPaging},
        Contradiction{"FormOfGet",
                      HttpRule(kGet) + AnswerOption("token_in_form: true"),
                      kTokenInForm},
        Contradiction{"FormOfPut",
                      HttpRule("put: '/a' body: '*'") +
                          AnswerOption("token_in_form: true"),
                      kTokenInForm},
        Contradiction{
            "FormStatus",
            HttpRule(kPost) + AnswerOption("token_in_form: true status: 201"),
            kTokenInForm},
        Contradiction{"HeaderEmpty", HttpRule(kPost) + Header("", "id"), kName},
        Contradiction{"HeaderSpace", HttpRule(kPost) + Header("If Match", "id"),
                      kName},
        Contradiction{"HeaderColon",
                      HttpRule(kPost) + Header("If-Match:", "id"), kName},
        Contradiction{"HeaderCredential",
                      HttpRule(kPost) + Header("Authorization", "id"), kName},
        Contradiction{"HeaderNoField", HttpRule(kPost) + Header("If-Match", ""),
                      "http_request_headers: : want the name"},
        Contradiction{"HeaderUnknown",
                      HttpRule(kPost) + Header("If-Match", "x"),
                      "http_request_headers: x: want the name"},
        Contradiction{"HeaderThroughRepeated",
                      HttpRule(kPost) + Header("If-Match", "inners.tag"),
                      "http_request_headers: inners.tag: want the name"},
        Contradiction{"HeaderRepeated",
                      HttpRule(kPost) + Header("If-Match", "inner.tags"),
                      "http_request_headers: inner.tags: want the name"},
        Contradiction{"HeaderNumber",
                      HttpRule(kPost) + Header("If-Match", "inner.number"),
                      "http_request_headers: inner.number: want a string"},
        Contradiction{"HeaderMessage",
                      HttpRule(kPost) + Header("If-Match", "inner"),
                      "http_request_headers: inner: want a string"},
        Contradiction{"HeaderInPath",
                      HttpRule("post: '/{inner.tag}' body: '*'") +
                          Header("If-Match", "inner.tag"),
                      "http_request_headers: inner.tag: comes from the path"},
        Contradiction{"HeaderTwice",
                      HttpRule(kPost) + Header("If-Match", "id") +
                          Header("if-match", "inner.tag"),
                      "http_request_headers: if-match: want each"},
        Contradiction{
            "HeaderFieldTwice",
            HttpRule(kPost) + Header("If-Match", "id") + Header("X-Id", "id"),
            "http_request_headers: X-Id: want each"},
        Contradiction{
            "FormBodyOfPut",
            HttpRule("put: '/a' body: '*'") + AnswerOption("form_body: true"),
            kFormBody, "Strings"},
        Contradiction{"FormBodyOfGet",
                      HttpRule(kGet) + AnswerOption("form_body: true"),
                      kFormBody, "Strings"},
        Contradiction{"FormBodyNone",
                      HttpRule("post: '/a'") + AnswerOption("form_body: true"),
                      kFormBody, "Strings"},
        Contradiction{"FormBodyField",
                      HttpRule("post: '/a' body: 'inner'") +
                          AnswerOption("form_body: true"),
                      kFormBody, "Form"},
        Contradiction{"FormBodyAndTokenInForm",
                      HttpRule(kPost) +
                          AnswerOption("form_body: true token_in_form: true"),
                      kFormBody, "Strings"},
        Contradiction{"FormBodyMessage",
                      HttpRule(kPost) + AnswerOption("form_body: true"),
                      "http_answer.form_body: inner: want", "Form"},
        Contradiction{"FormBodyList",
                      HttpRule(kPost) + AnswerOption("form_body: true"),
                      "http_answer.form_body: tokens: want", "Lists"},
        Contradiction{"FormBodyNumber",
                      HttpRule(kPost) + AnswerOption("form_body: true"),
                      "http_answer.form_body: page_token: want", "NoToken"},
        Contradiction{"FormBodyOneof",
                      HttpRule(kPost) + AnswerOption("form_body: true"),
                      "http_answer.form_body: left: want", "Login"},
        Contradiction{"FormBodyHidden",
                      HttpRule(kPost) + AnswerOption("form_body: true"),
                      "http_answer.form_body: hidden: want", "Hidden"},
        Contradiction{"OutEmpty", HttpRule(kGet) + AnswerOption(Out("", "id")),
                      kOut},
        Contradiction{"OutNoToken",
                      HttpRule(kGet) + AnswerOption(Out("X A", "id")), kOut},
        Contradiction{"OutOwn",
                      HttpRule(kGet) + AnswerOption(Out("ETag", "id")), kOut},
        Contradiction{
            "OutFraming",
            HttpRule(kGet) + AnswerOption(Out("Transfer-Encoding", "id")),
            kOut},
        Contradiction{"OutNoField",
                      HttpRule(kGet) + AnswerOption(Out("X-A", "")), kOutField},
        Contradiction{"OutUnknown",
                      HttpRule(kGet) + AnswerOption(Out("X-A", "x")),
                      kOutField},
        Contradiction{"OutNumber",
                      HttpRule(kGet) + AnswerOption(Out("X-A", "number")),
                      kOutField},
        Contradiction{"OutRepeated",
                      HttpRule(kGet) + AnswerOption(Out("X-A", "items")),
                      kOutField},
        Contradiction{"OutBytes",
                      HttpRule(kGet) + AnswerOption(Out("X-A", "raw")),
                      kOutField},
        Contradiction{"OutSecret",
                      HttpRule(kGet) + AnswerOption(Out("X-A", "key")),
                      kOutField},
        Contradiction{"OutTwice",
                      HttpRule(kGet) +
                          AnswerOption(Out("X-A", "id") + Out("x-a", "hidden")),
                      "http_answer.headers: x-a: want each header once"},
        Contradiction{"NoContentWithABody",
                      HttpRule("get: '/a' response_body: 'id'") +
                          AnswerOption("status: 204"),
                      "http_answer.status: want no response_body"},
        Contradiction{"SecretInPath", HttpRule("get: '/{token}'"),
                      "token: got a secret", "Login"},
        Contradiction{"OneofInPath", HttpRule("get: '/{left}/{right}'"),
                      "left: want the name", "Login"},
        Contradiction{"OneofInHeader", HttpRule(kGet) + Header("X-A", "right"),
                      "http_request_headers: right: want the name", "Login"},
        Contradiction{"HiddenBody", HttpRule("post: '/a' body: 'hidden'"),
                      "body: want"},
        Contradiction{"HiddenResponse",
                      HttpRule("get: '/a' response_body: 'hidden'"),
                      "response_body: want"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::transcode
