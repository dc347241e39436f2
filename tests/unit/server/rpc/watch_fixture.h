// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_WATCH_FIXTURE_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_WATCH_FIXTURE_H_

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet::rpc {

// One WatchChanges, for one thread.
class Watch {
 public:
  Watch(const std::shared_ptr<grpc::Channel>& channel,
        const std::string& credential, const v1::WatchChangesRequest& request)
      : stub_(v1::Tokens::NewStub(channel)) {
    TokensWorld::Prepare(context_,
                         credential.empty() ? nullptr : credential.c_str());
    stream_ = stub_->WatchChanges(&context_, request);
  }

  // The next message; nullopt: the stream has ended.
  std::optional<v1::WatchChangesResponse> Next() {
    v1::WatchChangesResponse message;
    if (!stream_->Read(&message)) return std::nullopt;
    return message;
  }

  // The next message that says something. Fails if there is none before `end`.
  v1::WatchChangesResponse NextNews() {
    while (true) {
      std::optional<v1::WatchChangesResponse> message = Next();
      if (!message.has_value()) {
        ADD_FAILURE() << "the stream has ended";
        return {};
      }
      if (message->reset() || message->service_account_ids_size() > 0) {
        return *std::move(message);
      }
    }
  }

  // Reads to the end.
  RpcError End() {
    while (Next().has_value()) {
    }
    return ReadError(stream_->Finish());
  }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() { return stream_->Finish(); }

 private:
  std::unique_ptr<v1::Tokens::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchChangesResponse>> stream_;
};

class WatchFixture : public testing::Test {
 protected:
  // Lets the server's clock, by which a watcher is checked, run until the test
  // ends.
  WatchFixture() {
    ticking_ = std::thread([this] {
      absl::Time last = absl::Now();
      while (!Stopped()) {
        absl::SleepFor(absl::Milliseconds(10));
        const absl::Time now = absl::Now();
        world_.world.clock.Advance(now - last);
        last = now;
      }
    });
  }
  ~WatchFixture() override {
    {
      absl::MutexLock lock(&mutex_);
      stopped_ = true;
    }
    ticking_.join();
  }

  static v1::WatchChangesRequest From(const std::string& position,
                                      const std::string& account_id = "") {
    v1::WatchChangesRequest request;
    request.set_position(position);
    request.set_account_id(account_id);
    return request;
  }

  std::unique_ptr<Watch> Open(const v1::WatchChangesRequest& request = {}) {
    return std::make_unique<Watch>(world_.channel, world_.asker, request);
  }

  // A service account of another account, and a change of it.
  void AddAway() {
    world_.Write([](storage::WriteTxn& txn) {
      absl::Status status = txn.EnsureAccount(SampleId(9), SampleTime());
      status.Update(
          txn.InsertServiceAccount(SampleServiceAccount(SampleId(9), 90)));
      return status;
    });
  }
  void ChangeAway() {
    world_.Write([](storage::WriteTxn& txn) {
      storage::ServiceAccountRecord away =
          SampleServiceAccount(SampleId(9), 90);
      away.enabled = false;
      return txn.UpdateServiceAccount(away);
    });
  }

  TokensWorld world_;
  const v1::IssuedServiceAccount good_ = world_.Issue();

 private:
  bool Stopped() {
    absl::MutexLock lock(&mutex_);
    return stopped_;
  }

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread ticking_;
};

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_WATCH_FIXTURE_H_
