// SPDX-License-Identifier: Apache-2.0
//
// Types that contain themselves, and members of a oneof.
#include <memory>
#include <string>
#include <vector>

#include "gateway/transcode/json_writer.h"
#include "gateway/transcode/query_reader.h"
#include "gateway/transcode/route_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/tokens.pb.h"
#include "tests/support/proto_schema.h"
#include "tests/support/rest_fixture.h"
#include "tests/support/status_matchers.h"

namespace signet::transcode {
namespace {

const google::protobuf::ServiceDescriptor* TokensService() {
  return v1::VerifyTokenRequest::descriptor()->file()->service(0);
}

std::string Times(int n, const std::string& text) {
  std::string out;
  for (int i = 0; i < n; ++i) out += text;
  return out;
}

TEST(RecursiveTypes, HaveLayoutsThatKnowOfEachOthersSecrets) {
  JsonLayouts layouts;
  const auto requirement = layouts.Get(*v1::Requirement::descriptor());
  ASSERT_THAT(requirement, IsOk());
  EXPECT_FALSE((*requirement)->holds_secret());
  const auto request = layouts.Get(*v1::VerifyTokenRequest::descriptor());
  ASSERT_THAT(request, IsOk());
  EXPECT_TRUE((*request)->holds_secret());
  EXPECT_FALSE((*requirement)->holds_secret());
  EXPECT_TRUE((*layouts.Get(*v1::BatchVerifyTokensRequest::descriptor()))
                  ->holds_secret());
}

TEST(RecursiveTypes, AreWrittenAsDeepAsTheyAre) {
  JsonLayouts layouts;
  const auto layout = layouts.Get(*v1::Requirement::descriptor());
  ASSERT_THAT(layout, IsOk());
  v1::Requirement outer;
  outer.mutable_all_of()->add_requirements()->mutable_any_of();
  std::string out;
  EXPECT_THAT((*layout)->Append(outer, out), IsOk());
  EXPECT_EQ(out,
            R"({"capability":null,"all_of":{"requirements":[)"
            R"({"capability":null,"all_of":null,"any_of":{"requirements":[]}})"
            R"(]},"any_of":null})");
}

TEST(TokensRoutes, AreFoundAndStreamsHaveNone) {
  const google::protobuf::ServiceDescriptor* const service = TokensService();
  const auto table = RouteTable::Create({&service, 1});
  ASSERT_THAT(table, IsOk());
  const Route* verify =
      (*table)->Match("POST", "/v1/public/auth/tokens/verify").route;
  ASSERT_NE(verify, nullptr);
  EXPECT_FALSE(verify->form_body);
  EXPECT_TRUE(verify->unlogged_success);
  for (const char* path : {"/oauth2/introspect", "/oauth2/revoke"}) {
    const Route* form = (*table)->Match("POST", path).route;
    ASSERT_NE(form, nullptr);
    EXPECT_TRUE(form->form_body);
    EXPECT_EQ(form->form_fields.size(), 2);
    EXPECT_EQ(form->unlogged_success, form->method->name() != "RevokeToken");
  }
  const Route* check = (*table)->Match("GET", "/v1/public/auth/check").route;
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(check->success_status, 204);
  EXPECT_EQ(check->answer_fields.size(), 5);
  EXPECT_TRUE(check->unlogged_success);
}

class VerifyToken : public RestFixture {
 protected:
  VerifyToken() : RestFixture({TokensService()}) {
    backend_.act = [](const google::protobuf::Message&) {
      return std::make_unique<v1::VerifyTokenResponse>();
    };
  }

  http::Response Verify(std::string body) {
    return Send({.method = "POST",
                 .target = "/v1/public/auth/tokens/verify",
                 .fields = {{"content-type", "application/json"}},
                 .body = std::move(body),
                 .peer = ""});
  }

  http::Response Require(const std::string& requirement) {
    return Verify(R"({"requirement": )" + requirement + "}");
  }

