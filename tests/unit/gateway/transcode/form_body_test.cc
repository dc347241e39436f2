// SPDX-License-Identifier: Apache-2.0
//
// Methods whose request is a form (RFC 7009 section 2.1, RFC 7662 section 2.1).
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/transcode/media_type.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/tokens.pb.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FormBody : public RestFixture {
 protected:
  FormBody()
      : RestFixture(
            {v1::RevokeTokenRequest::descriptor()->file()->service(0)}) {
    backend_.act = [](const google::protobuf::Message& request)
        -> std::unique_ptr<google::protobuf::Message> {
      if (request.GetDescriptor() == v1::RevokeTokenRequest::descriptor()) {
        return std::make_unique<v1::RevokeTokenResponse>();
      }
      auto response = std::make_unique<v1::IntrospectTokenResponse>();
      response->set_active(true);
      response->set_exp(1893553445);
      return response;
    };
  }

  static http::Request Form(std::string body,
                            const char* type = kFormMediaType) {
    return {
        .method = "POST",
        .target = "/oauth2/introspect",
        .fields = {{"authorization", "Bearer caller"}, {"content-type", type}},
        .body = std::move(body),
        .peer = ""};
  }

  std::string LastRequest() {
    return ShortText(*backend_.calls().back().request);
  }
};

TEST_F(FormBody, GivesTheFieldsOfTheRequest) {
  const http::Response response =
      Send(Form("resource=a&token=hbx%2Bt+1&resource=b&token_type_hint=x"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"active":true,"exp":1893553445})");
  EXPECT_EQ(Field(response, "Content-Type"), "application/json");
  EXPECT_EQ(Field(response, "Cache-Control"), "no-store");
  EXPECT_FALSE(response.sensitive);
  ASSERT_EQ(backend_.calls().size(), 1);
  const gateway::BackendCall& call = backend_.calls()[0];
  EXPECT_EQ(call.scope, gateway::CallScope::kFull);
  EXPECT_THAT(call.authorization, testing::ElementsAre("Bearer caller"));
  EXPECT_EQ(LastRequest(), R"(token: "hbx+t 1" token_type_hint: "x")");
}

TEST_F(FormBody, AnEmptyAnswerIsAnEmptyObject) {
  http::Request request = Form("token=t");
  request.target = "/oauth2/revoke";
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{}");
  EXPECT_EQ(Field(response, "Cache-Control"), "no-store");
}

TEST_F(FormBody, TheCallersTokenMayBeAClientsPassword) {
  http::Request request = Form("token=t");
  request.fields[0].value = "Basic Y2xpZW50OmNhbGxlcg==";  // client:caller
  EXPECT_EQ(Send(request).status, 200);
  EXPECT_THAT(backend_.calls().back().authorization,
              testing::ElementsAre("Bearer caller"));

  backend_.identity_error = Unauthenticated();
  const http::Response response = Send(request);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(Member(response, "error"), "invalid_client");
  EXPECT_EQ(Field(response, "Content-Type"), "application/json");
  std::vector<std::string> challenges;
  for (const http::Field& field : response.fields) {
    if (field.name == "WWW-Authenticate") challenges.push_back(field.value);
  }
  EXPECT_THAT(challenges, testing::ElementsAre(testing::StartsWith("Bearer "),
                                               "Basic realm=\"signet\""));
}

TEST_F(FormBody, MayNameItsCharset) {
  for (const char* type :
       {"application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-URLEncoded;charset=\"UTF-8\""}) {
    EXPECT_EQ(Send(Form("token=t", type)).status, 200) << type;
  }
}

TEST_F(FormBody, WithoutAParameterItsFieldIsEmpty) {
  for (const char* form :
       {"", "token", "token=", "token_type_hint=&token", "x=1"}) {
    EXPECT_EQ(Send(Form(form)).status, 200) << form;
    EXPECT_EQ(backend_.calls().back().scope, gateway::CallScope::kFull);
    EXPECT_EQ(LastRequest(), "") << form;
  }
  http::Request nothing = Form("");
  nothing.fields.pop_back();
  EXPECT_EQ(Send(nothing).status, 200);
}

TEST_F(FormBody, NothingElseIsTaken) {
  for (const char* type :
       {"application/json", "text/plain", "multipart/form-data",
        "application/x-www-form-urlencoded; charset=latin1",
        "application/x-www-form-urlencoded; x=y", ""}) {
    const http::Response response = Send(Form("token=t", type));
    EXPECT_EQ(response.status, 415) << type;
    EXPECT_EQ(Member(response, "reason"), "MEDIA_TYPE_UNSUPPORTED");
    EXPECT_EQ(Field(response, "Accept"), "application/x-www-form-urlencoded");
    EXPECT_EQ(Member(response, "error"), "invalid_request");
    EXPECT_EQ(LastRequest(), "");
  }
  http::Request untyped = Form("token=t");
  untyped.fields.pop_back();
  EXPECT_EQ(Send(untyped).status, 415);
  http::Request twice = Form("token=t");
  twice.fields.push_back({"content-type", kFormMediaType});
  EXPECT_EQ(Send(twice).status, 415);
  http::Request coded = Form("token=t");
  coded.fields.push_back({"content-encoding", "gzip"});
  EXPECT_EQ(Member(Send(coded), "reason"), "CONTENT_CODING_UNSUPPORTED");
}

