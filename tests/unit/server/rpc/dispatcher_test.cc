// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/dispatcher.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gateway/api_services.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/authorizations.pb.h"
#include "signet/v1/identity.pb.h"
#include "signet/v1/service_account.pb.h"
#include "signet/v1/service_accounts.pb.h"
#include "signet/v1/tokens.pb.h"
#include "tests/support/faulty_store.h"
#include "tests/support/freed_memory_watch.h"
#include "tests/support/sample_context.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/rpc_world.h"

namespace signet::rpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class DispatcherTest : public testing::Test {
 protected:
  static const google::protobuf::MethodDescriptor* Method(const char* name) {
    return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
        std::string("signet.v1.") + name);
  }

  // A create that breaks no rule.
  gateway::BackendCall Create(const std::string& credential) const {
    auto request = std::make_unique<v1::CreateServiceAccountRequest>();
    request->set_account_id(world_.account_id);
    request->set_name("ci");
    gateway::BackendCall call;
    call.context = SampleContext();
    call.method = Method("ServiceAccounts.CreateServiceAccount");
    call.request = std::move(request);
    call.authorization = {credential};
    return call;
  }
  static v1::CreateServiceAccountRequest& RequestOf(
      gateway::BackendCall& call) {
    return static_cast<v1::CreateServiceAccountRequest&>(*call.request);
  }

  gateway::BackendReply Call(gateway::BackendCall call) {
    std::optional<gateway::BackendReply> reply;
    world_.dispatcher.Call(
        std::move(call), [&reply](gateway::BackendReply answer) {
          EXPECT_FALSE(reply.has_value()) << "answered twice";
          reply.emplace(std::move(answer));
        });
    return *std::move(reply);
  }

  FaultyStore store_;
  RpcWorld world_{&store_};
};

TEST_F(DispatcherTest, DoesTheMethodForWhoMay) {
  const gateway::BackendReply reply = Call(Create(kOwner));
  EXPECT_EQ(reply.status.code(), 0);
  EXPECT_EQ(reply.principal, "user:" + SampleId(11).ToString());
  const auto& issued =
      dynamic_cast<const v1::IssuedServiceAccount&>(*reply.response);
  EXPECT_EQ(issued.account_id(), world_.account_id);
  EXPECT_EQ(issued.name(), "ci");
  EXPECT_EQ(issued.created_by_user_id(), SampleId(11).ToString());
  EXPECT_THAT(world_.logger.lines(), IsEmpty());
}

TEST_F(DispatcherTest, WithoutACredentialNothingIsLookedAt) {
  gateway::BackendCall call = Create(kOwner);
  call.authorization.clear();
  RequestOf(call).set_name("");
  const gateway::BackendReply reply = Call(std::move(call));
  EXPECT_EQ(ReadError(reply.status).reason, "CREDENTIAL_MISSING");
  EXPECT_EQ(reply.status.code(), 16);
  EXPECT_EQ(reply.response, nullptr);
  EXPECT_EQ(reply.principal, "");
}

TEST_F(DispatcherTest, EveryAuthorizationFieldReachesTheAuthenticator) {
  gateway::BackendCall call = Create(kOwner);
  call.authorization.push_back(kOwner);
  EXPECT_EQ(ReadError(Call(std::move(call)).status).reason, "INVALID_REQUEST");
}

TEST_F(DispatcherTest, DenialRanksBeforeTheBody) {
  gateway::BackendCall call = Create(kNobody);
  RequestOf(call).set_name("");
  const gateway::BackendReply reply = Call(std::move(call));
  EXPECT_EQ(ReadError(reply.status).reason, "ACCESS_DENIED");
  EXPECT_EQ(reply.principal, "user:" + SampleId(12).ToString());
}

// Also of an attempt that was only to be admitted.
TEST_F(DispatcherTest, ADenialIsInTheAuditLogOfTheAccountBehindTheAnswer) {
  const int writes = store_.writes();
  gateway::BackendCall call = Create(kNobody);
  call.context = SampleContext({.request_id = "req-1",
                                .peer = "192.0.2.1:4711",
                                .user_agent = "curl/8\n"});
  EXPECT_EQ(ReadError(Call(std::move(call)).status).reason, "ACCESS_DENIED");
  EXPECT_EQ(store_.writes(), writes) << "who may not waits for no write";
  EXPECT_THAT(world_.denials.Flush(), IsOk());
  call = Create(kNobody);
  call.scope = gateway::CallScope::kAdmit;
  EXPECT_EQ(ReadError(Call(std::move(call)).status).reason, "ACCESS_DENIED");
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());

  storage::AuditQuery query = {
      .account_id = SampleId(1), .limit = 10, .scan_limit = 10};
  storage::AuditPage page;
  ASSERT_THAT(storage::ReadAndWait(store_,
                                   [&](storage::ReadTxn& txn) {
                                     absl::StatusOr<storage::AuditPage> found =
                                         txn.ListAuditEvents(query);
                                     if (found.ok()) page = *found;
                                     return found.status();
                                   }),
              IsOk());
  ASSERT_THAT(page.records, SizeIs(2));
  const storage::AuditEventRecord& event = page.records[1];
  EXPECT_EQ(event.sequence, 1u);
  EXPECT_EQ(event.actor, "user:" + SampleId(12).ToString());
  EXPECT_EQ(event.action, "service_account.create");
  EXPECT_EQ(event.outcome, "denied");
  EXPECT_EQ(event.request_id, "req-1");
  EXPECT_EQ(event.peer, "192.0.2.1:4711");
  EXPECT_EQ(event.user_agent, "curl/8?");
}

