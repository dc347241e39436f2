// SPDX-License-Identifier: Apache-2.0
//
// What a server tells the observer of calls.

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/error.h"
#include "call/call_observer.h"
#include "envoy/service/auth/v3/external_auth.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Writes down what it is told: `request id method code`, and what else holds.
class RecordingObserver final : public call::CallObserver {
 public:
  void OnEnd(const call::CallContext& context,
             const call::CallEnd& end) override {
    EXPECT_TRUE(context.trusted());
    EXPECT_THAT(context.peer, testing::StartsWith("127.0.0.1:"));
    absl::MutexLock lock(&mutex_);
    ends_.push_back(absl::StrCat(
        context.request_id, " ",
        std::string(end.method.substr(end.method.rfind('.') + 1)), " ",
        std::string(CodeName(end.code)), end.refused ? " refused" : "",
        end.unlogged ? " unlogged" : ""));
  }

  std::vector<std::string> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(ends_, {});
  }
  void AwaitOne() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::vector<std::string>* ends) { return !ends->empty(); },
        &ends_));
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> ends_ ABSL_GUARDED_BY(mutex_);
};

class ObserverTest : public testing::Test {
 protected:
  ObserverTest() {
    auto started = GrpcServer::Start(
        {.address = "127.0.0.1:0", .trusted = true}, &world_.world.dispatcher,
        &world_.world.token_parts, &observer_, &world_.world.clock,
        &world_.world.random, &world_.world.logger);
    EXPECT_THAT(started, IsOk());
    server_ = *std::move(started);
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                   grpc::InsecureChannelCredentials());
  }

  TokensWorld::Ending Call(const std::string& method, const char* credential,
                           const std::string& bytes, bool named = true) {
    grpc::ClientContext context;
    TokensWorld::Prepare(context, credential);
    if (named) context.AddMetadata("x-request-id", "id-1");
    return TokensWorld::CallRaw(channel_, method, context, bytes);
  }

  std::string Check(const std::string& authorization) {
    envoy::service::auth::v3::CheckRequest check;
    auto& headers = *check.mutable_attributes()
                         ->mutable_request()
                         ->mutable_http()
                         ->mutable_headers();
    headers["authorization"] = authorization;
    headers["x-request-id"] = "id-2";
    return check.SerializeAsString();
  }
  void Ask(const std::string& bytes) {
    grpc::ClientContext context;
    TokensWorld::Prepare(context, nullptr);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    grpc::GenericStub(channel_).UnaryCall(
        &context, "/envoy.service.auth.v3.Authorization/Check", {}, &request,
        &response,
        [&done](grpc::Status status) { done.set_value(std::move(status)); });
    EXPECT_TRUE(done.get_future().get().ok());
  }

  RecordingObserver observer_;
  TokensWorld world_;
  std::unique_ptr<GrpcServer> server_;  // Uses the others.
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ObserverTest, IsToldOfSuccessesThatLeaveNoLineToo) {
  const std::string about =
      TokensWorld::About(world_.asking.token()).SerializeAsString();
  EXPECT_TRUE(
      Call("Tokens/VerifyToken", world_.asker.c_str(), about).status.ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("id-1 VerifyToken OK unlogged"));
  EXPECT_TRUE(Call("Identity/GetSelf", world_.asker.c_str(), "").status.ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("id-1 GetSelf OK"));
}

TEST_F(ObserverTest, IsToldOfRefusals) {
  Call("Identity/GetSelf", "Bearer junk", "");
  EXPECT_THAT(observer_.Take(),
              ElementsAre("id-1 GetSelf UNAUTHENTICATED refused"));
  Call("Tokens/VerifyToken", nullptr, "\xFF");
  EXPECT_THAT(observer_.Take(),
              ElementsAre("id-1 VerifyToken INVALID_ARGUMENT refused"));
}

TEST_F(ObserverTest, IsNotToldOfAnswersFromMemory) {
  const std::string about =
      TokensWorld::About(world_.asking.token()).SerializeAsString();
  for (int i = 0; i < 2; ++i) {
    observer_.Take();  // Of what was not yet in memory.
    EXPECT_TRUE(Call("Tokens/VerifyToken", world_.asker.c_str(), about,
                     /*named=*/false)
                    .status.ok());
  }
  EXPECT_THAT(observer_.Take(), IsEmpty());
}

TEST_F(ObserverTest, IsToldOfEveryQuestionOfAProxy) {
  Ask(Check(world_.asker));
  EXPECT_THAT(observer_.Take(), ElementsAre("id-2 Check OK unlogged"));
  Ask(Check("Bearer junk"));
  EXPECT_THAT(observer_.Take(),
              ElementsAre("id-2 Check UNAUTHENTICATED refused"));
  Ask("\xFF");
  EXPECT_THAT(observer_.Take(),
              ElementsAre(testing::EndsWith(
                  " Check INVALID_ARGUMENT refused unlogged")));
}

TEST_F(ObserverTest, IsToldOfAStreamWhenItHasEnded) {
  grpc::ClientContext context;
  TokensWorld::Prepare(context, "Bearer junk");
  context.AddMetadata("x-request-id", "id-3");
  const auto tokens = v1::Tokens::NewStub(channel_);
  v1::WatchChangesResponse message;
  const auto stream = tokens->WatchChanges(&context, v1::WatchChangesRequest());
  EXPECT_FALSE(stream->Read(&message));
  stream->Finish();
  observer_.AwaitOne();
  EXPECT_THAT(observer_.Take(),
              ElementsAre("id-3 WatchChanges UNAUTHENTICATED refused"));
}

}  // namespace
}  // namespace signet::rpc
