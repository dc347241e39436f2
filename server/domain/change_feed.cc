// SPDX-License-Identifier: Apache-2.0
#include "server/domain/change_feed.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/base62.h"

namespace signet {
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
  uint64_t number = 0;
  if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()),
                        &number)) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

ChangeFeed::ChangeFeed(RandomSource& random)
    : id_(NewFeedId(random)), thread_([this] { Run(); }) {}

void ChangeFeed::Publish(const TokenChanges& changes) {
  if (changes.service_accounts.empty()) return;
  absl::MutexLock lock(&mutex_);
  for (const TokenChanges::ServiceAccount& changed : changes.service_accounts) {
    changes_.push_back(
        {.account_id = changed.account_id, .service_account_id = changed.id});
    if (changes_.size() > kKept) changes_.pop_front();
  }
  end_ += changes.service_accounts.size();
  published_ = true;
}

ChangeFeed::News ChangeFeed::Since(std::string_view position,
                                   const VerifyScope& scope) const {
  absl::MutexLock lock(&mutex_);
  News news = {.position = absl::StrCat(id_, ".", end_)};
  if (position.empty()) return news;
  const std::optional<uint64_t> from = NumberIn(position, id_);
  if (!from.has_value() || *from > end_ || end_ - *from > changes_.size()) {
    news.reset = true;
    return news;
  }
  for (size_t i = changes_.size() - static_cast<size_t>(end_ - *from);
       i < changes_.size(); ++i) {
    const Change& change = changes_[i];
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

bool ChangeFeed::Add(std::shared_ptr<Watcher> watcher) {
  absl::MutexLock lock(&mutex_);
  if (stopped_ || watchers_.size() >= kMaxWatchers) return false;
  watchers_.push_back(std::move(watcher));
  return true;
}

void ChangeFeed::Remove(const Watcher* watcher) {
  std::shared_ptr<Watcher> removed;  // Destroyed without the lock.
  absl::MutexLock lock(&mutex_);
  const auto found =
      std::find_if(watchers_.begin(), watchers_.end(),
                   [watcher](const std::shared_ptr<Watcher>& known) {
                     return known.get() == watcher;
                   });
  if (found == watchers_.end()) return;
  removed = std::move(*found);
  watchers_.erase(found);
}

void ChangeFeed::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopped_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void ChangeFeed::Run() {
  while (true) {
    std::vector<std::shared_ptr<Watcher>> watchers;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.AwaitWithTimeout(absl::Condition(this, &ChangeFeed::HasWork),
                              kHeartbeat);
      if (stopped_) return;
      published_ = false;
      watchers = watchers_;
    }
    for (const std::shared_ptr<Watcher>& watcher : watchers) watcher->Wake();
  }
}

}  // namespace signet
