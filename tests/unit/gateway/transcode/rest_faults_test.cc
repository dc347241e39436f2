// SPDX-License-Identifier: Apache-2.0
//
// What a hostile or careless client may send in a target, a Content-Type or a
// body, and how it is refused.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kAccounts[] =
    "/v1/public/accounts/3c90c3cc-0d44-4b50-8888-8dd25736052a/auth/"
    "service-accounts";

class RestFaults : public RestFixture {
 protected:
  RestFaults() : RestFixture(ApiServices()) {
    backend_.act = [](const google::protobuf::Message& request)
        -> std::unique_ptr<google::protobuf::Message> {
      if (request.GetDescriptor() == v1::GetSelfRequest::descriptor()) {
        return std::make_unique<v1::Self>();
      }
      return std::make_unique<v1::IssuedServiceAccount>();
    };
  }

  http::Response Post(std::string body,
                      std::vector<http::Field> fields = {
                          {"content-type", "application/json"}}) {
    return Send({.method = "POST",
                 .target = kAccounts,
                 .fields = std::move(fields),
                 .body = std::move(body),
                 .peer = ""});
  }

  http::Response Get(std::string target) {
    return Send({.method = "GET",
                 .target = std::move(target),
                 .fields = {},
                 .body = "",
                 .peer = ""});
  }

  // Whether the method itself was called.
  bool acted() const {
    for (const gateway::BackendCall& call : backend_.calls()) {
      if (call.scope == gateway::CallScope::kFull) return true;
    }
    return false;
  }
};

struct Body {
  std::string name;
  std::string text;
  std::string reason;
};

class BadBody : public RestFaults, public testing::WithParamInterface<Body> {};

TEST_P(BadBody, IsRefusedAndNothingHappens) {
  const http::Response response = Post(GetParam().text);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), GetParam().reason);
  EXPECT_EQ(Member(response, "code"), "INVALID_ARGUMENT");
  EXPECT_FALSE(acted());
}

std::string Name(const std::string& json) { return "{\"name\":" + json + "}"; }