TEST_F(DispatcherTest, ADenialOnAnAbsentAccountIsTheSameAndLeavesNothing) {
  gateway::BackendCall call = Create(kNobody);
  const int before = store_.reads() + store_.writes();
  const google::rpc::Status denial = Call(std::move(call)).status;
  const int between = store_.reads() + store_.writes();
  call = Create(kNobody);
  RequestOf(call).set_account_id(SampleId(99).ToString());
  EXPECT_EQ(Call(std::move(call)).status.SerializeAsString(),
            denial.SerializeAsString());
  EXPECT_EQ(store_.reads() + store_.writes() - between, between - before)
      << "the same work";
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  EXPECT_THAT(
      storage::ReadAndWait(store_,
                           [](storage::ReadTxn& txn) {
                             return txn.GetAuditChain(SampleId(99)).status();
                           }),
      StatusIs(absl::StatusCode::kNotFound));
}

// Nor does it wait for the disk.
TEST(DispatcherDenials, AreAnsweredWhileNothingCanBeWritten) {
  FaultyStore store;
  RpcWorld world(&store);
  world.denials.Start();
  store.Hold();
  auto request = std::make_unique<v1::GetServiceAccountRequest>();
  request->set_account_id(world.account_id);
  request->set_service_account_id(SampleId(5).ToString());
  gateway::BackendCall call;
  call.context = SampleContext();
  call.method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          "signet.v1.ServiceAccounts.GetServiceAccount");
  call.request = std::move(request);
  call.authorization = {kNobody};
  std::optional<gateway::BackendReply> reply;
  world.dispatcher.Call(std::move(call),
                        [&reply](gateway::BackendReply answer) {
                          reply.emplace(std::move(answer));
                        });
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(ReadError(reply->status).reason, "ACCESS_DENIED");
  EXPECT_TRUE(store.AwaitHeld(1)) << "the event";
  store.Release();
  world.denials.Stop();
}

TEST_F(DispatcherTest, FaultsOfTheBodyAreFieldViolations) {
  gateway::BackendCall call = Create(kOwner);
  RequestOf(call).clear_name();
  RequestOf(call).mutable_expires_at()->set_seconds(1);
  RequestOf(call).mutable_expires_at()->set_nanos(-1);
  const RpcError error = ReadError(Call(std::move(call)).status);
  EXPECT_EQ(error.code, 3);
  EXPECT_EQ(error.reason, "FIELD_INVALID");
  EXPECT_THAT(error.fields,
              ElementsAre("name: got 0 characters, want 1 to 120",
                          "expires_at: got -1 nanos, want 0 to 999999999"));
}

TEST_F(DispatcherTest, AdmitActsOnNothing) {
  const int writes = store_.writes();
  gateway::BackendCall call = Create(kOwner);
  call.scope = gateway::CallScope::kAdmit;
  const gateway::BackendReply reply = Call(std::move(call));
  EXPECT_EQ(reply.status.code(), 0);
  EXPECT_EQ(reply.response, nullptr);
  EXPECT_EQ(reply.principal, "user:" + SampleId(11).ToString());
  EXPECT_EQ(store_.writes(), writes);

  call = Create(kNobody);
  call.scope = gateway::CallScope::kAdmit;
  EXPECT_EQ(ReadError(Call(std::move(call)).status).reason, "ACCESS_DENIED");
}

TEST_F(DispatcherTest, IdentifyNeedsNoMethod) {
  gateway::BackendCall call;
  call.context = SampleContext();
  call.scope = gateway::CallScope::kIdentify;
  call.authorization = {kNobody};
  const gateway::BackendReply reply = Call(std::move(call));
  EXPECT_EQ(reply.status.code(), 0);
  EXPECT_EQ(reply.principal, "user:" + SampleId(12).ToString());

  call = gateway::BackendCall();
  call.context = SampleContext();
  call.scope = gateway::CallScope::kIdentify;
  call.authorization = {"Bearer junk"};
  EXPECT_EQ(ReadError(Call(std::move(call)).status).reason, "TOKEN_INVALID");
}

