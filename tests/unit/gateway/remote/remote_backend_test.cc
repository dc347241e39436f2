// SPDX-License-Identifier: Apache-2.0
#include "gateway/remote/remote_backend.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "signet/v1/identity.grpc.pb.h"
#include "signet/v1/service_accounts.grpc.pb.h"
#include "tests/support/fake_backend.h"
#include "tests/support/fake_clock.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_context.h"

namespace signet::remote {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using Metadata = std::multimap<std::string, std::string>;

// What a signet server would send for `status`.
grpc::Status Carried(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(),
          status.SerializeAsString()};
}

// A signet server that answers as it is told and keeps the metadata.
class FakeServer final : public v1::ServiceAccounts::Service,
                         public v1::Identity::Service {
 public:
  FakeServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 32 * 1024);
    builder.RegisterService(static_cast<v1::ServiceAccounts::Service*>(this));
    builder.RegisterService(static_cast<v1::Identity::Service*>(this));
    server_ = builder.BuildAndStart();
  }

  std::shared_ptr<grpc::Channel> Channel() {
    return NewBackendChannel("127.0.0.1:" + std::to_string(port_));
  }

  // How often the answer holds the request's name. Call before any request.
  void RepeatName(int times) { repeat_name_ = times; }

  void Answer(grpc::Status status) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
  }

  Metadata metadata() {
    absl::MutexLock lock(&mutex_);
    return metadata_;
  }
  absl::Duration time_left() {
    absl::MutexLock lock(&mutex_);
    return time_left_;
  }

  grpc::Status CreateServiceAccount(
      grpc::ServerContext* context,
      const v1::CreateServiceAccountRequest* request,
      v1::IssuedServiceAccount* response) override {
    for (int i = 0; i < repeat_name_; ++i) {
      response->mutable_name()->append(request->name());
    }
    return Record(*context);
  }
  grpc::Status GetSelf(grpc::ServerContext* context, const v1::GetSelfRequest*,
                       v1::Self* response) override {
    response->set_subject_type("user");
    response->set_subject_id("3c90c3cc-0d44-4b50-8888-8dd25736052a");
    return Record(*context);
  }

 private:
  grpc::Status Record(const grpc::ServerContext& context) {
    absl::MutexLock lock(&mutex_);
    metadata_.clear();
    for (const auto& [key, value] : context.client_metadata()) {
      metadata_.emplace(std::string(key.data(), key.size()),
                        std::string(value.data(), value.size()));
    }
    time_left_ = absl::FromChrono(context.deadline()) - absl::Now();
    return status_;
  }

  absl::Mutex mutex_;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  Metadata metadata_ ABSL_GUARDED_BY(mutex_);
  absl::Duration time_left_ ABSL_GUARDED_BY(mutex_);
  int repeat_name_ = 1;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class RemoteBackendTest : public testing::Test {
 protected:
  static gateway::BackendCall CreateCall(
      gateway::CallScope scope = gateway::CallScope::kFull) {
    auto request = std::make_unique<v1::CreateServiceAccountRequest>();
    request->set_name("n");
    gateway::BackendCall call;
    call.context = SampleContext(
        {.request_id = "id-1", .peer = "192.0.2.1:5", .user_agent = "curl/8"});
    call.method =
        request->GetDescriptor()->file()->service(0)->FindMethodByName(
            "CreateServiceAccount");
    call.scope = scope;
    call.request = std::move(request);
    call.authorization = {"Bearer t"};
    return call;
  }

  static gateway::BackendReply Wait(RemoteBackend& backend,
                                    gateway::BackendCall call) {
    gateway::BackendReply result;
    absl::Notification done;
    backend.Call(std::move(call), [&](gateway::BackendReply reply) {
      result = std::move(reply);
      done.Notify();
    });
    done.WaitForNotification();
    return result;
  }

  gateway::BackendReply Wait(gateway::BackendCall call) {
    return Wait(backend_, std::move(call));
  }

  std::vector<std::string> Sent(const std::string& key) {
    std::vector<std::string> values;
    const Metadata metadata = server_.metadata();
    for (auto [at, end] = metadata.equal_range(key); at != end; ++at) {
      values.push_back(at->second);
    }
    return values;
  }

  static std::string ReasonOf(const google::rpc::Status& status) {
    google::rpc::ErrorInfo info;
    return status.details_size() > 0 && status.details(0).UnpackTo(&info)
               ? info.reason()
               : "none";
  }

  FakeServer server_;
  FakeClock clock_;
  RecordingLogger logger_;
  RemoteBackend backend_{server_.Channel(), &clock_, &logger_};
};

