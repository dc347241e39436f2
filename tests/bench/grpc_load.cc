// SPDX-License-Identifier: Apache-2.0
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "signet/v1/service_accounts.grpc.pb.h"
#include "tests/bench/load.h"

namespace signet {
namespace {

constexpr int kMaxConnections = 4;

// One closed loop: starts its next call when the last one ended.
class Loop {
 public:
  Loop(const std::shared_ptr<grpc::Channel>& channel, const LoadTarget& target,
       absl::Time end, absl::BlockingCounter* finished)
      : stub_(v1::ServiceAccounts::NewStub(channel)),
        authorization_("Bearer " + target.token),
        end_(end),
        finished_(finished) {
    request_.set_account_id(target.account_id);
    request_.set_name("bench");
  }

  void Start() {
    started_ = absl::Now();
    if (started_ >= end_) {
      finished_->DecrementCount();
      return;
    }
    context_.emplace();
    context_->AddMetadata("authorization", authorization_);
    stub_->async()->CreateServiceAccount(
        &*context_, &request_, &response_, [this](grpc::Status status) {
          if (status.ok() && !response_.token().empty()) {
            recorder_.Success(absl::Now() - started_);
          } else {
            recorder_.Failure();
          }
          Start();
        });
  }

  const LatencyRecorder& recorder() const { return recorder_; }

 private:
  const std::unique_ptr<v1::ServiceAccounts::Stub> stub_;
  const std::string authorization_;
  const absl::Time end_;
  absl::BlockingCounter* const finished_;
  v1::CreateServiceAccountRequest request_;
  v1::IssuedServiceAccount response_;
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

LoadResult GrpcCreateLoad(const LoadTarget& target, int in_flight,
                          absl::Duration duration) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < std::min(in_flight, kMaxConnections); ++i) {
    channels.push_back(NewChannel(target.address, i));
    channels.back()->WaitForConnected(std::chrono::system_clock::now() +
                                      std::chrono::seconds(5));
  }
  absl::BlockingCounter finished(in_flight);
  const absl::Time start = absl::Now();
  std::vector<std::unique_ptr<Loop>> loops;
  for (int i = 0; i < in_flight; ++i) {
    loops.push_back(std::make_unique<Loop>(
        channels[i % channels.size()], target, start + duration, &finished));
  }
  for (const auto& loop : loops) loop->Start();
  finished.Wait();
  LatencyRecorder all;
  for (const auto& loop : loops) all.Merge(loop->recorder());
  return all.Summarize(absl::Now() - start);
}

}  // namespace signet