INSTANTIATE_TEST_SUITE_P(
    Table, BadBody,
    testing::Values(
        Body{"DuplicateKeys", R"({"name":"a","name":"b"})", "JSON_MALFORMED"},
        Body{"DuplicateEscaped", R"({"name":"a","n\u0061me":"b"})",
             "JSON_MALFORMED"},
        Body{"DuplicateExpiry",
             R"({"name":"a","expiresAt":null,"expires_at":null})",
             "FIELD_INVALID"},
        Body{"Nesting33", std::string(33, '[') + std::string(33, ']'),
             "JSON_TOO_DEEP"},
        Body{"Nesting101", std::string(101, '['), "JSON_TOO_DEEP"},
        Body{"Nesting64K", std::string(64 * 1024, '['), "JSON_TOO_DEEP"},
        Body{"Infinity", Name("1e999"), "JSON_MALFORMED"},
        Body{"TwoTo63", Name("9223372036854775808"), "FIELD_INVALID"},
        Body{"TwoTo64", Name("18446744073709551616"), "JSON_MALFORMED"},
        Body{"LeadingZero", Name("012"), "JSON_MALFORMED"},
        Body{"NaN", Name("NaN"), "JSON_MALFORMED"},
        Body{"InvalidUtf8", Name("\"\xFF\""), "JSON_MALFORMED"},
        Body{"Overlong", Name("\"\xC0\xAF\""), "JSON_MALFORMED"},
        Body{"Cesu", Name("\"\xED\xA0\xBD\xED\xB8\x80\""), "JSON_MALFORMED"},
        Body{"LoneSurrogate", Name(R"("\ud800")"), "JSON_MALFORMED"},
        Body{"RawNul", Name(std::string("\"a\0b\"", 5)), "JSON_MALFORMED"},
        Body{"RawControl", Name("\"a\nb\""), "JSON_MALFORMED"},
        Body{"BadEscape", Name(R"("\q")"), "JSON_MALFORMED"},
        Body{"SingleQuotes", "{'name':'a'}", "JSON_MALFORMED"},
        Body{"BareKey", "{name:\"a\"}", "JSON_MALFORMED"},
        Body{"TrailingComma", R"({"name":"a",})", "JSON_MALFORMED"},
        Body{"Comment", R"({"name":"a"/**/})", "JSON_MALFORMED"},
        Body{"TrailingBytes", R"({"name":"a"}x)", "JSON_MALFORMED"},
        Body{"TwoDocuments", R"({"name":"a"}{"name":"b"})", "JSON_MALFORMED"},
        Body{"White", "  ", "JSON_MALFORMED"},
        Body{"ByteOrderMark", "\xEF\xBB\xBF{\"name\":\"a\"}", "JSON_MALFORMED"},
        Body{"Array", "[]", "FIELD_INVALID"},
        Body{"Null", "null", "FIELD_INVALID"},
        Body{"UnknownField", R"({"name":"a","admin":true})", "FIELD_INVALID"},
        Body{"OutputOnly", R"({"name":"a","id":"x"})", "FIELD_INVALID"},
        Body{"Token", R"({"name":"a","token":"x"})", "FIELD_INVALID"},
        Body{"CreatedAt", R"({"name":"a","created_at":"2030-01-01T00:00:00Z"})",
             "FIELD_INVALID"},
        Body{
            "PathField",
            R"({"name":"a","account_id":"3c90c3cc-0d44-4b50-8888-8dd25736052a"})",
            "FIELD_INVALID"},
        Body{"NoOffset", R"({"name":"a","expires_at":"2030-01-01T00:00:00"})",
             "FIELD_INVALID"},
        Body{"LeapSecond",
             R"({"name":"a","expires_at":"2030-12-31T23:59:60Z"})",
             "FIELD_INVALID"},
        Body{"Year10000",
             R"({"name":"a","expires_at":"9999-12-31T23:59:59-01:00"})",
             "FIELD_INVALID"},
        Body{"EpochNumber", R"({"name":"a","expires_at":1893553445})",
             "FIELD_INVALID"},
        Body{"EpochObject", R"({"name":"a","expires_at":{"seconds":1}})",
             "FIELD_INVALID"},
        Body{"NameNumber", Name("5"), "FIELD_INVALID"}),
    [](const auto& info) { return info.param.name; });

TEST_F(RestFaults, TheDeepestThatIsReadHas32Levels) {
  const http::Response response =
      Post(std::string(32, '[') + std::string(32, ']'));
  EXPECT_EQ(Member(response, "reason"), "FIELD_INVALID");
}

TEST_F(RestFaults, AllViolationsAreToldAtOnce) {
  http::Request request{.method = "POST",
                        .target = std::string(kAccounts) + "?a=1&name=x",
                        .fields = {{"content-type", "application/json"}},
                        .body = R"({"z": 1, "name": 2, "expires_at": 3})",
                        .peer = ""};
  const absl::StatusOr<Json> json = ParseJson(Send(std::move(request)).body);
  ASSERT_TRUE(json.ok());
  std::vector<std::string> fields;
  for (const Json& error : (*json)["errors"]) {
    fields.push_back(error["field"].get<std::string>());
  }
  EXPECT_THAT(fields,
              testing::ElementsAre("a", "name", "z", "name", "expires_at"));
}

TEST_F(RestFaults, NoAnswerEchoesWhatWasSent) {
  const std::string secret = "hbx_sa_0123456789abcdef_secretsecretsecretsecret";
  for (const std::string& body :
       {"{\"" + secret + "\":1}", Name("\"" + secret + "\"") + "x",
        "{\"name\":\"n\",\"expires_at\":\"" + secret + "\"}",
        "{\"expires_at\":{\"" + secret + "\":1}}", secret}) {
    EXPECT_THAT(Post(body).body, Not(HasSubstr("secret"))) << body;
  }
  for (const std::string& target :
       {kAccounts + ("?access_token=" + secret), kAccounts + ("?" + secret),
        kAccounts + ("?name=" + secret), "/" + secret,
        "/v1/public/accounts/" + secret + "%zz/auth/service-accounts"}) {
    http::Request request{.method = "POST",
                          .target = target,
                          .fields = {},
                          .body = "",
                          .peer = ""};
    EXPECT_THAT(Send(std::move(request)).body, Not(HasSubstr("secret")))
        << target;
  }
}