TEST_F(RemoteBackendTest, CallsTheMethod) {
  const gateway::BackendReply reply = Wait(CreateCall());
  EXPECT_EQ(reply.status.code(), 0);
  ASSERT_NE(reply.response, nullptr);
  EXPECT_EQ(
      static_cast<const v1::IssuedServiceAccount&>(*reply.response).name(),
      "n");
  EXPECT_THAT(Sent("authorization"), ElementsAre("Bearer t"));
  EXPECT_THAT(Sent("x-request-id"), ElementsAre("id-1"));
  EXPECT_THAT(Sent("signet-call-scope"), IsEmpty());
}

TEST_F(RemoteBackendTest, NoCredentialIsNoMetadata) {
  gateway::BackendCall call = CreateCall();
  call.authorization.clear();
  Wait(std::move(call));
  EXPECT_THAT(Sent("authorization"), IsEmpty());
}

// The server refuses them for their number alone.
TEST_F(RemoteBackendTest, OfSeveralCredentialsOnlyTheirNumberTravels) {
  gateway::BackendCall call = CreateCall();
  call.authorization = {"Bearer a", "Bearer " + std::string(30000, 'b'),
                        "Bearer c"};
  Wait(std::move(call));
  EXPECT_THAT(Sent("authorization"), ElementsAre("Bearer ?", "Bearer ?"));
}

TEST_F(RemoteBackendTest, ACredentialOfTheLargestSizeTravels) {
  gateway::BackendCall call = CreateCall();
  call.authorization = {"Bearer " + std::string(16384, 'a')};
  EXPECT_EQ(Wait(std::move(call)).status.code(), 0);
  EXPECT_THAT(Sent("authorization"),
              ElementsAre("Bearer " + std::string(16384, 'a')));
}

TEST_F(RemoteBackendTest, ALongerOneIsRefusedWithoutForwarding) {
  for (const gateway::CallScope scope :
       {gateway::CallScope::kFull, gateway::CallScope::kAdmit,
        gateway::CallScope::kIdentify}) {
    gateway::BackendCall call = CreateCall(scope);
    call.authorization = {"bearer  " + std::string(16385, 'a')};
    const gateway::BackendReply reply = Wait(std::move(call));
    EXPECT_EQ(reply.status.code(), google::rpc::UNAUTHENTICATED);
    EXPECT_EQ(ReasonOf(reply.status), "TOKEN_INVALID");
  }
  EXPECT_THAT(server_.metadata(), IsEmpty());
}

TEST_F(RemoteBackendTest, SpacesBeforeACredentialDoNotTravel) {
  gateway::BackendCall call = CreateCall();
  call.authorization = {"BEARER" + std::string(30000, ' ') + "t"};
  EXPECT_EQ(Wait(std::move(call)).status.code(), 0);
  EXPECT_THAT(Sent("authorization"), ElementsAre("BEARER t"));
}