TEST_F(FormBody, AFaultIsNamedWithoutItsValue) {
  const http::Response response =
      Send(Form("token=CANARY&token=CANARY&token_type_hint=CANARY%zz"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "FIELD_INVALID");
  EXPECT_EQ(Member(response, "error"), "invalid_request");
  EXPECT_EQ(Field(response, "WWW-Authenticate"), "");
  EXPECT_EQ(
      Member(response, "errors"),
      R"-([{"field":"token","detail":"got it more than once, want it once"},)-"
      R"-({"field":"token_type_hint","detail":"want UTF-8 in )-"
      R"-(percent-encoding (RFC 3986 section 2.1)"}])-");
  EXPECT_THAT(response.body, Not(HasSubstr("CANARY")));
  EXPECT_EQ(backend_.calls()[0].scope, gateway::CallScope::kAdmit);
  EXPECT_EQ(LastRequest(), "");
}

TEST_F(FormBody, AQueryGivesNothing) {
  http::Request request = Form("token=t");
  request.target += "?token=CANARY";
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "errors"),
            R"([{"field":"token","detail":"unknown query parameter"}])");
}

TEST_F(FormBody, RefusalsComeInTheirOrder) {
  http::Request request = Form("token=t&token=u", "text/plain");
  request.target += "?x=1";
  request.body_too_large = true;
  const auto expect = [&](int status, const char* error) {
    const http::Response response = Send(request);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(Member(response, "error"), error);
    EXPECT_EQ(Field(response, "Cache-Control"), "no-store");
  };
  backend_.identity_error = Unauthenticated();
  expect(401, "invalid_client");
  backend_.identity_error.reset();
  backend_.admission_error = Denied();
  expect(403, "unauthorized_client");
  backend_.admission_error.reset();
  expect(415, "invalid_request");
  request.fields[1].value = kFormMediaType;
  expect(413, "invalid_request");
  request.body_too_large = false;
  expect(400, "invalid_request");
  EXPECT_THAT(logger_.lines(), testing::SizeIs(5));
}

TEST_F(FormBody, ErrorsOfTheMethodHaveTheirOAuthName) {
  backend_.action_error = RpcError(google::rpc::INVALID_ARGUMENT, "foreign",
                                   "UNSUPPORTED_TOKEN_TYPE");
  const http::Response unsupported = Send(Form("token=t"));
  EXPECT_EQ(unsupported.status, 400);
  EXPECT_EQ(Member(unsupported, "error"), "unsupported_token_type");
  backend_.action_error =
      RpcError(google::rpc::UNAVAILABLE, "later", "STORAGE_UNAVAILABLE");
  const http::Response later = Send(Form("token=t"));
  EXPECT_EQ(later.status, 503);
  EXPECT_EQ(Member(later, "error"), "temporarily_unavailable");
  EXPECT_EQ(Field(later, "Retry-After"), "1");
  backend_.action_error.reset();
  backend_.act = nullptr;
  EXPECT_EQ(Member(Send(Form("token=t")), "error"), "server_error");
}

TEST_F(FormBody, OtherMethodsHaveNoOAuthError) {
  http::Request request = Form("{", "application/json");
  request.target = "/v1/public/auth/tokens/verify";
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "error"), "no error");
  request = Form("");
  request.method = "PUT";
  const http::Response not_allowed = Send(std::move(request));
  EXPECT_EQ(not_allowed.status, 405);
  EXPECT_EQ(Field(not_allowed, "Allow"), "POST");
}

TEST_F(FormBody, OnlyWhatFailsIsLogged) {
  EXPECT_EQ(Send(Form("token=CANARY")).status, 200);
  EXPECT_THAT(logger_.lines(), IsEmpty());
  http::Request revoke = Form("token=CANARY");
  revoke.target = "/oauth2/revoke";
  EXPECT_EQ(Send(std::move(revoke)).status, 200);
  ASSERT_EQ(logger_.lines().size(), 1);
  EXPECT_EQ(Send(Form("token=CANARY&token=CANARY")).status, 400);
  backend_.action_error = RpcError(google::rpc::UNAVAILABLE, "x", "R");
  EXPECT_EQ(Send(Form("token=CANARY")).status, 503);
  backend_.action_error.reset();
  backend_.act = nullptr;
  EXPECT_EQ(Send(Form("token=CANARY")).status, 500);
  const std::vector<RecordingLogger::Line> lines = logger_.lines();
  ASSERT_EQ(lines.size(), 5);  // The cause of the 500 has a line of its own.
  EXPECT_EQ(lines[1].fields.at("status"), "400");
  EXPECT_EQ(lines[1].fields.at("method"), "signet.v1.Tokens.IntrospectToken");
  EXPECT_EQ(lines[2].fields.at("status"), "503");
  EXPECT_EQ(lines[4].fields.at("status"), "500");
  for (const RecordingLogger::Line& line : lines) {
    for (const auto& [key, value] : line.fields) {
      EXPECT_THAT(value, Not(HasSubstr("CANARY"))) << key;
    }
  }
}

}  // namespace
}  // namespace signet::transcode