TEST_F(DispatcherTest, AnUnknownMethodIsUnimplementedAfterAuthentication) {
  gateway::BackendCall call = Create(kOwner);
  call.method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
          "grpc.health.v1.Health.Check");
  ASSERT_NE(call.method, nullptr);
  const RpcError error = ReadError(Call(std::move(call)).status);
  EXPECT_EQ(error.code, 12);
  EXPECT_EQ(error.reason, "METHOD_UNKNOWN");

  call = Create("Bearer junk");
  call.method = nullptr;
  EXPECT_EQ(Call(std::move(call)).status.code(), 16);
}

TEST_F(DispatcherTest, WhatIsInternalGoesToTheLogAndNotToTheClient) {
  store_.write_outcomes = {absl::InternalError("sqlite: page 7 is gone")};
  const gateway::BackendReply reply = Call(Create(kOwner));
  const RpcError error = ReadError(reply.status);
  EXPECT_EQ(error.code, 13);
  EXPECT_EQ(error.message, "internal error");
  EXPECT_EQ(error.reason, "INTERNAL");
  EXPECT_THAT(reply.status.DebugString(),
              testing::Not(testing::HasSubstr("page 7")));

  ASSERT_THAT(world_.logger.lines(), SizeIs(1));
  const RecordingLogger::Line line = world_.logger.lines()[0];
  EXPECT_EQ(line.level, LogLevel::kError);
  EXPECT_EQ(line.fields.at("request_id"), "req-1");
  EXPECT_EQ(line.fields.at("method"),
            "signet.v1.ServiceAccounts.CreateServiceAccount");
  EXPECT_THAT(line.fields.at("detail"), testing::HasSubstr("page 7 is gone"));
}

// So that one who asks again at once asks seldom; see HeldAnswers.
TEST_F(DispatcherTest, WhoHasTooMuchWaitingIsAnsweredBehindTheCall) {
  for (const char* reason : {"WRITE_QUEUE_FULL", "READ_QUEUE_FULL"}) {
    store_.write_outcomes = {
        MakeError(absl::StatusCode::kResourceExhausted, "full",
                  {.reason = reason, .retry_after = absl::Seconds(1)})};
    std::thread::id answered_by;
    gateway::BackendReply reply;
    absl::Notification answered;
    world_.dispatcher.Call(Create(kOwner), [&](gateway::BackendReply answer) {
      answered_by = std::this_thread::get_id();
      reply = std::move(answer);
      answered.Notify();
    });
    answered.WaitForNotification();
    EXPECT_NE(answered_by, std::this_thread::get_id());
    EXPECT_EQ(ReadError(reply.status).reason, reason);
    EXPECT_EQ(reply.tenant_id, identity::kUsersTenant);
  }
}

TEST_F(DispatcherTest, SaysWhoseCallItWas) {
  EXPECT_EQ(Call(Create(kOwner)).tenant_id, identity::kUsersTenant);
  EXPECT_EQ(Call(Create(kNobody)).tenant_id, identity::kUsersTenant)
      << "a denial";
  EXPECT_EQ(Call(Create("Bearer junk")).tenant_id, Uuid());
}

TEST_F(DispatcherTest, ACreateWhoseDeadlineHasPassedIsNotWritten) {
  gateway::BackendCall call = Create(kOwner);
  call.context =
      SampleContext({.deadline = world_.clock.Now(), .clock = &world_.clock});
  EXPECT_EQ(Call(std::move(call)).status.code(), 4);
  call = Create(kOwner);
  call.context =
      SampleContext({.deadline = world_.clock.Now() + absl::Nanoseconds(1),
                     .clock = &world_.clock});
  EXPECT_EQ(Call(std::move(call)).status.code(), 0);
}

TEST_F(DispatcherTest, ACreateWhoseClientHasGoneIsNotWritten) {
  gateway::BackendCall call = Create(kOwner);
  call.context = SampleContext({.cancelled = [] { return true; }});
  EXPECT_EQ(Call(std::move(call)).status.code(), 4);
}

TEST_F(DispatcherTest, GetSelfTellsTheCallerWhoItIs) {
  gateway::BackendCall call;
  call.context = SampleContext();
  call.method = Method("Identity.GetSelf");
  call.request = std::make_unique<v1::GetSelfRequest>();
  call.authorization = {kNobody};
  const gateway::BackendReply reply = Call(std::move(call));
  ASSERT_EQ(reply.status.code(), 0);
  const auto& self = dynamic_cast<const v1::Self&>(*reply.response);
  EXPECT_EQ(self.subject_id(), SampleId(12).ToString());
  EXPECT_FALSE(self.has_account_id());
  EXPECT_FALSE(self.account_owner());
}

