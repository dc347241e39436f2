// SPDX-License-Identifier: Apache-2.0
#include "client/questions.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "client/requirement_check.h"
#include "client/rpc_error.h"
#include "grpcpp/client_context.h"

namespace signet::client {
namespace {

absl::Status StoppedError() {
  return MakeError(absl::StatusCode::kCancelled,
                   "the client is being destroyed", {.reason = "CANCELLED"});
}

absl::Status TooManyError() {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "too many questions wait for the server already; try again",
      {.reason = "TOO_MANY_QUESTIONS", .retry_after = absl::Seconds(1)});
}

absl::Status TooLateError() {
  return MakeError(absl::StatusCode::kDeadlineExceeded,
                   "the server has not answered in time",
                   {.reason = "DEADLINE_EXCEEDED"});
}

absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

// What callers have no use for goes: it counts from when the server answered.
AnswerCache::Lifetime TakeLifetime(v1::VerifyTokenResponse& answer) {
  const AnswerCache::Lifetime lifetime = {
      .cache_ttl = ToAbsl(answer.cache_ttl()),
      .expires_in = answer.has_expires_in() ? ToAbsl(answer.expires_in())
                                            : absl::InfiniteDuration()};
  answer.clear_cache_ttl();
  answer.clear_expires_in();
  return lifetime;
}

}  // namespace

// One question to the server.
struct Questions::Call {
  AnswerCache::Key key;  // In open_.
  Asked asked;
  SteadyTime deadline;  // The latest of those who waited when it began.
  std::map<Place, Waiter> waiting;  // Guarded by mutex_.
  grpc::ClientContext context;
  v1::VerifyTokenRequest request;
  v1::VerifyTokenResponse response;

  ~Call() { Wipe(*request.mutable_token()); }
};

Questions::Questions(const std::shared_ptr<grpc::Channel>& channel,
                     QuestionsOptions options, const Secret* authorization,
                     AnswerCache* cache)
    : options_(std::move(options)),
      authorization_(authorization),
      cache_(cache),
      channel_(channel),
      stub_(v1::Tokens::NewStub(channel)),
      deadlines_([this] { WatchDeadlines(); }) {}

Questions::~Questions() {
  std::vector<std::shared_ptr<Call>> calls;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [call, shared] : calls_) calls.push_back(shared);
  }
  // Without the lock: gRPC may call back on this thread.
  for (const std::shared_ptr<Call>& call : calls) call->context.TryCancel();
  earlier_.Set();
  deadlines_.join();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &Questions::IsIdle));
}

void Questions::Ask(std::string_view token, const v1::Requirement* requirement,
                    const Asked& asked, Done done) {
  Waiter waiter = {.requirement = std::nullopt,
                   .stamp = asked.stamp,
                   .asked_at = asked.at,
                   .deadline = After(asked.at, options_.timeout),
                   .done = std::move(done)};
  if (requirement != nullptr) waiter.requirement = *requirement;
  const AnswerCache::Key key = KeyOf(asked, waiter.requirement);
  absl::Status refusal;
  Call* started = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      refusal = StoppedError();
    } else if (waiting_ >= options_.max_waiting) {
      refusal = TooManyError();
    } else {
      started = Join(key, token, asked, waiter);
    }
  }
  if (!refusal.ok()) {
    std::move(waiter.done)(std::move(refusal));
  } else if (started != nullptr) {
    Send(started);
  }
}

AnswerCache::Key Questions::KeyOf(
    const Asked& asked, const std::optional<v1::Requirement>& requirement) {
  if (asked.plain || !requirement.has_value()) return asked.key;
  return cache_->KeyOf(absl::StrCat(
      absl::string_view(reinterpret_cast<const char*>(asked.key.data()),
                        asked.key.size()),
      requirement->SerializeAsString()));
}

Questions::Call* Questions::Join(const AnswerCache::Key& key,
                                 std::string_view token, const Asked& asked,
                                 Waiter& waiter) {
  const Place place = {waiter.deadline, ++last_number_};
  ++waiting_;
  Call*& call = open_[key];
  if (call != nullptr) {
    call->waiting.emplace(place, std::move(waiter));
    joined_.insert({place, call});
    if (place.first < wake_at_) earlier_.Set();
    return nullptr;
  }
  auto shared = std::make_shared<Call>();
  call = shared.get();
  call->key = key;
  call->asked = asked;
  call->deadline = waiter.deadline;
  call->request.set_token(std::string(token));
  call->request.set_account_id(options_.account_id);
  if (!asked.plain && waiter.requirement.has_value()) {
    *call->request.mutable_requirement() = *waiter.requirement;
  }
  call->waiting.emplace(place, std::move(waiter));
  calls_.emplace(call, std::move(shared));
  return call;
}

void Questions::Send(Call* call) {
  call->context.set_deadline(
      absl::ToChronoTime(absl::Now() + Between(SteadyNow(), call->deadline)));
  if (!authorization_->Expose().empty()) {
    call->context.AddMetadata("authorization",
                              std::string(authorization_->Expose()));
  }
  stub_->async()->VerifyToken(
      &call->context, &call->request, &call->response,
      [this, call](const grpc::Status& status) { Finish(call, status); });
}