  std::string LastRequest() {
    return ShortText(*backend_.calls().back().request);
  }
};

TEST_F(VerifyToken, ReadsRequirementsInsideRequirements) {
  EXPECT_EQ(Require(R"({"all_of": {"requirements": [
                {"capability": {"capability_key": "a.b"}},
                {"any_of": {"requirements": [{"all_of": {}}]}}]}})")
                .status,
            200);
  EXPECT_EQ(LastRequest(),
            "requirement { all_of { requirements { capability { "
            "capability_key: \"a.b\" } } requirements { any_of { requirements "
            "{ all_of { } } } } } }");
}

TEST_F(VerifyToken, NullIsNoMemberOfAOneof) {
  EXPECT_EQ(
      Require(R"({"any_of": null, "all_of": {}, "capability": null})").status,
      200);
  EXPECT_EQ(LastRequest(), "requirement { all_of { } }");
  EXPECT_EQ(Require(R"({"capability": null})").status, 200);
  EXPECT_EQ(LastRequest(), "requirement { }");
}

struct Twice {
  std::string name;
  std::string requirement;
  std::string errors;
};

class TwoMembers : public VerifyToken,
                   public testing::WithParamInterface<Twice> {};

TEST_P(TwoMembers, AreRefusedWhateverTheyHold) {
  const http::Response response = Require(GetParam().requirement);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "FIELD_INVALID");
  EXPECT_EQ(Member(response, "errors"), GetParam().errors);
  EXPECT_EQ(backend_.calls().back().scope, gateway::CallScope::kAdmit);
}

std::string AtMostOne(const std::string& field) {
  return R"([{"field":")" + field +
         R"(","detail":"want at most one member of kind"}])";
}

INSTANTIATE_TEST_SUITE_P(
    Table, TwoMembers,
    testing::Values(
        Twice{"Empty", R"({"all_of": {}, "any_of": {}})",
              AtMostOne("requirement.any_of")},
        Twice{"InTheOrderOfTheBody",
              R"({"any_of": {}, "capability": {"capability_key": "a"}})",
              AtMostOne("requirement.capability")},
        Twice{"BehindANull",
              R"({"any_of": {}, "all_of": null, "capability": {}})",
              AtMostOne("requirement.capability")},
        Twice{"Inside",
              R"({"all_of": {"requirements": [{},
                  {"all_of": {}, "any_of": {}}]}})",
              AtMostOne("requirement.all_of.requirements[1].any_of")},
        Twice{"TheFirstIsNoObject", R"({"all_of": [], "any_of": {}})",
              R"([{"field":"requirement.all_of","detail":)"
              R"("got an array, want an object"},)"
              R"({"field":"requirement.any_of","detail":)"
              R"("want at most one member of kind"}])"}),
    [](const auto& info) { return info.param.name; });

TEST_F(VerifyToken, NestingEndsAtTheLimitOfEveryBody) {
  // The body is one level; each step in is three: an object for all_of, an
  // array and its object.
  const auto nested = [](int steps, const std::string& innermost) {
    return Times(steps, R"({"all_of":{"requirements":[)") + innermost +
           Times(steps, "]}}");
  };
  // 1 + 10 * 3 + 1 = 32.
  EXPECT_EQ(Require(nested(10, "{}")).status, 200);
  const http::Response response = Require(nested(10, R"({"any_of":{}})"));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Member(response, "reason"), "JSON_TOO_DEEP");
  EXPECT_EQ(Require(nested(5000, "{}")).status, 400);
}

TEST(RecursiveQueries, EndAtTheSameDepth) {
  ProtoSchema schema(R"(
    message Node { string id = 1; Node in = 2; }
    service S { rpc Get(Node) returns (Node) {
      option (google.api.http) = { get: "/a" }; } })");
  const google::protobuf::ServiceDescriptor* service = schema.Service();
  const auto table = *RouteTable::Create({&service, 1}, schema.factory());
  const Route& route = *table->Match("GET", "/a").route;
  const auto faults = [&](int steps) {
    auto request = route.NewRequest();
    return QueryToMessage(Times(steps, "in.") + "id=x", route, {}, *request);
  };
  EXPECT_THAT(faults(31), testing::IsEmpty());
  EXPECT_EQ(
      faults(32),
      (std::vector<FieldViolation>{{"(unnamed)", "unknown query parameter"}}));
  EXPECT_EQ(faults(2000).size(), 1);
}

}  // namespace
}  // namespace signet::transcode
