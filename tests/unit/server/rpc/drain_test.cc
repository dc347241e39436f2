// SPDX-License-Identifier: Apache-2.0
//
// What takes longer to answer than the server takes to find out that nobody
// calls it any more.
#include <future>

#include "absl/time/time.h"
#include "envoy/service/auth/v3/external_auth.grpc.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/slow_parts.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {
namespace {

// Longer than the server waits before it disconnects who is idle.
constexpr absl::Duration kSlow = absl::Milliseconds(2500);

class DrainTest : public testing::Test {
 protected:
  std::future<void> StartDrain(const TokensWorld::Server& server) {
    return std::async(std::launch::async,
                      [&server] { server.server->Drain(absl::Seconds(30)); });
  }

  TokensWorld world_;
  const v1::IssuedServiceAccount good_ = world_.Issue();
};

TEST_F(DrainTest, LetsAnExternalAuthorizationFinish) {
  SlowAuthenticator slow(&world_.world.authenticator, kSlow);
  GrpcTokenParts parts = world_.world.token_parts;
  parts.authenticator = &slow;
  const TokensWorld::Server server = world_.StartServer(false, &parts);

  const auto stub =
      envoy::service::auth::v3::Authorization::NewStub(server.channel);
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
  std::future<void> drained = StartDrain(server);
  const grpc::Status status = check.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.has_ok_response());
  drained.get();
}

TEST_F(DrainTest, LetsAStreamsQuestionFinish) {
  SlowBackend slow(&world_.world.dispatcher, kSlow);
  const TokensWorld::Server server =
      world_.StartServer(false, &world_.world.token_parts, &slow);

  const auto stub = v1::Tokens::NewStub(server.channel);
  grpc::ClientContext context;
  TokensWorld::Prepare(context, world_.asker.c_str());
  const auto stream = stub->VerifyTokens(&context);
  // In nobody's memory yet, so that the backend is asked.
  ASSERT_TRUE(stream->Write(TokensWorld::About(good_.token())));
  slow.asked.WaitForNotification();
  std::future<void> drained = StartDrain(server);
  v1::VerifyTokenResponse answer;
  EXPECT_TRUE(stream->Read(&answer));
  EXPECT_TRUE(answer.active());
  EXPECT_FALSE(stream->Read(&answer));
  EXPECT_EQ(stream->Finish().error_code(), grpc::UNAVAILABLE);
  drained.get();
}

}  // namespace
}  // namespace signet::rpc