void Questions::Finish(Call* call, const grpc::Status& status) {
  // It is kept before somebody can ask again.
  const absl::StatusOr<TokenAnswer> outcome = Conclude(*call, status);
  std::vector<Waiter> waiters = TakeWaiters(*call);
  // From the last to the first deadline: who begins a new question decides how
  // long it may take.
  for (auto waiter = waiters.rbegin(); waiter != waiters.rend(); ++waiter) {
    bool plain = call->asked.plain;
    absl::StatusOr<TokenAnswer> answer =
        Evaluate(*call, outcome, *waiter, plain);
    if (answer.ok() && *answer == nullptr) {
      AskAgain(*call, plain, *waiter);
    } else {
      // What it holds goes with it, not under the lock.
      Done done = std::move(waiter->done);
      std::move(done)(std::move(answer));
    }
  }
  // Under the lock, so that the destructor has the last word on the channel.
  absl::MutexLock lock(&mutex_);
  calls_.erase(call);
}

std::vector<Questions::Waiter> Questions::TakeWaiters(Call& call) {
  std::vector<Waiter> waiters;
  absl::MutexLock lock(&mutex_);
  open_.erase(call.key);
  waiters.reserve(call.waiting.size());
  for (auto& [place, waiter] : call.waiting) {
    joined_.erase({place, &call});
    waiters.push_back(std::move(waiter));
  }
  waiting_ -= call.waiting.size();
  call.waiting.clear();
  return waiters;
}

absl::StatusOr<TokenAnswer> Questions::Conclude(Call& call,
                                                const grpc::Status& status) {
  if (!status.ok()) return FromRpcError(status);
  const AnswerCache::Lifetime lifetime = TakeLifetime(call.response);
  auto answer =
      std::make_shared<const v1::VerifyTokenResponse>(std::move(call.response));
  if (call.asked.plain && call.asked.keep) {
    cache_->Keep(call.asked.key, answer, call.asked.stamp, call.asked.at,
                 lifetime);
  }
  return answer;
}

absl::StatusOr<TokenAnswer> Questions::Evaluate(
    const Call& call, const absl::StatusOr<TokenAnswer>& outcome,
    const Waiter& waiter, bool& plain) const {
  const bool joined = waiter.asked_at > call.asked.at;
  if (!outcome.ok()) {
    // The question's time is over, perhaps not that of who joined it.
    const bool early = absl::IsDeadlineExceeded(outcome.status()) &&
                       waiter.deadline > call.deadline &&
                       waiter.deadline > SteadyNow();
    if (early) return TokenAnswer();
    return outcome;
  }
  const v1::VerifyTokenResponse& answer = **outcome;
  if (joined && answer.active()) {
    const bool recent =
        Between(call.asked.at, waiter.asked_at) < options_.max_staleness;
    // Else a change was heard that may have come before they asked.
    const bool told = waiter.stamp == call.asked.stamp ||
                      cache_->IsTrue(answer, call.asked.stamp);
    if (!recent || !told) return TokenAnswer();
  }
  if (!plain) return outcome;
  TokenAnswer judged = WithRequirement(*outcome, waiter.requirement.has_value()
                                                     ? &*waiter.requirement
                                                     : nullptr);
  plain = judged != nullptr;
  return judged;
}

void Questions::AskAgain(const Call& call, bool plain, Waiter& waiter) {
  Asked asked = call.asked;
  asked.stamp = cache_->Now();
  asked.at = SteadyNow();
  asked.plain = plain;
  const AnswerCache::Key key = KeyOf(asked, waiter.requirement);
  bool stopped = false;
  Call* started = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    stopped = stopping_;
    if (!stopped) started = Join(key, call.request.token(), asked, waiter);
  }
  if (stopped) std::move(waiter.done)(StoppedError());
  if (started != nullptr) Send(started);
}

void Questions::WatchDeadlines() {
  while (true) {
    std::vector<Waiter> late;
    absl::Duration pause = absl::InfiniteDuration();
    {
      absl::MutexLock lock(&mutex_);
      const SteadyTime now = SteadyNow();
      while (!joined_.empty() && joined_.begin()->first.first <= now) {
        const auto [place, call] = *joined_.begin();
        late.push_back(std::move(call->waiting.extract(place).mapped()));
        joined_.erase(joined_.begin());
        --waiting_;
      }
      if (stopping_ && late.empty()) return;
      wake_at_ =
          joined_.empty() ? SteadyTime::max() : joined_.begin()->first.first;
      if (!joined_.empty()) pause = Between(now, wake_at_);
    }
    for (Waiter& waiter : late) std::move(waiter.done)(TooLateError());
    if (late.empty()) earlier_.AwaitUntil(SteadyEvent::In(pause));
  }
}

}  // namespace signet::client
