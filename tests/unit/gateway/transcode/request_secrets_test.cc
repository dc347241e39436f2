// SPDX-License-Identifier: Apache-2.0
//
// A token that a request holds is in the message for the backend, and nowhere
// else once it is read.
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/tokens.pb.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

using testing::HasSubstr;
using testing::Not;

// Long, and watched for by its end only: what the JSON lexer outgrew on its way
// there holds no more than a beginning.
const char kBegin[] =
    "0123456789012345678901234567890123456789012345678901234567890123456789";
constexpr char kEnd[] = "ENDOFATOKENENDOFATOKENENDOFATOKEN";

// A base, so that it outlives the messages that RestFixture keeps.
struct SecretSchema {
  ProtoSchema schema{R"(
    message Credentials {
      string token = 1 [(signet.v1.secret) = true];
      repeated string tokens = 2 [(signet.v1.secret) = true];
      string note = 3;
      Credentials inner = 4;
    }
    message Open { string note = 1; }
    service S {
      rpc Check(Credentials) returns (Open) {
        option (google.api.http) = { post: "/check" body: "*" };
      }
      rpc CheckInner(Credentials) returns (Open) {
        option (google.api.http) = { post: "/inner" body: "inner" };
      }
      rpc Ask(Credentials) returns (Open) {
        option (google.api.http) = { get: "/ask" };
      }
    })"};
};

class RequestSecrets : public SecretSchema, public RestFixture {
 protected:
  RequestSecrets() : RestFixture({schema.Service()}, schema.factory()) {
    backend_.act = [this](const google::protobuf::Message&) {
      return schema.New("Open");
    };
  }

  static http::Request Post(const std::string& target,
                            const std::string& body) {
    http::Request request{.method = "POST",
                          .target = target,
                          .fields = {{"content-type", "application/json"}},
                          .body = "",
                          .peer = ""};
    request.body.reserve(4096);  // Never outgrown, so no copy is left behind.
    request.body = body;
    return request;
  }

  // The end of the token with every character escaped, so that the lexer's own
  // record of the text is something else than the token.
  static std::string EscapedToken() {
    std::string out = kBegin;
    for (const char c : std::string_view(kEnd)) {
      constexpr std::string_view kHexDigits = "0123456789abcdef";
      out += "\\u00";
      out += kHexDigits[c / 16];
      out += kHexDigits[c % 16];
    }
    return out;
  }

  // How often the token was left behind.
  int LeftBehind(const std::string& target, const std::string& body,
                 int status) {
    http::Request request = Post(target, body);
    const FreedMemoryWatch watch(kEnd);
    EXPECT_EQ(Send(std::move(request)).status, status) << body;
    return watch.count();
  }
};

TEST_F(RequestSecrets, AJsonBodyIsWiped) {
  http::Request request =
      Post("/check", R"({"note":"n","token":")" + std::string(kEnd) + "\"}");
  const FreedMemoryWatch watch(R"("note":"n","token":"END)");
  EXPECT_EQ(Send(std::move(request)).status, 200);
  EXPECT_EQ(watch.count(), 0);
  EXPECT_THAT(ShortText(*backend_.calls()[0].request), HasSubstr(kEnd));
}

TEST_F(RequestSecrets, SoIsABodyThatNobodyReads) {
  for (const char* target : {"/nope", "/ask", "/check"}) {
    http::Request request = Post(target, std::string(kBegin) + kEnd);
    request.fields[0].value = "text/plain";
    const FreedMemoryWatch watch(kEnd);
    EXPECT_GE(Send(std::move(request)).status, 400);
    EXPECT_EQ(watch.count(), 0) << target;
  }
}

