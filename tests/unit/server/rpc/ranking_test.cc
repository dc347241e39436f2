// SPDX-License-Identifier: Apache-2.0
//
// A caller without the right hears that, and not what is wrong with its
// request.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "server/rpc/dispatcher.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_context.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/rpc_world.h"

namespace signet::rpc {
namespace {

// A request with a fault, in the text format; HOME stands for the account.
struct Faulty {
  const char* label;
  const char* method;
  const char* request;
};

class RankingTest : public testing::Test {
 protected:
  gateway::BackendReply Call(const std::string& method,
                             const std::string& request,
                             const std::string& credential) {
    gateway::BackendCall call;
    call.context = SampleContext();
    call.method =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            "signet.v1." + method);
    call.request.reset(google::protobuf::MessageFactory::generated_factory()
                           ->GetPrototype(call.method->input_type())
                           ->New());
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        absl::StrReplaceAll(request, {{"HOME", world_.account_id}}),
        call.request.get()));
    call.authorization = {credential};
    std::optional<gateway::BackendReply> reply;
    world_.dispatcher.Call(std::move(call),
                           [&reply](gateway::BackendReply answer) {
                             reply.emplace(std::move(answer));
                           });
    return *std::move(reply);
  }
  RpcError ErrorOf(const std::string& method, const std::string& request,
                   const std::string& credential) {
    return ReadError(Call(method, request, credential).status);
  }

  // Events of denials in the account's audit log.
  size_t Denials() {
    EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
    storage::AuditPage page;
    EXPECT_THAT(
        storage::ReadAndWait(store_,
                             [&](storage::ReadTxn& txn) {
                               absl::StatusOr<storage::AuditPage> found =
                                   txn.ListAuditEvents(
                                       {.account_id = SampleId(1),
                                        .outcome = std::string(audit::kDenied),
                                        .limit = 10,
                                        .scan_limit = 10});
                               if (found.ok()) page = *std::move(found);
                               return found.status();
                             }),
        IsOk());
    return page.records.size();
  }

  FaultyStore store_;
  RpcWorld world_{&store_};
};

class Ranking : public RankingTest,
                public testing::WithParamInterface<Faulty> {};

TEST_P(Ranking, TheDenialComesFirst) {
  const RpcError told = ErrorOf(GetParam().method, GetParam().request, kOwner);
  EXPECT_EQ(told.reason, "FIELD_INVALID");
  EXPECT_EQ(told.code, 3);
  const int writes = store_.writes();
  const RpcError denied =
      ErrorOf(GetParam().method, GetParam().request, kNobody);
  EXPECT_EQ(denied.reason, "ACCESS_DENIED");
  EXPECT_EQ(denied.code, 7);
  EXPECT_THAT(denied.fields, testing::IsEmpty());
  EXPECT_EQ(store_.writes(), writes);
  EXPECT_EQ(Denials(), 1u) << "noted once";
}

// As whether the caller has the right cannot be told.
TEST_P(Ranking, AStoreThatCannotSayComesFirst) {
  store_.read_outcomes = {absl::UnavailableError("down")};
  EXPECT_EQ(ErrorOf(GetParam().method, GetParam().request, kOwner).code, 14);
}

