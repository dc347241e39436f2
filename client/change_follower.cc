// SPDX-License-Identifier: Apache-2.0
#include "client/change_follower.h"

#include <optional>
#include <utility>
#include <vector>

#include "client/rpc_error.h"
#include "grpcpp/client_context.h"
#include "server/base/error.h"

namespace signet {
namespace {

absl::Status NotYetError() {
  return MakeError(absl::StatusCode::kUnavailable,
                   "the feed of changes is not open yet",
                   {.reason = "FEED_NOT_OPEN"});
}

absl::Status SilentError() {
  return MakeError(absl::StatusCode::kUnavailable,
                   "the feed of changes has gone silent",
                   {.reason = "FEED_SILENT"});
}

}  // namespace

// One stream, from its start until Follow() has seen its end. Calls of gRPC are
// made without mutex_: they may call back on the same thread.
class ChangeFollower::Stream final
    : public grpc::ClientReadReactor<v1::WatchChangesResponse> {
 public:
  Stream(ChangeFollower* follower, const std::string& position)
      : follower_(follower) {
    if (const std::string_view value = follower->authorization_->Expose();
        !value.empty()) {
      context_.AddMetadata("authorization", std::string(value));
    }
    request_.set_account_id(follower->options_.account_id);
    request_.set_position(position);
    follower->stub_->async()->WatchChanges(&context_, &request_, this);
    StartRead(&message_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      follower_->Lose();
    } else if (follower_->Take(message_)) {
      StartRead(&message_);
    } else {
      Cancel();
    }
  }
  void OnDone(const grpc::Status& status) override {
    follower_->End(FromRpcError(status));
  }

 private:
  ChangeFollower* const follower_;
  grpc::ClientContext context_;
  v1::WatchChangesRequest request_;
  v1::WatchChangesResponse message_;
};

ChangeFollower::ChangeFollower(std::shared_ptr<grpc::Channel> channel,
                               ChangeFollowerOptions options,
                               const Secret* authorization, AnswerCache* cache,
                               RandomSource* random)
    : stub_(v1::Tokens::NewStub(std::move(channel))),
      options_(std::move(options)),
      max_silence_(absl::ToChronoNanoseconds(options_.max_silence)),
      authorization_(authorization),
      cache_(cache),
      delay_(random),
      status_(NotYetError()),
      thread_([this] { Run(); }) {}

ChangeFollower::~ChangeFollower() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  thread_.join();
}

absl::Status ChangeFollower::status() const {
  absl::MutexLock lock(&mutex_);
  if (IsLive(std::chrono::steady_clock::now())) return absl::OkStatus();
  return status_.ok() ? SilentError() : status_;
}

void ChangeFollower::Run() {
  while (true) {
    std::string position;
    {
      absl::MutexLock lock(&mutex_);
      ended_ = started_ = false;
      heard_at_ = std::chrono::steady_clock::now();
      position = position_;
    }
    {
      Stream stream(this, position);
      if (!Follow(stream)) return;
    }
    absl::MutexLock lock(&mutex_);
    if (started_) delay_.Succeeded();
    if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_),
                                delay_.After(status_))) {
      return;
    }
  }
}

bool ChangeFollower::Follow(Stream& stream) {
  const auto has_news = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return ended_ || stopping_;
  };
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      const absl::Duration left = absl::FromChrono(
          heard_at_ + max_silence_ - std::chrono::steady_clock::now());
      // Nobody cancels but the two who give it up; both are done with it then.
      if (left <= absl::ZeroDuration() || stopping_) break;
      mutex_.AwaitWithTimeout(absl::Condition(&has_news), left);
      if (ended_) return !stopping_;
    }
  }
  stream.Cancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&ended_));
  return !stopping_;
}

bool ChangeFollower::Take(const v1::WatchChangesResponse& message) {
  const SteadyTime now = std::chrono::steady_clock::now();
  bool reset = message.reset();
  std::vector<Uuid> changed;
  for (const std::string& text : message.service_account_ids()) {
    const std::optional<Uuid> id = Uuid::Parse(text);
    if (!id.has_value()) reset = true;  // Whoever it is: it is not forgotten.
    if (id.has_value()) changed.push_back(*id);
  }
  absl::MutexLock lock(&mutex_);
  if (stopping_ || now >= heard_at_ + max_silence_) return false;
  if (reset) cache_->ForgetAll();
  cache_->Forget(changed);
  position_ = message.position();
  // The first message may have been written as early as the stream was opened.
  if (started_) heard_at_ = now;
  started_ = true;
  status_ = absl::OkStatus();
  live_until_.store((heard_at_ + max_silence_).time_since_epoch().count(),
                    std::memory_order_release);
  return true;
}

void ChangeFollower::Lose() {
  absl::MutexLock lock(&mutex_);
  live_until_.store(0, std::memory_order_release);
}

void ChangeFollower::End(absl::Status status) {
  absl::MutexLock lock(&mutex_);
  live_until_.store(0, std::memory_order_release);
  // The server never ends it so: it was given up here, for its silence.
  const bool silent = absl::IsCancelled(status) || status.ok();
  status_ = silent ? SilentError() : std::move(status);
  ended_ = true;
}

}  // namespace signet
