// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/form_credential.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "gateway/transcode/media_type.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kSecret[] = "in-a-form-0123456789-in-a-form-0123456789";

// A form with the secret in it.
http::Request SecretForm(const char* before, const char* after) {
  std::string body;
  body.reserve(128);  // Never outgrown, so no copy is left behind.
  body.append(before).append(kSecret).append(after);
  return {.method = "POST",
          .target = "/",
          .fields = {{"content-type", kFormMediaType}},
          .body = std::move(body),
          .peer = ""};
}

// A base, so that it outlives the messages that RestFixture keeps.
struct RevokeSchema {
  ProtoSchema schema{R"(
    message Request { string id = 1; string note = 2; }
    message Item {
      string id = 1;
      string token = 2 [(signet.v1.secret) = true];
    }
    service S {
      rpc Revoke(Request) returns (Item) {
        option (google.api.http) = { post: "/v1/{id}/revoke" };
        option (signet.v1.http_answer) = { token_in_form: true };
      }
      rpc RevokeWith(Request) returns (Item) {
        option (google.api.http) = { post: "/v1/{id}/revoke-with" body: "*" };
        option (signet.v1.http_answer) = { token_in_form: true };
      }
      rpc Rename(Request) returns (Item) {
        option (google.api.http) = { post: "/v1/{id}/rename" body: "*" };
      }
    })"};
};

class FormCredential : public RevokeSchema, public RestFixture {
 protected:
  FormCredential() : RestFixture({schema.Service()}, schema.factory()) {
    backend_.act = [this](const google::protobuf::Message&) {
      return schema.Make("Item", "id: 'i'");
    };
  }

  static http::Request Form(std::string body) {
    return {.method = "POST",
            .target = "/v1/i/revoke",
            .fields = {{"content-type", kFormMediaType}},
            .body = std::move(body),
            .peer = ""};
  }

  static void ExpectEmpty200(const http::Response& response) {
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    std::vector<std::string> names;
    for (const http::Field& field : response.fields)
      names.push_back(field.name);
    EXPECT_THAT(names, ElementsAre("Cache-Control", "X-Request-Id"));
    EXPECT_EQ(Field(response, "Cache-Control"), "no-store");
  }
};

struct GoodCredential {
  std::string name;
  std::string form;
  std::string token;
};

class GoodForm : public FormCredential,
                 public testing::WithParamInterface<GoodCredential> {};

TEST_P(GoodForm, IsTheOnlyCredential) {
  for (const char* target : {"/v1/i/revoke", "/v1/i/revoke-with"}) {
    http::Request request = Form(GetParam().form);
    request.target = target;
    ExpectEmpty200(Send(std::move(request)));
    const gateway::BackendCall& call = backend_.calls().back();
    EXPECT_EQ(call.scope, gateway::CallScope::kFull);
    EXPECT_THAT(call.authorization, ElementsAre("Bearer " + GetParam().token));
    EXPECT_EQ(ShortText(*call.request), R"(id: "i")");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, GoodForm,
    testing::Values(
        GoodCredential{"Alone", "token=hbx_sa_1", "hbx_sa_1"},
        GoodCredential{"Hint", "token=t&token_type_hint=access_token", "t"},
        GoodCredential{"HintFirst", "token_type_hint=x&token=t", "t"},
        GoodCredential{"Unknown", "client_id=c&token=t&x&token2=u", "t"},
        GoodCredential{"UnknownTwice",
                       "x=1&token=t&x=2&token_type_hint&token_type_hint", "t"},
        GoodCredential{"FieldOfTheMessage", "token=t&note=n&id=j", "t"},
        GoodCredential{"Escaped", "to%6ben=a%2Bb%2f%3D%3D", "a+b/=="},
        GoodCredential{"PlusIsSpace", "token=a+b", "a b"},
        GoodCredential{"EmptyPieces", "&&token=t&", "t"},
        GoodCredential{"Equals", "token=a==", "a=="},
        GoodCredential{"Longest",
                       "token=" + std::string(kMaxFormTokenBytes, 'a'),
                       std::string(kMaxFormTokenBytes, 'a')}),
    [](const auto& info) { return info.param.name; });

struct BadCredential {
  std::string name;
  std::string form;
  std::string errors;
};

class BadForm : public FormCredential,
                public testing::WithParamInterface<BadCredential> {};

TEST_P(BadForm, IsRefusedWithoutACall) {
  const http::Response response = Send(Form(GetParam().form));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "INVALID_REQUEST");
  EXPECT_EQ(Member(response, "errors"), GetParam().errors);
  EXPECT_EQ(Field(response, "WWW-Authenticate"),
            "Bearer realm=\"signet\", error=\"invalid_request\"");
  EXPECT_THAT(response.body, Not(HasSubstr("CANARY")));
  EXPECT_THAT(backend_.calls(), IsEmpty());
  ASSERT_EQ(logger_.lines().size(), 1);
  EXPECT_EQ(logger_.lines()[0].fields["status"], "400");
  EXPECT_EQ(logger_.lines()[0].fields["reason"], "INVALID_REQUEST");
  EXPECT_EQ(logger_.lines()[0].fields["route"], "/v1/{id}/revoke");
}

