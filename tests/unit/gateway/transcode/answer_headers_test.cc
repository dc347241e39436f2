// SPDX-License-Identifier: Apache-2.0
//
// Answers that have fields of the response as HTTP fields, or no content.
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/tokens.pb.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A base, so that it outlives the messages that RestFixture keeps.
struct AnswerSchema {
  ProtoSchema schema{R"(
    message Request { string id = 1; }
    message Response {
      string id = 1;
      string tag = 2 [(signet.v1.not_in_json) = true];
      string token = 3 [(signet.v1.secret) = true];
      google.protobuf.Timestamp at = 4;
    }
    service S {
      rpc Get(Request) returns (Response) {
        option (google.api.http) = { get: "/a" };
        option (signet.v1.http_answer) = {
          headers: { header: "X-Id" field: "id" }
          headers: { header: "X-Tag" field: "tag" }
        };
      }
      rpc Check(Request) returns (Response) {
        option (google.api.http) = { get: "/check" };
        option (signet.v1.http_answer) = {
          status: 204 headers: { header: "X-Id" field: "id" } };
      }
    })"};
};

class AnswerHeaders : public AnswerSchema, public RestFixture {
 protected:
  AnswerHeaders() : RestFixture({schema.Service()}, schema.factory()) {}

  http::Response Ask(const std::string& target, const std::string& text,
                     const std::string& method = "GET") {
    backend_.act = [this, text](const google::protobuf::Message&) {
      return schema.Make("Response", text);
    };
    return Send({.method = method,
                 .target = target,
                 .fields = {},
                 .body = "",
                 .peer = ""});
  }

  static std::vector<std::string> Names(const http::Response& response) {
    std::vector<std::string> names;
    for (const http::Field& field : response.fields)
      names.push_back(field.name);
    return names;
  }
};

TEST_F(AnswerHeaders, GoOutBesideTheBody) {
  for (const char* method : {"GET", "HEAD"}) {
    const http::Response response = Ask("/a", "id: 'i 1' tag: '~!'", method);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(Field(response, "X-Id"), "i 1");
    EXPECT_EQ(Field(response, "X-Tag"), "~!");
    EXPECT_EQ(response.body, R"({"id":"i 1","token":"","at":null})");
  }
}

TEST_F(AnswerHeaders, AnEmptyValueIsSentToo) {
  const http::Response response = Ask("/a", "id: 'i'");
  EXPECT_THAT(Names(response), ElementsAre("Content-Type", "X-Request-Id",
                                           "Cache-Control", "X-Id", "X-Tag"));
  EXPECT_EQ(Field(response, "X-Tag"), "");
}

TEST_F(AnswerHeaders, AValueThatNoFieldMayHaveIsAnInternalError) {
  for (const char* tag : {R"(a\r\nX: y)", R"(a\000b)", R"(a\tb)", R"(\177)",
                          R"(\303\251)", " a", "a ", " "}) {
    for (const char* target : {"/a", "/check"}) {
      const http::Response response =
          Ask(target, "id: \"" + std::string(tag) + "\"");
      EXPECT_EQ(response.status, 500) << tag;
      EXPECT_EQ(Member(response, "detail"), "internal error");
      EXPECT_EQ(Field(response, "X-Id"), "");
      EXPECT_EQ(logger_.lines().back().fields["status"], "500");
    }
  }
}

TEST_F(AnswerHeaders, ARefusalHasNone) {
  backend_.action_error = RpcError(google::rpc::NOT_FOUND, "none", "R");
  EXPECT_EQ(Field(Ask("/check", "id: 'i'"), "X-Id"), "");
}

TEST_F(AnswerHeaders, NoContentHasNeitherBodyNorType) {
  for (const char* method : {"GET", "HEAD"}) {
    const http::Response response = Ask("/check", "id: 'i'", method);
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(response.body, "");
    EXPECT_FALSE(response.sensitive);
    EXPECT_THAT(Names(response),
                ElementsAre("X-Request-Id", "Cache-Control", "X-Id"));
  }
  EXPECT_EQ(logger_.lines()[0].fields["status"], "204");
}

TEST_F(AnswerHeaders, ASecretIsWipedThoughNobodyWritesIt) {
  const FreedMemoryWatch watch("UNWRITTENUNWRITTENUNWRITTEN");
  auto message = schema.New("Response");
  message->GetReflection()->SetString(
      message.get(), schema.Type("Response").FindFieldByName("token"),
      std::string("UNWRITTENUNWRITTENUNWRITTEN"));
  backend_.act = [&](const google::protobuf::Message&) {
    return std::move(message);
  };
  EXPECT_EQ(Send({.method = "GET",
                  .target = "/check",
                  .fields = {},
                  .body = "",
                  .peer = ""})
                .status,
            204);
  EXPECT_EQ(message, nullptr);
  EXPECT_EQ(watch.count(), 0);
}

class CheckAccess : public RestFixture {
 protected:
  CheckAccess()
      : RestFixture(
            {v1::CheckAccessRequest::descriptor()->file()->service(0)}) {}
};

TEST_F(CheckAccess, IsOneCallWithoutALineInTheLog) {
  backend_.act = [](const google::protobuf::Message&) {
    auto response = std::make_unique<v1::CheckAccessResponse>();
    response->set_subject_type("user");
    response->set_subject_id("u");
    response->set_account_id("a");
    response->set_capabilities("x.y,x.z");
    return response;
  };
  http::Request request{
      .method = "GET",
      .target = "/v1/public/auth/check?capability=x.y&capability=x.z",
      .fields = {{"authorization", "Bearer t"}},
      .body = "",
      .peer = ""};
  const http::Response response = Send(request);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(Field(response, "X-Signet-Subject-Type"), "user");
  EXPECT_EQ(Field(response, "X-Signet-Subject-Id"), "u");
  EXPECT_EQ(Field(response, "X-Signet-Account-Id"), "a");
  EXPECT_EQ(Field(response, "X-Signet-Token-Public-Id"), "");
  EXPECT_EQ(Field(response, "X-Signet-Capabilities"), "x.y,x.z");
  EXPECT_EQ(response.fields.size(), 7);
  EXPECT_EQ(Field(response, "Cache-Control"), "no-store");
  ASSERT_EQ(backend_.calls().size(), 1);
  EXPECT_EQ(ShortText(*backend_.calls()[0].request),
            R"(capability: "x.y" capability: "x.z")");
  EXPECT_THAT(logger_.lines(), IsEmpty());

  backend_.identity_error = Unauthenticated();
  EXPECT_EQ(Send(request).status, 401);
  ASSERT_EQ(logger_.lines().size(), 1);
  EXPECT_EQ(logger_.lines()[0].fields["route"], "/v1/public/auth/check");
}

}  // namespace
}  // namespace signet::transcode
