// SPDX-License-Identifier: Apache-2.0
#include "server/api/audit_methods.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "signet/v1/audit.pb.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_context.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/rpc_world.h"

namespace signet::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Four events in the account: of two actors, actions and outcomes.
class AuditMethodsTest : public testing::Test {
 protected:
  AuditMethodsTest() {
    for (int i = 1; i <= 4; ++i) {
      const identity::Caller caller = {
          .context = SampleContext({.request_id = "req-" + std::to_string(i),
                                    .peer = "192.0.2.1:4711",
                                    .user_agent = "test/1"}),
          .principal = rpc::SampleUser(i % 2 == 0 ? 11 : 12)};
      EXPECT_THAT(storage::WriteAndWait(
                      store_,
                      [&](storage::WriteTxn& txn) {
                        return world_.audit.Append(
                            txn, SampleId(1), caller, SampleTime(i),
                            {.action = i < 3 ? "a.first" : "a.last",
                             .resource_type = "service_account",
                             .resource_id = SampleId(20 + i).ToString(),
                             .details = {{"number", std::to_string(i)}}},
                            i == 4 ? audit::kDenied : audit::kAllowed);
                      }),
                  IsOk());
    }
  }

  v1::ListAuditEventsRequest Request() {
    v1::ListAuditEventsRequest request;
    request.set_account_id(world_.account_id);
    return request;
  }

  gateway::BackendReply Call(const v1::ListAuditEventsRequest& request,
                             const std::string& credential = rpc::kOwner) {
    gateway::BackendCall call;
    call.context = SampleContext();
    call.method =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            "signet.v1.Audit.ListAuditEvents");
    call.request = std::make_unique<v1::ListAuditEventsRequest>(request);
    call.authorization = {credential};
    std::optional<gateway::BackendReply> reply;
    world_.dispatcher.Call(std::move(call),
                           [&reply](gateway::BackendReply answer) {
                             reply.emplace(std::move(answer));
                           });
    return *std::move(reply);
  }

  v1::ListAuditEventsResponse Answer(
      const v1::ListAuditEventsRequest& request) {
    const gateway::BackendReply reply = Call(request);
    EXPECT_EQ(reply.status.code(), 0) << reply.status.message();
    return dynamic_cast<const v1::ListAuditEventsResponse&>(*reply.response);
  }

  // The sequence numbers of the answer.
  std::vector<std::string> Ask(const v1::ListAuditEventsRequest& request) {
    std::vector<std::string> sequences;
    const v1::ListAuditEventsResponse answer = Answer(request);
    for (const v1::AuditEvent& event : answer.events()) {
      sequences.push_back(event.sequence());
    }
    return sequences;
  }

  FaultyStore store_;
  rpc::RpcWorld world_{&store_};
};

TEST_F(AuditMethodsTest, EveryFieldOfAnEventIsAnswered) {
  const v1::ListAuditEventsResponse answer = Answer(Request());
  ASSERT_EQ(answer.events_size(), 4);
  EXPECT_EQ(answer.next_page_token(), "");
  const v1::AuditEvent& event = answer.events(1);
  EXPECT_EQ(event.sequence(), "3");
  EXPECT_EQ(event.at().seconds(), absl::ToUnixSeconds(SampleTime(3)));
  EXPECT_EQ(event.actor(), "user:" + SampleId(12).ToString());
  EXPECT_EQ(event.action(), "a.last");
  EXPECT_EQ(event.resource_type(), "service_account");
  EXPECT_EQ(event.resource_id(), SampleId(23).ToString());
  EXPECT_EQ(event.outcome(), "allowed");
  EXPECT_EQ(event.request_id(), "req-3");
  EXPECT_EQ(event.peer(), "192.0.2.1:4711");
  EXPECT_EQ(event.user_agent(), "test/1");
  EXPECT_EQ(event.details_size(), 1);
  EXPECT_EQ(event.details().at("number"), "3");
}