constexpr char kNone[] = R"([{"field":"token","detail":"got none, want one"}])";
constexpr char kTwice[] =
    R"([{"field":"token","detail":"got it more than once, want it once"}])";
constexpr char kCoding[] =
    "[{\"field\":\"(body)\",\"detail\":\"want UTF-8 in percent-encoding "
    "(RFC 3986 section 2.1)\"}]";
constexpr char kTokenCodingErrors[] =
    "[{\"field\":\"token\",\"detail\":\"want UTF-8 in percent-encoding "
    "(RFC 3986 section 2.1)\"}]";

INSTANTIATE_TEST_SUITE_P(
    Table, BadForm,
    testing::Values(
        BadCredential{"OnlyHint", "token_type_hint=x", kNone},
        BadCredential{"Empty", "token=", kNone},
        BadCredential{"Bare", "token", kNone},
        BadCredential{"Case", "Token=CANARY", kNone},
        BadCredential{"NoName", "CANARY", kNone},
        BadCredential{"Twice", "token=CANARY&token=CANARY", kTwice},
        BadCredential{"TwiceEmpty", "token=&token=CANARY", kTwice},
        BadCredential{"TwiceEscaped", "token=CANARY&%74oken=CANARY", kTwice},
        BadCredential{"BadEscape", "token=CANARY%zz", kTokenCodingErrors},
        BadCredential{"BadEscapeElsewhere", "token=CANARY&x=%", kCoding},
        BadCredential{"BadName", "token=CANARY&%FF=1", kCoding},
        BadCredential{
            "TooLong",
            "token=CANARY" + std::string(kMaxFormTokenBytes - 5, 'a'),
            R"([{"field":"token","detail":"want at most 16384 bytes"}])"}),
    [](const auto& info) { return info.param.name; });

TEST_F(FormCredential, ATokenThatIsNotGoodIsAnsweredLikeAGoodOne) {
  backend_.identity_error = Unauthenticated();
  ExpectEmpty200(Send(Form("token=t")));
  EXPECT_EQ(logger_.lines()[0].fields["status"], "200");
  EXPECT_EQ(logger_.lines()[0].fields["code"], "UNAUTHENTICATED");
  EXPECT_EQ(logger_.lines()[0].fields["reason"], "TOKEN_INVALID");
}

TEST_F(FormCredential, OtherRefusalsAreTold) {
  backend_.identity_error =
      RpcError(google::rpc::UNAVAILABLE, "issuer down", "ISSUER_UNAVAILABLE");
  EXPECT_EQ(Send(Form("token=t")).status, 503);
  backend_.identity_error =
      RpcError(google::rpc::UNAUTHENTICATED, "none", "CREDENTIAL_MISSING");
  EXPECT_EQ(Send(Form("token=t")).status, 401);
  backend_.identity_error.reset();
  backend_.admission_error = Denied();
  EXPECT_EQ(Send(Form("token=t")).status, 403);
}

TEST_F(FormCredential, AFaultElsewhereIsToldWhateverTheToken) {
  http::Request request = Form("token=t");
  request.target += "?nope=1";
  EXPECT_EQ(Send(request).status, 400);
  EXPECT_EQ(backend_.calls()[0].scope, gateway::CallScope::kAdmit);
  backend_.identity_error = Unauthenticated();
  const http::Response response = Send(request);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "FIELD_INVALID");
}

TEST_F(FormCredential, AnAuthorizationFieldBesideItIsRefused) {
  http::Request request = Form("token=t");
  request.fields.push_back({"authorization", ""});
  request.fields.push_back({"content-encoding", "gzip"});
  request.body_too_large = true;
  const http::Response response = Send(std::move(request));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "INVALID_REQUEST");
  EXPECT_EQ(Member(response, "errors"), "[]");
  EXPECT_THAT(backend_.calls(), IsEmpty());
}

TEST_F(FormCredential, AFormThatCannotBeReadIsRefusedInItsOrder) {
  http::Request request = Form("");
  request.body_too_large = true;
  EXPECT_EQ(Send(request).status, 413);
  request.fields.push_back({"content-encoding", "gzip"});
  EXPECT_EQ(Send(request).status, 415);
  EXPECT_THAT(backend_.calls(), IsEmpty());
}

