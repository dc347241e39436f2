// SPDX-License-Identifier: Apache-2.0
#include "client/change_follower.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "client/rpc_error.h"
#include "grpcpp/client_context.h"

namespace signet::client {
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
  woken_.Set();
  thread_.join();
}

absl::Status ChangeFollower::status() const {
  absl::MutexLock lock(&mutex_);
  if (IsLive(SteadyNow())) return absl::OkStatus();
  return status_.ok() ? SilentError() : status_;
}

void ChangeFollower::Run() {
  while (true) {
    std::string position;
    {
      absl::MutexLock lock(&mutex_);
      age_.emplace(SteadyNow());
      give_up_at_ = After(age_->opened_at(), options_.max_staleness);
      started_ = timely_ = leaving_ = ended_ = false;
      position = position_;
    }
    {
      Stream stream(this, position);
      if (!Follow(stream)) return;
    }
    absl::Duration pause;
    {
      absl::MutexLock lock(&mutex_);
      if (leaving_) continue;
      if (timely_) delay_.Succeeded();
      pause = delay_.After(status_);
    }
    if (!Pause(pause)) return;
  }
}

bool ChangeFollower::Pause(absl::Duration span) {
  const SteadyEvent::Moment end = SteadyEvent::In(span);
  do {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return false;
  } while (woken_.AwaitUntil(end));
  return true;
}

bool ChangeFollower::Follow(Stream& stream) {
  while (true) {
    absl::Duration left;
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return !stopping_;
      left = Between(SteadyNow(), give_up_at_);
      // Nobody cancels but the two who give it up; both are done with it then.
      if (left <= absl::ZeroDuration() || stopping_) break;
    }
    woken_.AwaitUntil(SteadyEvent::In(left));
  }
  stream.Cancel();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&ended_));
  return !stopping_;
}

bool ChangeFollower::Take(const v1::WatchChangesResponse& message) {
  const SteadyTime now = SteadyNow();
  bool reset = message.reset();
  std::vector<Uuid> changed;
  for (const std::string& text : message.service_account_ids()) {
    const std::optional<Uuid> id = Uuid::Parse(text);
    if (!id.has_value()) reset = true;  // Whatever it names is not forgotten.
    if (id.has_value()) changed.push_back(*id);
  }
  absl::MutexLock lock(&mutex_);
  if (stopping_ || leaving_) return false;
  if (reset) cache_->ForgetAll();
  cache_->Forget(changed);
  position_ = message.position();
  const std::optional<SteadyTime> written_at = age_->WrittenAt(message, now);
  if (!written_at.has_value()) return false;
  const SteadyTime until = After(*written_at, options_.max_staleness);
  give_up_at_ = until;
  status_ = absl::OkStatus();
  // What was known of the last stream is still known.
  live_until_.store(std::max(live_until_.load(std::memory_order_relaxed),
                             until.time_since_epoch().count()),
                    std::memory_order_release);
  leaving_ = ShouldLeave(now, until);
  return !leaving_;
}

bool ChangeFollower::ShouldLeave(SteadyTime now, SteadyTime until) {
  const absl::Duration age = Between(age_->opened_at(), now);
  const bool old = age > options_.max_stream_age ||
                   age / NewsAge::kDriftOneIn > options_.max_staleness / 8;
  const bool late = Between(now, until) < options_.max_staleness / 2;
  if (std::exchange(started_, true)) {
    // A network that has become slow is as slow for a new one; then that one is
    // kept.
    return old || (late && timely_);
  }
  timely_ = !late;
  // Whether it was the opening that took long shows the next one's.
  const bool leave = late && !left_late_;
  left_late_ = late;
  return leave;
}

void ChangeFollower::Lose() {
  absl::MutexLock lock(&mutex_);
  if (!leaving_) live_until_.store(0, std::memory_order_release);
}

void ChangeFollower::End(absl::Status status) {
  // All under the lock: this object may be gone after it.
  absl::MutexLock lock(&mutex_);
  ended_ = true;
  woken_.Set();
  if (leaving_ && absl::IsCancelled(status)) return;
  leaving_ = false;
  live_until_.store(0, std::memory_order_release);
  // The server never ends it so: it was given up here, for its silence.
  const bool silent = absl::IsCancelled(status) || status.ok();
  status_ = silent ? SilentError() : std::move(status);
}

}  // namespace signet::client