TEST_F(RemoteBackendTest, OfAnotherSchemeOnlyTheBeginningTravels) {
  for (const std::string begin : {"Basic ", "Bearerx ", "Bearer\t", ""}) {
    gateway::BackendCall call = CreateCall();
    call.authorization = {begin + std::string(30000, 'a')};
    Wait(std::move(call));
    const std::vector<std::string> sent = Sent("authorization");
    ASSERT_EQ(sent.size(), 1);
    EXPECT_EQ(sent[0].size(), 64);
    EXPECT_EQ(sent[0].substr(0, 5), (begin + "aaaaa").substr(0, 5));
  }
}

TEST_F(RemoteBackendTest, ALargeAnswerArrives) {
  gateway::BackendCall call = CreateCall();
  static_cast<v1::CreateServiceAccountRequest&>(*call.request)
      .set_name(std::string(3 << 20, 'n'));
  server_.RepeatName(4);
  const gateway::BackendReply reply = Wait(std::move(call));
  ASSERT_EQ(reply.status.code(), 0);
  EXPECT_EQ(static_cast<const v1::IssuedServiceAccount&>(*reply.response)
                .name()
                .size(),
            12u << 20);
}

TEST_F(RemoteBackendTest, AnErrorThatNamesManyFieldsArrivesWhole) {
  google::rpc::Status error = RpcError(google::rpc::INVALID_ARGUMENT,
                                       "many: want less", "FIELD_INVALID");
  google::rpc::BadRequest bad_request;
  for (int i = 0; i < 1000; ++i) {
    auto* violation = bad_request.add_field_violations();
    violation->set_field("tokens");
    violation->set_description(std::string(100, 'd'));
  }
  error.add_details()->PackFrom(bad_request);
  server_.Answer(Carried(error));
  EXPECT_EQ(Wait(CreateCall()).status.SerializeAsString(),
            error.SerializeAsString());
}

TEST_F(RemoteBackendTest, OddBytesInACredentialReachTheServerAsQuestionMarks) {
  gateway::BackendCall call = CreateCall();
  call.authorization = {"Bearer \xC3\xA9\t\x01\x7F" + std::string(1, '\0') +
                        "z"};
  EXPECT_EQ(Wait(std::move(call)).status.code(), 0);
  EXPECT_THAT(Sent("authorization"), ElementsAre("Bearer ??????z"));
}

TEST_F(RemoteBackendTest, AdmissionIsAskedByMetadata) {
  const gateway::BackendReply reply =
      Wait(CreateCall(gateway::CallScope::kAdmit));
  EXPECT_EQ(reply.status.code(), 0);
  EXPECT_EQ(reply.response, nullptr);
  EXPECT_THAT(Sent("signet-call-scope"), ElementsAre("admit"));
}

TEST_F(RemoteBackendTest, IdentityIsAskedOfGetSelf) {
  gateway::BackendCall call = CreateCall(gateway::CallScope::kIdentify);
  call.method = nullptr;
  call.request = nullptr;
  const gateway::BackendReply reply = Wait(std::move(call));
  EXPECT_EQ(reply.status.code(), 0);
  EXPECT_EQ(reply.response, nullptr);
  EXPECT_EQ(reply.principal, "user:3c90c3cc-0d44-4b50-8888-8dd25736052a");
}

TEST_F(RemoteBackendTest, TheServersErrorArrivesWhole) {
  google::rpc::Status error = RpcError(google::rpc::INVALID_ARGUMENT,
                                       "name: want less", "FIELD_INVALID");
  google::rpc::BadRequest bad_request;
  bad_request.add_field_violations()->set_field("name");
  error.add_details()->PackFrom(bad_request);
  server_.Answer(Carried(error));
  const gateway::BackendReply reply = Wait(CreateCall());
  EXPECT_EQ(reply.status.SerializeAsString(), error.SerializeAsString());
  EXPECT_EQ(reply.response, nullptr);
  EXPECT_THAT(logger_.lines(), IsEmpty());
}

struct Foreign {
  std::string name;
  grpc::Status status;
  google::rpc::Code code;
  std::string reason;
};

class ForeignErrors : public RemoteBackendTest,
                      public testing::WithParamInterface<Foreign> {};