TEST_F(AuditMethodsTest, EveryConditionOfTheRequestCounts) {
  EXPECT_THAT(Ask(Request()), ElementsAre("4", "3", "2", "1"));
  const auto with = [this](auto set) {
    v1::ListAuditEventsRequest request = Request();
    set(request);
    return Ask(request);
  };
  EXPECT_THAT(with([](auto& request) {
                request.set_actor("user:" + SampleId(11).ToString());
              }),
              ElementsAre("4", "2"));
  EXPECT_THAT(with([](auto& request) { request.set_action("a.first"); }),
              ElementsAre("2", "1"));
  EXPECT_THAT(with([](auto& request) {
                request.set_resource_id(SampleId(22).ToString());
              }),
              ElementsAre("2"));
  EXPECT_THAT(with([](auto& request) { request.set_outcome("denied"); }),
              ElementsAre("4"));
  // Events have whole microseconds, the sample times a little more.
  const int64_t third = absl::ToUnixSeconds(SampleTime(3));
  EXPECT_THAT(with([third](auto& request) {
                request.mutable_from()->set_seconds(third);
              }),
              ElementsAre("4", "3"));
  EXPECT_THAT(with([third](auto& request) {
                request.mutable_until()->set_seconds(third);
              }),
              ElementsAre("2", "1"));
}

TEST_F(AuditMethodsTest, PagesFollowEachOther) {
  v1::ListAuditEventsRequest request = Request();
  request.set_page_size(3);
  v1::ListAuditEventsResponse answer = Answer(request);
  EXPECT_EQ(answer.events_size(), 3);
  request.set_page_token(answer.next_page_token());
  EXPECT_THAT(Ask(request), ElementsAre("1"));

  request.set_action("a.first");
  EXPECT_THAT(
      rpc::ReadError(Call(request).status).fields,
      ElementsAre("page_token: want the next_page_token of an answer (REST: "
                  "the page_token of its Link), with the same filters"));
}

TEST_F(AuditMethodsTest, EveryFaultIsNamed) {
  v1::ListAuditEventsRequest request = Request();
  request.set_outcome("perhaps");
  request.mutable_from()->set_nanos(-1);
  request.set_page_size(1001);
  request.set_page_token("x");
  const rpc::RpcError error = rpc::ReadError(Call(request).status);
  EXPECT_EQ(error.reason, "FIELD_INVALID");
  std::vector<std::string> fields;
  for (const std::string& field : error.fields) {
    fields.push_back(field.substr(0, field.find(':')));
  }
  EXPECT_THAT(fields, testing::UnorderedElementsAre("outcome", "from",
                                                    "page_size", "page_token"));
}

TEST_F(AuditMethodsTest, WhatCanMatchNothingIsAFault) {
  v1::ListAuditEventsRequest request = Request();
  request.set_actor("user:nobody");
  request.mutable_from()->set_seconds(2);
  request.mutable_until()->set_seconds(1);
  EXPECT_THAT(
      rpc::ReadError(Call(request).status).fields,
      ElementsAre("actor: want service_account:ID, user:ID (the id that "
                  "auth/self tells, not the sub) or system",
                  "until: got a time not after from, want a later one"));
}

TEST_F(AuditMethodsTest, WhoMayNotIsToldNothing) {
  v1::ListAuditEventsRequest request = Request();
  request.set_page_size(-1);
  const rpc::RpcError error =
      rpc::ReadError(Call(request, rpc::kNobody).status);
  EXPECT_EQ(error.reason, "ACCESS_DENIED");
  EXPECT_THAT(error.fields, IsEmpty());
}

TEST_F(AuditMethodsTest, WhereNoEventFitsThePageIsEmpty) {
  v1::ListAuditEventsRequest request = Request();
  request.set_actor("user:" + SampleId(99).ToString());
  EXPECT_THAT(Ask(request), IsEmpty());
}

}  // namespace
}  // namespace signet::api