struct ContentType {
  std::string name;
  std::vector<http::Field> fields;
  int want;
};

class ContentTypes : public RestFaults,
                     public testing::WithParamInterface<ContentType> {};

TEST_P(ContentTypes, AreReadOrRefused) {
  const http::Response response = Post(R"({"name":"a"})", GetParam().fields);
  EXPECT_EQ(response.status, GetParam().want);
  EXPECT_EQ(acted(), GetParam().want == 201);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ContentTypes,
    testing::Values(
        ContentType{"Json", {{"content-type", "application/json"}}, 201},
        ContentType{
            "Utf8", {{"content-type", "application/JSON; charset=UTF-8"}}, 201},
        ContentType{"Identity",
                    {{"content-type", "application/json"},
                     {"content-encoding", "Identity"}},
                    201},
        ContentType{"None", {}, 415},
        ContentType{"Empty", {{"content-type", ""}}, 415},
        ContentType{"Plain", {{"content-type", "text/plain"}}, 415},
        ContentType{"Form",
                    {{"content-type", "application/x-www-form-urlencoded"}},
                    415},
        ContentType{"Latin1",
                    {{"content-type", "application/json; charset=latin1"}},
                    415},
        ContentType{
            "Parameter", {{"content-type", "application/json; v=1"}}, 415},
        ContentType{"Twice",
                    {{"content-type", "application/json"},
                     {"content-type", "application/json"}},
                    415},
        ContentType{"Gzip",
                    {{"content-type", "application/json"},
                     {"content-encoding", "gzip"}},
                    415},
        ContentType{"IdentityGzip",
                    {{"content-type", "application/json"},
                     {"content-encoding", "identity"},
                     {"content-encoding", "gzip"}},
                    415},
        ContentType{"CodingList",
                    {{"content-type", "application/json"},
                     {"content-encoding", "identity, br"}},
                    415}),
    [](const auto& info) { return info.param.name; });

// No content has no type: clients send one with every request.
TEST_F(RestFaults, AnEmptyBodySetsNothingWhateverItsType) {
  const std::vector<std::vector<http::Field>> types = {
      {},
      {{"content-type", ""}},
      {{"content-type", "application/json"}},
      {{"content-type", "application/x-www-form-urlencoded"}},
      {{"content-type", "text/plain;charset=UTF-8"}},
      {{"content-type", "multipart/form-data; boundary=x"}},
      {{"content-type", "a"}, {"content-type", "b"}},
      {{"content-type", "application/json"}, {"content-encoding", "gzip"}}};
  for (const std::vector<http::Field>& fields : types) {
    Post("", fields);
    ASSERT_TRUE(acted());  // The domain then misses the name.
    EXPECT_EQ(ShortText(*backend_.calls().back().request),
              "account_id: \"3c90c3cc-0d44-4b50-8888-8dd25736052a\"");
  }
}

TEST_F(RestFaults, ABodyWhereNoneBelongsIsRefused) {
  http::Request request{.method = "GET",
                        .target = "/v1/public/auth/self",
                        .fields = {{"content-type", "application/json"}},
                        .body = "{}",
                        .peer = ""};
  const http::Response response = Send(request);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "BODY_UNEXPECTED");
  request.body.clear();
  EXPECT_EQ(Send(request).status, 200);
  request.body_too_large = true;
  EXPECT_EQ(Send(request).status, 413);
}

struct Target {
  std::string name;
  std::string target;
  int want;
};

class Targets : public RestFaults,
                public testing::WithParamInterface<Target> {};