TEST_P(ForeignErrors, AreToldAsAnOutage) {
  server_.Answer(GetParam().status);
  const gateway::BackendReply reply = Wait(CreateCall());
  EXPECT_EQ(reply.status.code(), GetParam().code);
  EXPECT_EQ(ReasonOf(reply.status), GetParam().reason);
  EXPECT_THAT(reply.status.message(), Not(testing::HasSubstr("inside")));
  ASSERT_EQ(logger_.lines().size(), 1);
  EXPECT_EQ(logger_.lines()[0].fields["request_id"], "id-1");
  EXPECT_EQ(logger_.lines()[0].fields["cause"], "inside");
}

INSTANTIATE_TEST_SUITE_P(
    Table, ForeignErrors,
    testing::Values(
        Foreign{"Transport",
                {grpc::StatusCode::UNAVAILABLE, "inside"},
                google::rpc::UNAVAILABLE,
                "BACKEND_UNAVAILABLE"},
        Foreign{"NotSignet",
                {grpc::StatusCode::UNIMPLEMENTED, "inside"},
                google::rpc::UNAVAILABLE,
                "BACKEND_UNAVAILABLE"},
        Foreign{"BareRefusal",
                {grpc::StatusCode::UNAUTHENTICATED, "inside"},
                google::rpc::UNAVAILABLE,
                "BACKEND_UNAVAILABLE"},
        Foreign{"BadDetails",
                {grpc::StatusCode::NOT_FOUND, "inside", "\xFF\xFF"},
                google::rpc::UNAVAILABLE,
                "BACKEND_UNAVAILABLE"},
        Foreign{"OtherCode",
                {grpc::StatusCode::NOT_FOUND, "inside",
                 RpcError(google::rpc::ABORTED, "x", "Y").SerializeAsString()},
                google::rpc::UNAVAILABLE,
                "BACKEND_UNAVAILABLE"},
        Foreign{"Deadline",
                {grpc::StatusCode::DEADLINE_EXCEEDED, "inside"},
                google::rpc::DEADLINE_EXCEEDED,
                "DEADLINE_EXCEEDED"}),
    [](const auto& info) { return info.param.name; });

TEST_F(RemoteBackendTest, TheDeadlineCountsOnOurClock) {
  gateway::BackendCall call = CreateCall();
  // The fake one: in 2030.
  call.context = SampleContext(
      {.deadline = clock_.Now() + absl::Seconds(100), .clock = &clock_});
  Wait(std::move(call));
  EXPECT_LT(server_.time_left(), absl::Seconds(101));
  EXPECT_GT(server_.time_left(), absl::Seconds(50));
}

TEST_F(RemoteBackendTest, ADeadlineThatHasPassedIsToldSo) {
  gateway::BackendCall call = CreateCall();
  call.context = SampleContext(
      {.deadline = clock_.Now() - absl::Seconds(1), .clock = &clock_});
  const gateway::BackendReply reply = Wait(std::move(call));
  EXPECT_EQ(reply.status.code(), google::rpc::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(reply.status), "DEADLINE_EXCEEDED");
}

TEST_F(RemoteBackendTest, AServerThatIsNotThereIsUnavailable) {
  // A port that nobody can listen on.
  RemoteBackend nowhere(NewBackendChannel("127.0.0.1:0"), &clock_, &logger_);
  gateway::BackendCall call = CreateCall();
  call.context = SampleContext(
      {.deadline = clock_.Now() + absl::Seconds(30), .clock = &clock_});
  const gateway::BackendReply reply = Wait(nowhere, std::move(call));
  EXPECT_EQ(reply.status.code(), google::rpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(reply.status), "BACKEND_UNAVAILABLE");
  google::rpc::RetryInfo retry;
  ASSERT_EQ(reply.status.details_size(), 2);
  EXPECT_TRUE(reply.status.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
}

}  // namespace
}  // namespace signet::remote
