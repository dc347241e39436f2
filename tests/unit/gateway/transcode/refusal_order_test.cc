// SPDX-License-Identifier: Apache-2.0
//
// Order of refusal: framing, 401, route (404, 405), 403, 415, 413, 400. Framing
// is the listener's. Every pair of faults, in one request, gets the earlier
// answer.
#include <memory>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

constexpr char kTarget[] =
    "/v1/public/accounts/3c90c3cc-0d44-4b50-8888-8dd25736052a/auth/"
    "service-accounts";

// The faults that a request can have, by rank.
struct Faults {
  bool bad_credential = false;  // 401
  enum class RouteFault { kNone, kPath, kMethod } route = RouteFault::kNone;
  bool denied = false;      // 403
  bool wrong_type = false;  // 415
  bool too_large = false;   // 413
  enum class TextFault {
    kNone,
    kSyntax,
    kField,
    kQuery,
    kPathEscape
  } text = TextFault::kNone;  // 400, found here
  bool bad_value = false;     // 400, found by the backend
};

class RefusalOrder : public RestFixture {
 protected:
  RefusalOrder() : RestFixture(ApiServices()) {}

  http::Response SendWith(const Faults& faults) {
    if (faults.bad_credential) backend_.identity_error = Unauthenticated();
    if (faults.denied) backend_.admission_error = Denied();
    if (faults.bad_value) {
      backend_.action_error = RpcError(google::rpc::INVALID_ARGUMENT,
                                       "name: want less", "FIELD_INVALID");
    }
    backend_.act = [](const google::protobuf::Message&) {
      return std::make_unique<v1::IssuedServiceAccount>();
    };
    http::Request request{.method = "POST",
                          .target = kTarget,
                          .fields = {{"content-type", "application/json"}},
                          .body = R"({"name": "n"})",
                          .peer = ""};
    using TextFault = Faults::TextFault;
    if (faults.text == TextFault::kSyntax) request.body = "{";
    if (faults.text == TextFault::kField) request.body = R"({"nope": 1})";
    if (faults.text == TextFault::kQuery) request.target += "?access_token=x";
    if (faults.text == TextFault::kPathEscape) {
      request.target = "/v1/public/accounts/%zz/auth/service-accounts";
    }
    if (faults.too_large) {
      request.body_too_large = true;
      request.body.clear();
    }
    if (faults.wrong_type) request.fields[0].value = "text/plain";
    if (faults.route == Faults::RouteFault::kPath) request.target = "/nope";
    if (faults.route == Faults::RouteFault::kMethod) request.method = "PUT";
    return Send(std::move(request));
  }

  static int Expected(const Faults& faults) {
    if (faults.bad_credential) return 401;
    if (faults.route == Faults::RouteFault::kPath) return 404;
    if (faults.route == Faults::RouteFault::kMethod) return 405;
    if (faults.denied) return 403;
    if (faults.wrong_type) return 415;
    if (faults.too_large) return 413;
    if (faults.text != Faults::TextFault::kNone || faults.bad_value) return 400;
    return 201;
  }
};

class EveryCombination : public RefusalOrder,
                         public testing::WithParamInterface<
                             std::tuple<bool, Faults::RouteFault, bool, bool,
                                        bool, Faults::TextFault, bool>> {};

TEST_P(EveryCombination, IsRefusedForItsFirstFault) {
  const auto [bad_credential, route, denied, wrong_type, too_large, text,
              bad_value] = GetParam();
  const Faults faults{bad_credential, route, denied,   wrong_type,
                      too_large,      text,  bad_value};
  EXPECT_EQ(SendWith(faults).status, Expected(faults));
  ASSERT_EQ(backend_.calls().size(), 1);
  const gateway::BackendCall& call = backend_.calls()[0];
  if (route != Faults::RouteFault::kNone) {
    EXPECT_EQ(call.scope, gateway::CallScope::kIdentify);
    EXPECT_EQ(call.method, nullptr);
    EXPECT_EQ(call.request, nullptr);
  } else if (wrong_type || too_large || text != Faults::TextFault::kNone) {
    EXPECT_EQ(call.scope, gateway::CallScope::kAdmit);
  } else {
    EXPECT_EQ(call.scope, gateway::CallScope::kFull);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, EveryCombination,
    testing::Combine(
        testing::Bool(),
        testing::Values(Faults::RouteFault::kNone, Faults::RouteFault::kPath,
                        Faults::RouteFault::kMethod),
        testing::Bool(), testing::Bool(), testing::Bool(),
        testing::Values(Faults::TextFault::kNone, Faults::TextFault::kSyntax,
                        Faults::TextFault::kField, Faults::TextFault::kQuery,
                        Faults::TextFault::kPathEscape),
        testing::Bool()));

TEST_F(RefusalOrder, AdmissionIsAskedWithThePathOnly) {
  SendWith({.text = Faults::TextFault::kField});
  const auto& request = static_cast<const v1::CreateServiceAccountRequest&>(
      *backend_.calls()[0].request);
  EXPECT_EQ(request.account_id(), "3c90c3cc-0d44-4b50-8888-8dd25736052a");
  EXPECT_EQ(request.name(), "");
  EXPECT_FALSE(request.has_expires_at());
}

TEST_F(RefusalOrder, AnOutageOutranksTheRoute) {
  backend_.identity_error =
      RpcError(google::rpc::UNAVAILABLE, "issuer down", "ISSUER_UNAVAILABLE");
  EXPECT_EQ(SendWith({.route = Faults::RouteFault::kPath}).status, 503);
}

TEST_F(RefusalOrder, TwoCredentialsOutrankTheRoute) {
  backend_.identity_error = RpcError(google::rpc::INVALID_ARGUMENT,
                                     "two credentials", "INVALID_REQUEST");
  const http::Response response =
      SendWith({.route = Faults::RouteFault::kPath});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Field(response, "WWW-Authenticate"),
            "Bearer realm=\"signet\", error=\"invalid_request\"");
}

TEST_F(RefusalOrder, IdenticalRefusalsAreIdenticalButForTheirId) {
  // Whatever else is wrong, and wherever, a refused credential looks the same.
  const std::string first = SendWith({.bad_credential = true}).body;
  for (const Faults& faults :
       {Faults{.bad_credential = true, .route = Faults::RouteFault::kPath},
        Faults{.bad_credential = true, .route = Faults::RouteFault::kMethod},
        Faults{.bad_credential = true, .wrong_type = true},
        Faults{.bad_credential = true, .text = Faults::TextFault::kSyntax}}) {
    std::string body = SendWith(faults).body;
    const size_t id = body.find("request_id\":\"") + 13;
    body.replace(id, 36, first.substr(first.find("request_id\":\"") + 13, 36));
    EXPECT_EQ(body, first);
  }
}

}  // namespace
}  // namespace signet::transcode
