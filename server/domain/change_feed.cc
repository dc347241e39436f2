// SPDX-License-Identifier: Apache-2.0
#include "server/domain/change_feed.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/base62.h"

namespace signet::domain {
namespace {

std::string NewFeedId(RandomSource& random) {
  uint64_t number = 0;
  random.Fill(std::span(reinterpret_cast<uint8_t*>(&number), sizeof(number)));
  std::array<char, 11> digits;
  EncodeBase62(number, digits);
  return std::string(digits.begin(), digits.end());
}

// The number in `id`.`number`; nullopt for another feed's or other text.
std::optional<uint64_t> NumberIn(std::string_view position,
                                 std::string_view id) {
  if (!position.starts_with(id) || position.size() <= id.size() + 1 ||
      position[id.size()] != '.') {
    return std::nullopt;
  }
  const std::string_view digits = position.substr(id.size() + 1);
  if (digits.find_first_not_of("0123456789") != digits.npos) {
    return std::nullopt;
  }
  uint64_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()),
                        &number)) {
    return std::nullopt;
  }
  return number;
}

bool IsOver(SteadyEvent::Moment moment) {
  return moment <= std::chrono::steady_clock::now();
}

}  // namespace

ChangeFeed::ChangeFeed(RandomSource& random)
    : id_(NewFeedId(random)),
      wakes_([this] { Wakes(); }),
      checks_([this] { Checks(); }) {}

void ChangeFeed::Publish(const storage::TokenChanges& changes) {
  if (changes.service_accounts.empty()) return;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& changed : changes.service_accounts) {
      changes_.push_back(
          {.account_id = changed.account_id, .service_account_id = changed.id});
      if (changes_.size() > kKept) changes_.pop_front();
    }
    end_ += changes.service_accounts.size();
  }
  news_.Set();
}

void ChangeFeed::Reset() {
  {
    absl::MutexLock lock(&mutex_);
    changes_.clear();
    ++end_;  // What is behind an earlier position is not kept.
  }
  news_.Set();
}

uint64_t ChangeFeed::end() const {
  absl::MutexLock lock(&mutex_);
  return end_;
}

ChangeFeed::News ChangeFeed::Since(std::string_view position,
                                   const VerifyScope& scope,
                                   const Uuid& self) const {
  News news;
  std::vector<Change> changes;
  {
    // Who publishes a change waits for this lock: no more than a copy.
    absl::MutexLock lock(&mutex_);
    news.end = end_;
    const std::optional<uint64_t> from = NumberIn(position, id_);
    if (!position.empty()) {
      news.reset =
          !from.has_value() || *from > end_ || end_ - *from > changes_.size();
      if (!news.reset) {
        changes.assign(changes_.end() - static_cast<ptrdiff_t>(end_ - *from),
                       changes_.end());
      }
    }
  }
  news.position = absl::StrCat(id_, ".", news.end);
  for (size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    if (change.service_account_id == self) {
      news.self_changed = news.end - changes.size() + i + 1;
    }
    if (scope.every_account || change.account_id == scope.account_id ||
        change.account_id == Uuid()) {
      news.service_account_ids.push_back(change.service_account_id);
    }
  }
  std::sort(news.service_account_ids.begin(), news.service_account_ids.end());
  news.service_account_ids.erase(std::unique(news.service_account_ids.begin(),
                                             news.service_account_ids.end()),
                                 news.service_account_ids.end());
  return news;
}

bool ChangeFeed::Add(std::shared_ptr<Watcher> watcher, const Place& place) {
  absl::MutexLock lock(&mutex_);
  if (stopped_ || followers_.size() >= kMaxWatchers) return false;
  size_t by = 0;
  size_t of = 0;
  for (const Follower& follower : followers_) {
    if (place.by.has_value() && follower.place.by == place.by) ++by;
    if (place.of.has_value() && follower.place.of == place.of) ++of;
  }
  if (std::max(by, of) >= kMaxOfOneAccount) return false;
  followers_.push_back({.watcher = std::move(watcher), .place = place});
  return true;
}

void ChangeFeed::Remove(const Watcher* watcher) {
  Follower removed;  // Destroyed without the lock.
  absl::MutexLock lock(&mutex_);
  const auto found =
      std::ranges::find_if(followers_, [watcher](const Follower& known) {
        return known.watcher.get() == watcher;
      });
  if (found == followers_.end()) return;
  removed = std::move(*found);
  followers_.erase(found);
}

void ChangeFeed::WakeSoon() { news_.Set(); }

void ChangeFeed::CheckSoon(std::shared_ptr<Watcher> watcher) {
  {
    absl::MutexLock lock(&mutex_);
    if (!stopped_) to_check_.push_back(std::move(watcher));
  }
  questions_.Set();
}

void ChangeFeed::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  news_.Set();
  questions_.Set();
  for (std::thread* thread : {&wakes_, &checks_}) {
    if (thread->joinable()) thread->join();
  }
}

ChangeFeed::Watchers ChangeFeed::Followers() const {
  Watchers watchers;
  for (const Follower& follower : followers_) {
    watchers.push_back(follower.watcher);
  }
  return watchers;
}

void ChangeFeed::Wakes() {
  // By the clock, so that a beat comes no later for what came in between.
  SteadyEvent::Moment next_beat = SteadyEvent::In(kHeartbeat);
  while (true) {
    news_.AwaitUntil(next_beat);
    Watchers watchers;
    {
      absl::MutexLock lock(&mutex_);
      if (stopped_) return;
      watchers = Followers();
    }
    const bool beat = IsOver(next_beat);
    if (beat) next_beat = SteadyEvent::In(kHeartbeat);
    for (const auto& watcher : watchers) watcher->Wake(beat);
  }
}

void ChangeFeed::Checks() {
  SteadyEvent::Moment next_round = SteadyEvent::In(kHeartbeat);
  while (true) {
    questions_.AwaitUntil(next_round);
    Watchers watchers;
    bool round = false;
    {
      absl::MutexLock lock(&mutex_);
      if (stopped_) return;
      watchers = std::exchange(to_check_, {});
      round = IsOver(next_round);
      if (round) watchers = Followers();
    }
    for (const auto& watcher : watchers) watcher->Check();
    if (round) next_round = SteadyEvent::In(kHeartbeat);
  }
}

}  // namespace signet::domain