TEST_F(FormCredential, OtherwiseTheMethodIsLikeAnyOther) {
  http::Request request{.method = "POST",
                        .target = "/v1/i/revoke",
                        .fields = {{"authorization", "Bearer t"}},
                        .body = "",
                        .peer = ""};
  const http::Response response = Send(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"id":"i","token":""})");
  EXPECT_EQ(Field(response, "Content-Type"), "application/json");

  request.target = "/v1/i/revoke-with";
  request.fields.push_back({"content-type", "application/json"});
  request.body = R"({"note": "n"})";
  EXPECT_EQ(Send(request).status, 200);
  EXPECT_EQ(ShortText(*backend_.calls().back().request),
            R"(id: "i" note: "n")");

  backend_.identity_error = Unauthenticated();
  EXPECT_EQ(Send(request).status, 401);
}

TEST_F(FormCredential, OtherBodiesAreNoForm) {
  http::Request request = Form("token=t");
  request.target = "/v1/i/revoke-with";
  for (const std::vector<http::Field>& fields :
       {std::vector<http::Field>{},
        {{"content-type", "text/plain"}},
        {{"content-type", kFormMediaType}, {"content-type", kFormMediaType}}}) {
    request.fields = fields;
    EXPECT_EQ(Send(request).status, 415);
    EXPECT_THAT(backend_.calls().back().authorization, IsEmpty());
  }
}

TEST_F(FormCredential, OtherMethodsTakeNone) {
  http::Request request = Form("token=t");
  request.target = "/v1/i/rename";
  EXPECT_EQ(Send(request).status, 415);
  EXPECT_THAT(backend_.calls()[0].authorization, IsEmpty());
  request.target = "/v1/i/revoke";
  request.method = "GET";
  EXPECT_EQ(Send(request).status, 405);
  EXPECT_THAT(backend_.calls()[1].authorization, IsEmpty());
}

TEST_F(FormCredential, TheTokenOfTheResponseIsWipedUnwritten) {
  auto item = schema.New("Item");
  const auto& field = *schema.Type("Item").FindFieldByName("token");
  item->GetReflection()->SetString(item.get(), &field, kSecret);
  const FreedMemoryWatch watch(kSecret);
  backend_.act = [&](const google::protobuf::Message&) {
    return std::move(item);
  };
  ExpectEmpty200(Send(Form("token=t")));
  EXPECT_EQ(item, nullptr);
  EXPECT_EQ(watch.count(), 0);
}

TEST(TakeFormCredential, LeavesTheTokenInOnePlace) {
  for (const char* before : {"token=", "x=1&token=", "%74oken="}) {
    for (const char* after : {"", "&x=1", "&"}) {
      const FreedMemoryWatch watch(kSecret);
      http::Request request = SecretForm(before, after);
      std::vector<std::string> authorization;
      EXPECT_EQ(TakeFormCredential(request, authorization), std::nullopt);
      EXPECT_EQ(request.body, "");
      EXPECT_THAT(request.fields, IsEmpty());
      ASSERT_EQ(authorization.size(), 1);
      EXPECT_TRUE(authorization[0].starts_with("Bearer "));
      EXPECT_EQ(std::string_view(authorization[0]).substr(7), kSecret);
      Wipe(authorization[0]);
      request = http::Request();
      EXPECT_EQ(watch.count(), 0) << before << after;
    }
  }
}

TEST(TakeFormCredential, LeavesNothingOfAFormThatItRefuses) {
  for (const char* before : {"", "x=", "token=x&token=", "%zz&x=", "token="}) {
    for (const char* after : {"%zz", "%FF", "=%", "&token="}) {
      const FreedMemoryWatch watch(kSecret);
      http::Request request = SecretForm(before, after);
      std::vector<std::string> authorization;
      EXPECT_NE(TakeFormCredential(request, authorization), std::nullopt)
          << before << after;
      EXPECT_THAT(authorization, IsEmpty());
      request = http::Request();
      EXPECT_EQ(watch.count(), 0) << before << after;
    }
  }
}

TEST(TakeFormCredential, WipesTheAuthorizationBesideAForm) {
  const FreedMemoryWatch watch(kSecret);
  http::Request request = SecretForm("token=", "");
  std::vector<std::string> authorization;
  authorization.emplace_back(kSecret);
  EXPECT_NE(TakeFormCredential(request, authorization), std::nullopt);
  EXPECT_THAT(authorization, IsEmpty());
  request = http::Request();
  authorization.shrink_to_fit();
  EXPECT_EQ(watch.count(), 0);
}

}  // namespace
}  // namespace signet::transcode