TEST_P(Targets, NeverLeadAstray) {
  const http::Response response = Get(GetParam().target);
  EXPECT_EQ(response.status, GetParam().want);
  EXPECT_EQ(Field(response, "Location"), "");
  EXPECT_EQ(acted(), GetParam().want == 200);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Targets,
    testing::Values(
        Target{"Good", "/v1/public/auth/self", 200},
        Target{"EmptyQuery", "/v1/public/auth/self?", 200},
        Target{"TrailingSlash", "/v1/public/auth/self/", 404},
        Target{"DoubleSlash", "/v1//public/auth/self", 404},
        Target{"LeadingDoubleSlash", "//v1/public/auth/self", 404},
        Target{"DotSegment", "/v1/./public/auth/self", 404},
        Target{"DotDotSegment", "/v1/x/../public/auth/self", 404},
        Target{"EncodedDots", "/v1/x/%2e%2E/public/auth/self", 404},
        Target{"EncodedSlash", "/v1%2Fpublic/auth/self", 404},
        Target{"EncodedSlashInId",
               "/v1/public/accounts/a%2fauth/auth/service-accounts/x", 404},
        Target{"EncodedBackslash",
               "/v1/public/accounts/a%5Cb/auth/service-accounts/x", 404},
        Target{"EncodedLetter", "/v1/publi%63/auth/self", 404},
        Target{"UpperCase", "/V1/public/auth/self", 404},
        Target{"Absolute", "http://host/v1/public/auth/self", 404},
        Target{"Asterisk", "*", 404},
        Target{"MatrixParameter", "/v1/public/auth/self;a=b", 404},
        Target{"BadEscapeInId",
               "/v1/public/accounts/%zz/auth/service-accounts/x", 400},
        Target{"CutEscapeInId",
               "/v1/public/accounts/a/auth/service-accounts/%4", 400},
        Target{"BadUtf8InId", "/v1/public/accounts/%FF/auth/service-accounts/x",
               400},
        Target{"AccessToken", "/v1/public/auth/self?access_token=x", 400},
        Target{"UnknownParameter", "/v1/public/auth/self?x", 400}),
    [](const auto& info) { return info.param.name; });

TEST_F(RestFaults, AQueryTokenIsNoCredential) {
  backend_.identity_error = RpcError(google::rpc::UNAUTHENTICATED,
                                     "no credential", "CREDENTIAL_MISSING");
  const http::Response response = Get("/v1/public/auth/self?access_token=x");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(Field(response, "WWW-Authenticate"), "Bearer realm=\"signet\"");
  EXPECT_THAT(backend_.calls()[0].authorization, testing::IsEmpty());
}

TEST_F(RestFaults, AWrongMethodIsToldWhichAreRight) {
  for (const char* method :
       {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post"}) {
    const http::Response response = Send({.method = method,
                                          .target = kAccounts,
                                          .fields = {},
                                          .body = "",
                                          .peer = ""});
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(Field(response, "Allow"), "GET, HEAD, POST") << method;
  }
  const http::Response response = Send({.method = "POST",
                                        .target = std::string(kAccounts) + "/x",
                                        .fields = {},
                                        .body = "",
                                        .peer = ""});
  EXPECT_EQ(Field(response, "Allow"), "DELETE, GET, HEAD, PATCH");
}

TEST_F(RestFaults, NamesPassByteExact) {
  std::string name;
  for (int i = 0; i < 120; ++i) name += "\xF0\x9F\x98\x80";  // 480 bytes.
  EXPECT_EQ(Post(Name("\"" + name + "\"")).status, 201);
  EXPECT_EQ(static_cast<const v1::CreateServiceAccountRequest&>(
                *backend_.calls()[0].request)
                .name(),
            name);
  EXPECT_EQ(Post(Name(R"("\ud83d\ude00\u0000\u202e")")).status, 201);
  EXPECT_EQ(static_cast<const v1::CreateServiceAccountRequest&>(
                *backend_.calls()[1].request)
                .name(),
            std::string("\xF0\x9F\x98\x80\0\xE2\x80\xAE", 8));
}

TEST_F(RestFaults, NullMeansAbsent) {
  EXPECT_EQ(Post(R"({"name": null, "expires_at": null})").status, 201);
  EXPECT_EQ(ShortText(*backend_.calls()[0].request),
            "account_id: \"3c90c3cc-0d44-4b50-8888-8dd25736052a\"");
}

}  // namespace
}  // namespace signet::transcode