TEST_F(DispatcherTest, GetSelfTellsWhatTheCallerHoldsOnAnAccount) {
  auto request = std::make_unique<v1::GetSelfRequest>();
  request->set_account_id(world_.account_id);
  gateway::BackendCall call;
  call.context = SampleContext();
  call.method = Method("Identity.GetSelf");
  call.request = std::move(request);
  call.authorization = {kOwner};
  const gateway::BackendReply reply = Call(std::move(call));
  ASSERT_EQ(reply.status.code(), 0);
  const auto& self = dynamic_cast<const v1::Self&>(*reply.response);
  EXPECT_FALSE(self.has_account_id()) << "a user belongs to no account";
  EXPECT_TRUE(self.account_owner());
  EXPECT_FALSE(self.super_admin());
}

// So that the denial is still written by who stops.
TEST_F(DispatcherTest, WhoStopsCanWaitForThoseStillToBeDenied) {
  FaultyStore store;
  RpcWorld world(&store);
  // Whose grants are denied only where they are made.
  storage::AuthorizationRecord manager =
      SampleCapability(SampleId(1), 102, SampleUser(12).Subjects()[0]);
  manager.capability_key = "auth.manage";
  ASSERT_THAT(storage::WriteAndWait(store,
                                    [&](storage::WriteTxn& txn) {
                                      return txn.InsertAuthorization(manager);
                                    }),
              IsOk());
  auto request = std::make_unique<v1::CreateAuthorizationRequest>();
  request->set_account_id(world.account_id);
  request->set_grant_kind("account_owner");
  request->set_subject_type("user");
  request->set_subject_id(SampleId(12).ToString());
  gateway::BackendCall call;
  call.context = SampleContext();
  call.method = Method("Authorizations.CreateAuthorization");
  call.request = std::move(request);
  call.authorization = {kNobody};
  store.Hold();
  std::atomic<bool> answered = false;
  world.dispatcher.Call(
      std::move(call),
      [&answered](const gateway::BackendReply&) { answered = true; });
  ASSERT_TRUE(store.AwaitHeld(1));
  EXPECT_FALSE(world.dispatcher.AwaitIdle(absl::Milliseconds(20)));
  std::thread release([&store] {
    absl::SleepFor(absl::Milliseconds(20));
    store.Release();
  });
  EXPECT_TRUE(world.dispatcher.AwaitIdle(absl::Seconds(60)));
  EXPECT_TRUE(answered);
  release.join();
  const int before = store.committed();
  world.denials.Stop();
  EXPECT_EQ(store.committed(), before + 1);
}

// The table and the API's files name the same methods, but for the streams,
// which TokenStreams serves.
TEST(ApiMethods, CoverEveryUnaryMethodOfTheApi) {
  std::vector<std::string> described;
  for (const google::protobuf::ServiceDescriptor* service :
       gateway::ApiServices()) {
    for (int m = 0; m < service->method_count(); ++m) {
      const google::protobuf::MethodDescriptor& method = *service->method(m);
      if (method.client_streaming() || method.server_streaming()) continue;
      described.push_back(method.full_name());
    }
  }
  std::vector<std::string> served;
  for (const api::UnaryMethod& method : api::ApiMethods({})) {
    served.push_back(method.descriptor->full_name());
  }
  EXPECT_THAT(served, testing::UnorderedElementsAreArray(described));
}

TEST_F(DispatcherTest, ATokenAskedAboutIsWipedHoweverTheCallEnds) {
  constexpr std::string_view kToken = "askedaboutaskedaboutaskedabout";
  const FreedMemoryWatch watch(kToken);
  const auto ask = [&](const std::string& credential,
                       gateway::CallScope scope) {
    auto request = std::make_unique<v1::VerifyTokenRequest>();
    *request->mutable_token() = kToken;  // The setter would copy it twice.
    gateway::BackendCall call;
    call.context = SampleContext();
    call.method = Method("Tokens.VerifyToken");
    call.request = std::move(request);
    call.scope = scope;
    call.authorization = {credential};
    return Call(std::move(call)).status.code();
  };
  EXPECT_EQ(ask("junk", gateway::CallScope::kFull), 16);
  EXPECT_EQ(ask(kOwner, gateway::CallScope::kFull), 7)
      << "a user, and no account";
  EXPECT_EQ(ask(kOwner, gateway::CallScope::kAdmit), 7);
  EXPECT_EQ(watch.count(), 0);
}

}  // namespace
}  // namespace signet::rpc