INSTANTIATE_TEST_SUITE_P(
    Methods, Ranking,
    testing::Values(
        Faulty{"CreateName", "ServiceAccounts.CreateServiceAccount",
               R"(account_id: "HOME")"},
        Faulty{"CreateExpiry", "ServiceAccounts.CreateServiceAccount",
               R"(account_id: "HOME" name: "x" expires_at { seconds: 1 })"},
        Faulty{"CreateBoth", "ServiceAccounts.CreateServiceAccount",
               R"(account_id: "HOME" expires_at { seconds: 1 })"},
        // One that might be a repetition finds its fault late.
        Faulty{"CreateAgain", "ServiceAccounts.CreateServiceAccount",
               R"(account_id: "HOME" name: "x" expires_at { seconds: 1 }
                  request_id: "a-key-of-sixteen-bytes")"},
        Faulty{"Get", "ServiceAccounts.GetServiceAccount",
               R"(account_id: "HOME" service_account_id: "x")"},
        Faulty{"GetByToken", "ServiceAccounts.GetServiceAccount",
               R"(account_id: "HOME" token_public_id: "x")"},
        Faulty{"List", "ServiceAccounts.ListServiceAccounts",
               R"(account_id: "HOME" page_size: -1)"},
        Faulty{"Update", "ServiceAccounts.UpdateServiceAccount",
               R"(service_account { account_id: "HOME" id: "x" name: "n" })"},
        Faulty{"Rotate", "ServiceAccounts.RotateServiceAccount",
               R"(account_id: "HOME" service_account_id: "x")"},
        Faulty{"Revoke", "ServiceAccounts.RevokeServiceAccount",
               R"(account_id: "HOME" service_account_id: "x")"},
        Faulty{"BatchRevoke", "ServiceAccounts.BatchRevokeServiceAccounts",
               R"(account_id: "HOME")"},
        Faulty{"BatchRevokeDry", "ServiceAccounts.BatchRevokeServiceAccounts",
               R"(account_id: "HOME" dry_run: true)"},
        Faulty{"ListAuthorizations", "Authorizations.ListAuthorizations",
               R"(account_id: "HOME" grant_kind: "x")"},
        Faulty{"GetAuthorization", "Authorizations.GetAuthorization",
               R"(account_id: "HOME" authorization_id: "x")"},
        Faulty{"Grant", "Authorizations.CreateAuthorization",
               R"(account_id: "HOME")"},
        Faulty{"RevokeAuthorization", "Authorizations.RevokeAuthorization",
               R"(account_id: "HOME" authorization_id: "x")"},
        Faulty{"ListAuditEvents", "Audit.ListAuditEvents",
               R"(account_id: "HOME" page_size: -1)"},
        Faulty{"Verify", "Tokens.VerifyToken", R"(account_id: "HOME")"},
        Faulty{"BatchVerify", "Tokens.BatchVerifyTokens",
               R"(account_id: "HOME")"},
        Faulty{"BatchVerifyRequirement", "Tokens.BatchVerifyTokens",
               R"(account_id: "HOME" tokens: "x"
                  requirement { capability { capability_key: "?" } })"}),
    [](const auto& info) { return std::string(info.param.label); });

// There is nothing that a right could be on.
TEST_F(RankingTest, AnAccountThatIsNoneIsAFaultWhoeverAsks) {
  for (const char* credential : {kOwner, kNobody}) {
    EXPECT_THAT(ErrorOf("ServiceAccounts.CreateServiceAccount",
                        R"(account_id: "{HOME}" name: "x")", credential)
                    .fields,
                testing::ElementsAre("account_id: want a UUID, 8-4-4-4-12"));
    EXPECT_THAT(
        ErrorOf("ServiceAccounts.GetServiceAccount",
                R"(account_id: "x" service_account_id: "y")", credential)
            .fields,
        testing::SizeIs(2));
    EXPECT_THAT(ErrorOf("Audit.ListAuditEvents",
                        R"(account_id: "x" page_size: -1)", credential)
                    .fields,
                testing::SizeIs(2));
    EXPECT_THAT(
        ErrorOf("Tokens.VerifyToken", R"(account_id: "x")", credential).fields,
        testing::UnorderedElementsAre("account_id: want a UUID, 8-4-4-4-12",
                                      "token: want a token"));
  }
}

// A method without a right asks nothing.
TEST_F(RankingTest, AFaultStandsWhereAGoodCredentialIsEnough) {
  EXPECT_EQ(ErrorOf("Tokens.CheckAccess", R"(account_id: "x")", kNobody).reason,
            "FIELD_INVALID");
}

// A fault that only the state shows is found behind the right.
TEST_F(RankingTest, TheDenialTellsNothingOfTheResource) {
  const std::string absent = SampleId(77).ToString();
  const auto get = [&](const std::string& id) {
    return Call("ServiceAccounts.GetServiceAccount",
                R"(account_id: "HOME" service_account_id: ")" + id + "\"",
                kNobody)
        .status.SerializeAsString();
  };
  EXPECT_EQ(get(absent), get("not an id"));
}

}  // namespace
}  // namespace signet::rpc
