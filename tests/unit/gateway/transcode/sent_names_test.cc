// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/sent_names.h"

#include <string>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "gtest/gtest.h"
#include "tests/support/rest_fixture.h"

namespace signet::transcode {
namespace {

constexpr char kNamedAccounts[] =
    "/v1/public/accounts/3c90c3cc-0d44-4b50-8888-8dd25736052a/auth/"
    "service-accounts";

// What the client reads of an error that the method finds in `field`.
class SentNamesTest : public RestFixture {
 protected:
  SentNamesTest() : RestFixture(ApiServices()) {}

  std::string Told(const std::string& field, http::Request request) {
    google::rpc::Status error =
        RpcError(google::rpc::INVALID_ARGUMENT, field + ": want another",
                 "FIELD_INVALID");
    google::rpc::BadRequest bad;
    auto* violation = bad.add_field_violations();
    violation->set_field(field);
    violation->set_description("want another");
    error.add_details()->PackFrom(bad);
    backend_.action_error = error;
    request.fields.push_back({"authorization", "Bearer t"});
    request.fields.push_back({"content-type", "application/json"});
    const http::Response response = Send(std::move(request));
    const absl::StatusOr<Json> json = ParseJson(response.body);
    if (!json.ok()) return "";
    const auto name = (*json)["errors"][0]["field"].get<std::string>();
    EXPECT_EQ((*json)["detail"], name + ": want another");
    return name;
  }

  static http::Request Patch() {
    return {.method = "PATCH",
            .target = std::string(kNamedAccounts) +
                      "/0197b1c0-0000-7000-8000-000000000001",
            .fields = {},
            .body = R"({"name": "n"})",
            .peer = ""};
  }
  static http::Request Create() {
    return {.method = "POST",
            .target = kNamedAccounts,
            .fields = {},
            .body = R"({"name": "n"})",
            .peer = ""};
  }
};

TEST_F(SentNamesTest, ABodyThatIsOneFieldHasNoPrefix) {
  EXPECT_EQ(Told("service_account.name", Patch()), "name");
  EXPECT_EQ(Told("service_account.labels[a]", Patch()), "labels[a]");
  EXPECT_EQ(Told("service_account.account_id", Patch()), "account_id");
  EXPECT_EQ(Told("update_mask", Patch()), "update_mask");
  EXPECT_EQ(Told("service_account", Patch()), "service_account");
  EXPECT_EQ(Told("name", Create()), "name");
}

TEST_F(SentNamesTest, TheIdInThePathIsThatResources) {
  EXPECT_EQ(Told("service_account.id", Patch()), "service_account_id");
}

TEST_F(SentNamesTest, AHeaderHasItsOwn) {
  http::Request keyed = Create();
  keyed.fields.push_back({"idempotency-key", "k"});
  EXPECT_EQ(Told("request_id", keyed), "Idempotency-Key");
  http::Request in_body = Create();
  in_body.body = R"({"name": "n", "request_id": "k"})";
  EXPECT_EQ(Told("request_id", in_body), "request_id");
}

}  // namespace
}  // namespace signet::transcode
