// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "signet/v1/service_accounts.pb.h"
#include "tests/bench/load.h"

namespace signet {
namespace {

constexpr int kMaxConnections = 4;

// What the loops of one run share.
struct Run {
  const MakeCall<GrpcCall>& make;
  absl::Time end;
  absl::BlockingCounter finished;
  std::atomic<uint64_t> next = 0;
};

// One closed loop: starts its next call when the last one ended.
class Loop {
 public:
  Loop(const std::shared_ptr<grpc::Channel>& channel, Run* run)
      : stub_(channel), run_(run) {}

  void Start() {
    if (absl::Now() >= run_->end) {
      run_->finished.DecrementCount();
      return;
    }
    const GrpcCall call = run_->make(run_->next++);
    started_ = absl::Now();
    context_.emplace();
    if (!call.token.empty()) {
      context_->AddMetadata("authorization", "Bearer " + call.token);
    }
    const grpc::Slice slice(call.message);
    request_ = grpc::ByteBuffer(&slice, 1);
    response_.Clear();
    stub_.UnaryCall(&*context_, call.method, grpc::StubOptions(), &request_,
                    &response_, [this](const grpc::Status& status) {
                      if (status.ok()) {
                        recorder_.Success(absl::Now() - started_);
                      } else {
                        recorder_.Failure();
                      }
                      Start();
                    });
  }

  const LatencyRecorder& recorder() const { return recorder_; }

 private:
  grpc::GenericStub stub_;
  Run* const run_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::optional<grpc::ClientContext> context_;
  absl::Time started_;
  LatencyRecorder recorder_;
};

// A channel of its own connection: equal arguments would share one.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& address,
                                          int index) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("signet.bench.connection", index);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace

LoadResult GrpcLoad(const std::string& address, int in_flight,
                    absl::Duration duration, const MakeCall<GrpcCall>& make) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::min(in_flight, kMaxConnections); ++i) {
    channels.push_back(NewChannel(address, i));
    channels.back()->WaitForConnected(std::chrono::system_clock::now() +
                                      std::chrono::seconds(5));
  }
  const absl::Time start = absl::Now();
  Run run{.make = make,
          .end = start + duration,
          .finished = absl::BlockingCounter(in_flight)};
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < in_flight; ++i) {
    loops.push_back(
        std::make_unique<Loop>(channels[i % channels.size()], &run));
  }
  for (const auto& loop : loops) loop->Start();
  run.finished.Wait();
  LatencyRecorder all;
  for (const auto& loop : loops) all.Merge(loop->recorder());
  return all.Summarize(absl::Now() - start);
}

MakeCall<GrpcCall> GrpcCreates(const LoadCaller& caller) {
  v1::CreateServiceAccountRequest request;
  request.set_account_id(caller.account_id);
  request.set_name("bench");
  return [call = GrpcCall{.method = "/signet.v1.ServiceAccounts/"
                                    "CreateServiceAccount",
                          .message = request.SerializeAsString(),
                          .token = caller.token}](uint64_t) { return call; };
}

}  // namespace signet
