// SPDX-License-Identifier: Apache-2.0
//
// What takes longer to answer than the server takes to find out that nobody
// calls it any more.
#include <future>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "envoy/service/auth/v3/external_auth.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/rpc/grpc_server.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet {
namespace {

// Longer than the server waits before it disconnects who is idle.
constexpr absl::Duration kSlow = absl::Milliseconds(2500);

// Answers on a thread of its own, kSlow behind the question.
class SlowAuthenticator final : public Authenticator {
 public:
  explicit SlowAuthenticator(Authenticator* behind) : behind_(behind) {}
  ~SlowAuthenticator() override { answering_.wait(); }

  void Authenticate(std::span<const std::string> authorization, absl::Time now,
                    Done done) override {
    std::vector<std::string> copy(authorization.begin(), authorization.end());
    answering_ = std::async(
        std::launch::async,
        [this, copy = std::move(copy), now, done = std::move(done)]() mutable {
          asked.Notify();
          absl::SleepFor(kSlow);
          behind_->Authenticate(copy, now, std::move(done));
        });
  }

  absl::Notification asked;

 private:
  Authenticator* const behind_;
  std::future<void> answering_;
};

// The same of a backend.
class SlowBackend final : public Backend {
 public:
  explicit SlowBackend(Backend* behind) : behind_(behind) {}
  ~SlowBackend() override { answering_.wait(); }

  void Call(BackendCall call, Done done) override {
    answering_ = std::async(
        std::launch::async,
        [this, call = std::move(call), done = std::move(done)]() mutable {
          asked.Notify();
          absl::SleepFor(kSlow);
          behind_->Call(std::move(call), std::move(done));
        });
  }

  absl::Notification asked;

 private:
  Backend* const behind_;
  std::future<void> answering_;
};

class DrainTest : public testing::Test {
 protected:
  // A server of the world on a port of its own, and a channel to it.
  void Start(Backend* backend, const GrpcTokenParts& parts) {
    auto started = GrpcServer::Start(
        {.address = "127.0.0.1:0"}, backend, &parts, &world_.world.clock,
        &world_.world.random, &world_.world.logger);
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
    channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                   grpc::InsecureChannelCredentials());
  }
  std::future<void> StartDrain() {
    return std::async(std::launch::async,
                      [this] { server_->Drain(absl::Seconds(30)); });
  }

  TokensWorld world_;
  const v1::IssuedServiceAccount good_ = world_.Issue();
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(DrainTest, LetsAnExternalAuthorizationFinish) {
  SlowAuthenticator slow(world_.world.token_parts.authenticator);
  GrpcTokenParts parts = world_.world.token_parts;
  parts.authenticator = &slow;
  Start(&world_.world.dispatcher, parts);

  const auto stub = envoy::service::auth::v3::Authorization::NewStub(channel_);
  envoy::service::auth::v3::CheckResponse response;
  std::future<grpc::Status> check = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    TokensWorld::Prepare(context, nullptr);
    envoy::service::auth::v3::CheckRequest request;
    auto& http = *request.mutable_attributes()->mutable_request();
    (*http.mutable_http()->mutable_headers())["authorization"] =
        TokensWorld::CredentialOf(good_);
    return stub->Check(&context, request, &response);
  });
  slow.asked.WaitForNotification();
  std::future<void> drained = StartDrain();
  const grpc::Status status = check.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.has_ok_response());
  drained.get();
}

TEST_F(DrainTest, LetsAStreamsQuestionFinish) {
  SlowBackend slow(&world_.world.dispatcher);
  Start(&slow, world_.world.token_parts);

  const auto stub = v1::Tokens::NewStub(channel_);
  grpc::ClientContext context;
  TokensWorld::Prepare(context, world_.asker.c_str());
  const auto stream = stub->VerifyTokens(&context);
  // In nobody's memory yet, so that the backend is asked.
  ASSERT_TRUE(stream->Write(TokensWorld::About(good_.token())));
  slow.asked.WaitForNotification();
  std::future<void> drained = StartDrain();
  v1::VerifyTokenResponse answer;
  EXPECT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.active());
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::UNAVAILABLE);
  drained.get();
}

}  // namespace
}  // namespace signet
