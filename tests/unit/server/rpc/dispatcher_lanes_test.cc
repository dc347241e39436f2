// SPDX-License-Identifier: Apache-2.0
//
// Whom the store is told that its work is for.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/identity/principal.h"
#include "server/rpc/dispatcher.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "storage/forwarding.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_context.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/rpc_world.h"

namespace signet::rpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// Keeps whom reads and writes were for.
class LaneStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    reads.push_back(options.work_for);
    ForwardingStore::Read(std::move(body), std::move(done), std::move(options));
  }
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override {
    writes.push_back(options.work_for);
    ForwardingStore::Write(std::move(body), std::move(done),
                           std::move(options));
  }

  std::vector<WorkFor> reads;
  std::vector<WorkFor> writes;
};

class LanesTest : public testing::Test {
 protected:
  LanesTest() { lanes_.writes.clear(); }

  gateway::BackendReply Call(gateway::BackendCall call) {
    lanes_.reads.clear();
    std::optional<gateway::BackendReply> reply;
    world_.dispatcher.Call(std::move(call),
                           [&reply](gateway::BackendReply answer) {
                             reply.emplace(std::move(answer));
                           });
    return *std::move(reply);
  }
  static gateway::BackendCall Create(const std::string& account_id,
                                     const std::string& credential,
                                     const std::string& capability = "") {
    auto request = std::make_unique<v1::CreateServiceAccountRequest>();
    request->set_account_id(account_id);
    request->set_name("ci");
    if (!capability.empty()) request->add_capabilities(capability);
    return Ask("CreateServiceAccount", std::move(request), credential);
  }
  static gateway::BackendCall List(const std::string& account_id,
                                   const std::string& credential) {
    auto request = std::make_unique<v1::ListServiceAccountsRequest>();
    request->set_account_id(account_id);
    return Ask("ListServiceAccounts", std::move(request), credential);
  }
  static gateway::BackendCall Ask(
      const std::string& method,
      std::unique_ptr<google::protobuf::Message> request,
      const std::string& credential) {
    gateway::BackendCall call;
    call.context = SampleContext();
    call.method =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            "signet.v1.ServiceAccounts." + method);
    call.request = std::move(request);
    call.authorization = {credential};
    return call;
  }

  FaultyStore behind_;
  LaneStore lanes_{&behind_};
  RpcWorld world_{&lanes_};
};

TEST_F(LanesTest, AUserWhoMayCountsWithTheAccount) {
  EXPECT_EQ(Call(Create(world_.account_id, kOwner)).status.code(), 0);
  const WorkFor on_account = {.tenant_id = SampleId(1),
                              .principal_id = SampleId(11)};
  EXPECT_THAT(lanes_.writes, ElementsAre(on_account));
  EXPECT_EQ(Call(List(world_.account_id, kOwner)).status.code(), 0);
  ASSERT_THAT(lanes_.reads, SizeIs(2));
  EXPECT_EQ(lanes_.reads[0].tenant_id, identity::kUsersTenant);
  EXPECT_EQ(lanes_.reads[1], on_account);
}

// Whatever account it names.
TEST_F(LanesTest, AUserWhoMayNotCountsWithUsersAndAsksForALookupOnly) {
  for (const Uuid& account : {SampleId(1), SampleId(99)}) {
    EXPECT_EQ(
        ReadError(Call(Create(account.ToString(), kNobody)).status).reason,
        "ACCESS_DENIED");
    ASSERT_THAT(lanes_.reads, SizeIs(1));
    EXPECT_EQ(lanes_.reads[0].tenant_id, identity::kUsersTenant);
    EXPECT_EQ(lanes_.reads[0].principal_id, SampleId(12));
    EXPECT_EQ(ReadError(Call(List(account.ToString(), kNobody)).status).reason,
              "ACCESS_DENIED");
    EXPECT_THAT(lanes_.reads, SizeIs(1));
  }
  EXPECT_THAT(lanes_.writes, IsEmpty());
}

// What its token was found to give is known already.
TEST_F(LanesTest, AServiceAccountThatMayIsAdmittedWithoutARead) {
  const gateway::BackendReply made =
      Call(Create(world_.account_id, kOwner, "auth.manage"));
  ASSERT_EQ(made.status.code(), 0);
  const auto& issued =
      dynamic_cast<const v1::IssuedServiceAccount&>(*made.response);
  const std::string credential = "Bearer " + issued.token();
  EXPECT_EQ(Call(Create(world_.account_id, credential)).status.code(), 0);
  EXPECT_THAT(lanes_.reads, SizeIs(1)) << "who it is";
  EXPECT_EQ(Call(Create(world_.account_id, credential)).status.code(), 0);
  EXPECT_THAT(lanes_.reads, IsEmpty());
}

}  // namespace
}  // namespace signet::rpc
