// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/issuer_key_source.h"

#include <optional>
#include <utility>

#include "server/identity/auth_error.h"
#include "server/oauth/issuer_keys.h"

namespace signet::oauth {

IssuerKeySource::IssuerKeySource(std::string issuer,
                                 const KeyFetchPolicy& policy,
                                 std::unique_ptr<HttpClient> http,
                                 const Clock* clock, Logger* logger)
    : issuer_(std::move(issuer)),
      policy_(policy),
      http_(std::move(http)),
      clock_(clock),
      logger_(logger),
      cache_(policy),
      thread_([this] { Run(); }) {}

void IssuerKeySource::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wanted_.Set();
  http_->Cancel();
  if (thread_.joinable()) thread_.join();
}

void IssuerKeySource::FindKey(const KeyQuery& query, Done done) {
  std::optional<absl::StatusOr<Key>> answer;
  {
    absl::MutexLock lock(&mutex_);
    answer = cache_.Find(query, clock_->Now());
    if (!answer.has_value()) {
      if (waiting_.size() < policy_.max_waiting_calls && !stopping_) {
        waiting_.push_back({query, std::move(done)});
        wanted_.Set();
        return;
      }
      answer = identity::IssuerUnavailableError(absl::Seconds(1));
    }
  }
  std::move(done)(*std::move(answer));
}

void IssuerKeySource::Reload() {
  {
    absl::MutexLock lock(&mutex_);
    reload_ = true;
  }
  wanted_.Set();
}

void IssuerKeySource::Run() {
  while (AwaitNextFetch()) Finish(FetchIssuerKeys(issuer_, *http_));
  Finish(absl::CancelledError("the service stops"));
}

bool IssuerKeySource::AwaitNextFetch() {
  bool due = false;
  while (true) {
    SteadyEvent::Moment next;
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return false;
      if (std::exchange(reload_, false)) {
        reported_keys_.reset();  // Who asked is told what came of it.
        return true;
      }
      if (due || !waiting_.empty()) return true;
      next = SteadyEvent::In(cache_.UntilRefresh(clock_->Now()));
    }
    due = !wanted_.AwaitUntil(next);
  }
}

void IssuerKeySource::Finish(absl::StatusOr<JwkSet> keys) {
  if (!absl::IsCancelled(keys.status())) Report(keys);

  std::vector<Waiting> waiting;
  std::vector<absl::StatusOr<Key>> answers;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Time now = clock_->Now();
    cache_.Fetched(std::move(keys), now);
    waiting.swap(waiting_);
    for (const Waiting& call : waiting) {
      answers.push_back(cache_.FindNow(call.query, now));
    }
  }
  for (size_t i = 0; i < waiting.size(); ++i) {
    std::move(waiting[i].done)(std::move(answers[i]));
  }
}

void IssuerKeySource::Report(const absl::StatusOr<JwkSet>& keys) {
  if (!keys.ok()) {
    const std::string why(keys.status().message());
    logger_->Warning("issuer keys not fetched",
                     {{"issuer", issuer_}, {"why", why}});
    reported_keys_.reset();
    return;
  }
  if (reported_keys_ != keys->size()) {
    logger_->Info(
        "issuer keys fetched",
        {{"issuer", issuer_}, {"keys", static_cast<int64_t>(keys->size())}});
    reported_keys_ = keys->size();
  }
  if (keys->notes() == reported_notes_) return;
  for (const std::string& note : keys->notes()) {
    logger_->Warning("issuer key left out",
                     {{"issuer", issuer_}, {"why", note}});
  }
  reported_notes_ = keys->notes();
}

}  // namespace signet::oauth
