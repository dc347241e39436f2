// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_server.h"

#include <sys/resource.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"
#include "signet/v1/identity.grpc.pb.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/server/rpc/grpc_world.h"
#include "tests/unit/server/rpc/loopback.h"

namespace signet::rpc {
namespace {

using grpc::health::v1::HealthCheckResponse;

class GrpcServerTest : public testing::Test {
 protected:
  HealthCheckResponse::ServingStatus Health(const std::string& service) {
    grpc::ClientContext context;
    grpc_.Prepare(context, nullptr);
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const grpc::Status status = grpc::health::v1::Health::NewStub(grpc_.channel)
                                    ->Check(&context, request, &response);
    return status.ok() ? response.status()
                       : HealthCheckResponse::SERVICE_UNKNOWN;
  }

  GrpcWorld<FaultyStore> grpc_;
  const int committed_at_start_ = grpc_.store.committed();
};

TEST_F(GrpcServerTest, ServesEveryServiceOfTheApi) {
  grpc::ClientContext context;
  grpc_.Prepare(context, kNobody);
  v1::Self self;
  EXPECT_TRUE(
      v1::Identity::NewStub(grpc_.channel)->GetSelf(&context, {}, &self).ok());
  EXPECT_EQ(self.subject_id(), SampleId(12).ToString());
  EXPECT_TRUE(grpc_.Create(kOwner, grpc_.Good()).ok());
}

TEST_F(GrpcServerTest, AnUnknownMethodIsUnimplemented) {
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  grpc::GenericStub generic(grpc_.channel);
  const grpc::Slice empty;
  const grpc::ByteBuffer nothing(&empty, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  generic.UnaryCall(&context, "/signet.v1.ServiceAccounts/DropEverything", {},
                    &nothing, &response, [&done](grpc::Status status) {
                      done.set_value(std::move(status));
                    });
  EXPECT_EQ(done.get_future().get().error_code(), grpc::UNIMPLEMENTED);
}

TEST_F(GrpcServerTest, HealthFollowsWhatItIsTold) {
  for (const char* service :
       {"", "signet.v1.ServiceAccounts", "signet.v1.Identity"}) {
    EXPECT_EQ(Health(service), HealthCheckResponse::SERVING) << service;
    grpc_.server->SetServing(false);
    EXPECT_EQ(Health(service), HealthCheckResponse::NOT_SERVING) << service;
    grpc_.server->SetServing(true);
    EXPECT_EQ(Health(service), HealthCheckResponse::SERVING) << service;
  }
  EXPECT_EQ(Health("signet.v1.Nothing"), HealthCheckResponse::SERVICE_UNKNOWN);
}

// Reflection answers from this pool.
TEST_F(GrpcServerTest, HealthIsDescribed) {
  EXPECT_NE(
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
          "grpc.health.v1.Health"),
      nullptr);
}

TEST_F(GrpcServerTest, APortThatIsTakenIsAnError) {
  const std::string address = absl::StrCat("127.0.0.1:", grpc_.server->port());
  const auto second =
      GrpcServer::Start({.address = address}, &grpc_.world.dispatcher, nullptr,
                        &grpc_.world.access_log, &grpc_.world.clock,
                        &grpc_.world.random, &grpc_.world.logger);
  EXPECT_THAT(second, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(second.status().message(),
            "cannot listen there: Address already in use");
}

TEST_F(GrpcServerTest, AMessageOver64KiBIsRefused) {
  v1::CreateServiceAccountRequest request = grpc_.Good();
  request.set_name(std::string(64 * 1024, 'n'));
  EXPECT_EQ(grpc_.Create(kOwner, request).error_code(),
            grpc::RESOURCE_EXHAUSTED);
  request.set_name(std::string(63 * 1024, 'n'));
  EXPECT_EQ(grpc_.Create(kOwner, request).error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(GrpcServerTest, ACompressedMessageIsNotUnpacked) {
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::CreateServiceAccountRequest request = grpc_.Good();
  request.set_name(std::string(10'000'000, 'n'));
  v1::IssuedServiceAccount issued;
  const grpc::Status status =
      grpc_.stub->CreateServiceAccount(&context, request, &issued);
  EXPECT_EQ(status.error_code(), grpc::UNIMPLEMENTED) << status.error_message();
}

TEST_F(GrpcServerTest, ACredentialOf16KiBFits) {
  const std::string credential = "Bearer " + std::string(16 * 1024 - 7, 't');
  grpc_.world.authenticator.callers.emplace(credential, SampleUser(11));
  EXPECT_TRUE(grpc_.Create(credential.c_str(), grpc_.Good()).ok());
}

TEST_F(GrpcServerTest, MoreMetadataThanThatIsRefused) {
  const std::string credential = "Bearer " + std::string(40 * 1024, 't');
  EXPECT_EQ(grpc_.Create(credential.c_str(), grpc_.Good()).error_code(),
            grpc::RESOURCE_EXHAUSTED);

  // The connection may be gone, and a call with it; the server is not.
  EXPECT_TRUE(grpc_.Create(kOwner, grpc_.Good()).ok() ||
              grpc_.Create(kOwner, grpc_.Good()).ok());
}

TEST_F(GrpcServerTest, ACreateWhoseDeadlinePassesLeavesNoRow) {
  grpc_.store.Hold();
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  context.set_deadline(
      absl::ToChronoTime(absl::Now() + absl::Milliseconds(200)));
  v1::IssuedServiceAccount issued;
  EXPECT_EQ(grpc_.stub->CreateServiceAccount(&context, grpc_.Good(), &issued)
                .error_code(),
            grpc::DEADLINE_EXCEEDED);
  ASSERT_TRUE(grpc_.store.AwaitHeld(1));
  ASSERT_TRUE(grpc_.store.AwaitExpired());
  grpc_.store.Release();
  EXPECT_EQ(grpc_.store.committed(), committed_at_start_);
}

TEST_F(GrpcServerTest, ACreateThatIsCancelledLeavesNoRow) {
  grpc_.store.Hold();
  grpc::ClientContext context;
  grpc_.Prepare(context, kOwner);
  std::thread canceller([this, &context] {
    EXPECT_TRUE(grpc_.store.AwaitHeld(1));
    context.TryCancel();
  });
  v1::IssuedServiceAccount issued;
  EXPECT_EQ(grpc_.stub->CreateServiceAccount(&context, grpc_.Good(), &issued)
                .error_code(),
            grpc::CANCELLED);
  canceller.join();
  ASSERT_TRUE(grpc_.store.AwaitExpired());
  grpc_.store.Release();
  EXPECT_EQ(grpc_.store.committed(), committed_at_start_);
}

TEST_F(GrpcServerTest, DrainLetsCallsInFlightFinish) {
  grpc_.store.Hold();
  std::future<grpc::Status> in_flight = std::async(std::launch::async, [this] {
    return grpc_.Create(kOwner, grpc_.Good());
  });
  ASSERT_TRUE(grpc_.store.AwaitHeld(1));
  std::future<void> drained = std::async(
      std::launch::async, [this] { grpc_.server->Drain(absl::Seconds(30)); });
  // Nobody gets in any more. Who asks has no credential: a call that reached
  // the store would be held there, too.
  while (grpc_.Create(nullptr, grpc_.Good()).error_code() !=
         grpc::UNAVAILABLE) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(drained.wait_for(std::chrono::milliseconds(20)),
            std::future_status::timeout);
  grpc_.store.Release();
  EXPECT_TRUE(in_flight.get().ok());
  drained.get();
}

TEST_F(GrpcServerTest, ServesAgainOnceDescriptorsCameBack) {
  rlimit before = {};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit low = {150, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &low);
  std::vector<OwnedFd> flood;
  for (OwnedFd fd; (fd = ConnectTo(grpc_.server->port())).get() >= 0;) {
    flood.push_back(std::move(fd));
  }
  EXPECT_GT(flood.size(), 10u);
  flood.clear();
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(grpc_.Create(kOwner, grpc_.Good()).ok());
}

TEST_F(GrpcServerTest, DrainCancelsWhatDoesNotFinishInTime) {
  grpc_.store.Hold();
  std::future<grpc::Status> in_flight = std::async(std::launch::async, [this] {
    return grpc_.Create(kOwner, grpc_.Good());
  });
  ASSERT_TRUE(grpc_.store.AwaitHeld(1));
  std::future<void> drained = std::async(std::launch::async, [this] {
    grpc_.server->Drain(absl::Milliseconds(50));
  });
  EXPECT_FALSE(in_flight.get().ok());
  // The write sees that nobody waits for it, and the drain waits for the write.
  EXPECT_TRUE(grpc_.store.AwaitExpired());
  grpc_.store.Release();
  drained.get();
  EXPECT_EQ(grpc_.store.committed(), committed_at_start_);
  grpc_.server->Drain(absl::ZeroDuration());  // Idempotent.
}

}  // namespace
}  // namespace signet::rpc