TEST_F(RequestSecrets, AreInTheMessageOnly) {
  const std::string token = "\"" + EscapedToken() + "\"";
  EXPECT_EQ(LeftBehind("/check", R"({"token":)" + token + "}", 200), 0);
  EXPECT_THAT(ShortText(*backend_.calls().back().request), HasSubstr(kEnd));
  EXPECT_EQ(LeftBehind("/check",
                       R"({"tokens":["",)" + token + "," + token + "]}", 200),
            0);
  EXPECT_EQ(LeftBehind("/inner", R"({"inner":{"token":)" + token + "}}", 200),
            0);
}

TEST_F(RequestSecrets, AreNowhereAfterAFault) {
  const std::string token = "\"" + EscapedToken() + "\"";
  for (const std::string& body :
       {R"({"token":)" + token + R"(,"x":1})",
        R"({"tokens":[)" + token + "," + token + R"(,1]})",
        R"({"inner":{"inner":{"tokens":[)" + token + R"(]}},"note":1})",
        R"({"note":1,"x":)" + token + "}", R"({"token":)" + token + ",}",
        R"({"tokens":[)" + token + R"(,{"a":)" + token + "}"}) {
    EXPECT_EQ(LeftBehind("/check", body, 400), 0) << body;
    EXPECT_EQ(ShortText(*backend_.calls().back().request), "");
  }
  EXPECT_EQ(LeftBehind("/check?x=1", R"({"token":)" + token + "}", 400), 0);
}

TEST_F(RequestSecrets, NoUrlGivesThem) {
  for (const char* name : {"token", "tokens", "inner.token"}) {
    const http::Response response =
        Send({.method = "GET",
              .target = std::string("/ask?note=n&") + name + "=CANARY",
              .fields = {},
              .body = "",
              .peer = ""});
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(Member(response, "errors"),
              std::string(R"([{"field":")") + name +
                  R"(","detail":"unknown query parameter"}])");
  }
}

TEST_F(RequestSecrets, AreNeverLogged) {
  for (const char* body :
       {R"({"token":"CANARY","tokens":["CANARY"]})", R"({"token":["CANARY"]})",
        R"({"CANARY":"CANARY"})", R"({"token":"CANARY)"}) {
    Send(Post("/check", body));
  }
  backend_.act = nullptr;
  EXPECT_EQ(Send(Post("/check", R"({"token":"CANARY"})")).status, 500);
  ASSERT_EQ(logger_.lines().size(), 6);
  for (const RecordingLogger::Line& line : logger_.lines()) {
    for (const auto& [key, value] : line.fields) {
      EXPECT_THAT(value, Not(HasSubstr("CANARY"))) << key;
    }
  }
}

class FormSecrets : public RestFixture {
 protected:
  FormSecrets()
      : RestFixture(
            {v1::RevokeTokenRequest::descriptor()->file()->service(0)}) {
    backend_.act = [](const google::protobuf::Message&) {
      return std::make_unique<v1::RevokeTokenResponse>();
    };
  }

  // How often a token in a form that ends with `after` was left behind.
  int LeftBehind(const std::string& after, int status) {
    http::Request request{
        .method = "POST",
        .target = "/oauth2/revoke",
        .fields = {{"content-type", "application/x-www-form-urlencoded"}},
        .body = "",
        .peer = ""};
    request.body.reserve(4096);
    request.body.append("token=").append(kBegin).append(kEnd).append(after);
    const FreedMemoryWatch watch(kEnd);
    EXPECT_EQ(Send(std::move(request)).status, status) << after;
    return watch.count();
  }
};

TEST_F(FormSecrets, AreInTheMessageOnly) {
  EXPECT_EQ(LeftBehind("&x=1", 200), 0);
  EXPECT_THAT(ShortText(*backend_.calls()[0].request), HasSubstr(kEnd));
}

TEST_F(FormSecrets, AreNowhereAfterAFault) {
  for (const char* after : {"&token=x", "%zz", "&x=%", "&token_type_hint=%"}) {
    EXPECT_EQ(LeftBehind(after, 400), 0) << after;
    EXPECT_EQ(ShortText(*backend_.calls().back().request), "");
  }
}

}  // namespace
}  // namespace signet::transcode
