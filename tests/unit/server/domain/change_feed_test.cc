// SPDX-License-Identifier: Apache-2.0
#include "server/domain/change_feed.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Uuid kHome = SampleId(1);
const Uuid kAway = SampleId(9);
const VerifyScope kEverywhere = {.every_account = true};
const VerifyScope kAtHome = {.every_account = false, .account_id = kHome};

class CountingWatcher final : public ChangeFeed::Watcher {
 public:
  std::function<void()> on_check;

  void Wake(bool beat) override {
    absl::MutexLock lock(&mutex_);
    ++wakes_;
    if (beat) ++beats_;
  }
  void Check() override {
    {
      absl::MutexLock lock(&mutex_);
      ++checks_;
    }
    if (on_check) on_check();
  }
  int beats() const {
    absl::MutexLock lock(&mutex_);
    return beats_;
  }
  int checks() const {
    absl::MutexLock lock(&mutex_);
    return checks_;
  }
  int wakes() const {
    absl::MutexLock lock(&mutex_);
    return wakes_;
  }
  // False: it was not woken so often in time.
  bool Await(int wakes, absl::Duration timeout) const {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, wakes]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return wakes_ >= wakes;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), timeout);
  }

 private:
  mutable absl::Mutex mutex_;
  int wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  int beats_ ABSL_GUARDED_BY(mutex_) = 0;
  int checks_ ABSL_GUARDED_BY(mutex_) = 0;
};

class ChangeFeedTest : public testing::Test {
 protected:
  void Publish(const Uuid& account_id, uint32_t service_account) {
    feed_.Publish(
        {.service_accounts = {{account_id, SampleId(service_account)}},
         .new_public_ids = {}});
  }
  std::string Position() { return feed_.Since("", kEverywhere).position; }

  SeededRandom random_;
  ChangeFeed feed_{random_};
};

TEST_F(ChangeFeedTest, BeginsNow) {
  Publish(kHome, 2);
  const ChangeFeed::News news = feed_.Since("", kEverywhere);
  EXPECT_FALSE(news.reset);
  EXPECT_THAT(news.service_account_ids, IsEmpty());
  EXPECT_NE(news.position, "");
}

TEST_F(ChangeFeedTest, TellsWhatIsBehindAPosition) {
  Publish(kHome, 2);
  const std::string from = Position();
  EXPECT_EQ(feed_.Since(from, kEverywhere).position, from);
  Publish(kHome, 3);
  Publish(kHome, 4);
  const ChangeFeed::News news = feed_.Since(from, kEverywhere);
  EXPECT_FALSE(news.reset);
  EXPECT_THAT(news.service_account_ids, ElementsAre(SampleId(3), SampleId(4)));
  EXPECT_NE(news.position, from);
  EXPECT_THAT(feed_.Since(news.position, kEverywhere).service_account_ids,
              IsEmpty());
  // The old place still holds.
  EXPECT_EQ(feed_.Since(from, kEverywhere).service_account_ids.size(), 2u);
}

TEST_F(ChangeFeedTest, NamesEachOnce) {
  const std::string from = Position();
  for (int i = 0; i < 3; ++i) {
    Publish(kHome, 4);
    Publish(kHome, 3);
  }
  EXPECT_THAT(feed_.Since(from, kEverywhere).service_account_ids,
              ElementsAre(SampleId(3), SampleId(4)));
}

TEST_F(ChangeFeedTest, TellsOfOneAccountAndOfWhatMayBeItsOwn) {
  const std::string from = Position();
  Publish(kHome, 2);
  Publish(kAway, 3);
  Publish(Uuid(), 4);  // Of an account that is not known.
  EXPECT_THAT(feed_.Since(from, kAtHome).service_account_ids,
              ElementsAre(SampleId(2), SampleId(4)));
  EXPECT_THAT(feed_.Since(from, kEverywhere).service_account_ids,
              ElementsAre(SampleId(2), SampleId(3), SampleId(4)));
  EXPECT_EQ(feed_.Since(from, kAtHome).position,
            feed_.Since(from, kEverywhere).position);
}

TEST_F(ChangeFeedTest, NewTokensMakeNoAnswerUntrue) {
  const std::string from = Position();
  feed_.Publish({.service_accounts = {}, .new_public_ids = {"new"}});
  EXPECT_EQ(Position(), from);
}

TEST_F(ChangeFeedTest, APositionThatIsNotKnownIsAReset) {
  Publish(kHome, 2);
  const std::string here = Position();
  const std::string id = here.substr(0, here.find('.'));
  SeededRandom other_random(2);
  ChangeFeed other(other_random);
  for (const std::string& position :
       {other.Since("", kEverywhere).position, std::string("junk"), id,
        absl::StrCat(id, "."), absl::StrCat(id, ".x"), absl::StrCat(id, ".-1"),
        absl::StrCat(id, ".+1"), absl::StrCat(id, ". 1"),
        absl::StrCat(id, ".2"),  // Ahead of the feed.
        absl::StrCat(id, ".18446744073709551615"), absl::StrCat(here, "0")}) {
    const ChangeFeed::News news = feed_.Since(position, kEverywhere);
    EXPECT_TRUE(news.reset) << position;
    EXPECT_THAT(news.service_account_ids, IsEmpty());
    EXPECT_EQ(news.position, here);
  }
}

TEST_F(ChangeFeedTest, WhereAnythingMayHaveChangedEverybodyIsReset) {
  Publish(kHome, 2);
  const std::string before = Position();
  feed_.Reset();
  EXPECT_TRUE(feed_.Since(before, kEverywhere).reset);
  const std::string after = Position();
  EXPECT_NE(after, before);
  Publish(kHome, 3);
  EXPECT_TRUE(feed_.Since(before, kEverywhere).reset);
  const ChangeFeed::News news = feed_.Since(after, kEverywhere);
  EXPECT_FALSE(news.reset);
  EXPECT_THAT(news.service_account_ids, ElementsAre(SampleId(3)));
}

TEST_F(ChangeFeedTest, KeepsTheLatestAndResetsWhoIsBehindThem) {
  const std::string start = Position();
  Publish(kHome, 1);
  const std::string second = Position();
  for (uint32_t i = 0; i < ChangeFeed::kKept; ++i) Publish(kHome, 100 + i);
  EXPECT_TRUE(feed_.Since(start, kEverywhere).reset);
  const ChangeFeed::News news = feed_.Since(second, kEverywhere);
  EXPECT_FALSE(news.reset);
  EXPECT_EQ(news.service_account_ids.size(), ChangeFeed::kKept);
  EXPECT_EQ(news.service_account_ids.front(), SampleId(100));
}

TEST_F(ChangeFeedTest, WakesAtAChangeMuchSoonerThanTheHeartbeat) {
  const auto watcher = std::make_shared<CountingWatcher>();
  ASSERT_TRUE(feed_.Add(watcher, {}));
  ASSERT_TRUE(watcher->Await(1, absl::Seconds(10)));  // By the heartbeat.
  absl::Duration best = absl::InfiniteDuration();
  for (uint32_t i = 0; i < 5; ++i) {
    const int before = watcher->wakes();
    const absl::Time published = absl::Now();
    Publish(kHome, 2 + i);
    ASSERT_TRUE(watcher->Await(before + 1, absl::Seconds(10)));
    best = std::min(best, absl::Now() - published);
  }
  EXPECT_LT(best, ChangeFeed::kHeartbeat / 10);
}

TEST_F(ChangeFeedTest, BeatsWithoutChanges) {
  const auto watcher = std::make_shared<CountingWatcher>();
  ASSERT_TRUE(feed_.Add(watcher, {}));
  const absl::Time began = absl::Now();
  ASSERT_TRUE(watcher->Await(2, absl::Seconds(10)));
  const absl::Duration taken = absl::Now() - began;
  EXPECT_GT(taken, ChangeFeed::kHeartbeat * 0.9);
  EXPECT_LT(taken, ChangeFeed::kHeartbeat * 4);
}

// One is promised each second, however much there is to tell in between.
TEST_F(ChangeFeedTest, BeatsEachSecondAmongChanges) {
  const auto watcher = std::make_shared<CountingWatcher>();
  ASSERT_TRUE(feed_.Add(watcher, {}));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  std::vector<absl::Time> beats;
  uint32_t published = 0;
  while (beats.size() < 4 && absl::Now() < end) {
    Publish(kHome, 2 + published++);
    absl::SleepFor(absl::Milliseconds(5));
    if (watcher->beats() > static_cast<int>(beats.size())) {
      beats.push_back(absl::Now());
    }
  }
  ASSERT_EQ(beats.size(), 4u);
  absl::Duration best = absl::InfiniteDuration();
  for (size_t i = 1; i < beats.size(); ++i) {
    best = std::min(best, beats[i] - beats[i - 1]);
  }
  EXPECT_LT(best, absl::Seconds(1));
}

TEST_F(ChangeFeedTest, AsksSoonAndNowAndThenWhetherOneMayFollow) {
  const auto watcher = std::make_shared<CountingWatcher>();
  ASSERT_TRUE(feed_.Add(watcher, {}));
  const auto await = [&watcher](int checks) {
    const absl::Time end = absl::Now() + absl::Seconds(30);
    while (watcher->checks() < checks && absl::Now() < end) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    return watcher->checks() >= checks;
  };
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 5; ++i) {
    const absl::Time began = absl::Now();
    const int before = watcher->checks();
    feed_.CheckSoon(watcher);
    ASSERT_TRUE(await(before + 1));
    best = std::min(best, absl::Now() - began);
  }
  EXPECT_LT(best, ChangeFeed::kHeartbeat / 10);
  EXPECT_TRUE(await(watcher->checks() + 2)) << "unasked";
}

// However often one is asked for, the others have their round.
TEST_F(ChangeFeedTest, QuestionsAskedForTakeNobodysTurn) {
  const auto asking = std::make_shared<CountingWatcher>();
  const auto other = std::make_shared<CountingWatcher>();
  asking->on_check = [this, &asking] {
    absl::SleepFor(ChangeFeed::kHeartbeat / 10);
    feed_.CheckSoon(asking);
  };
  ASSERT_TRUE(feed_.Add(asking, {}));
  ASSERT_TRUE(feed_.Add(other, {}));
  feed_.CheckSoon(asking);
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (other->checks() < 2 && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(other->checks(), 2);
  feed_.Stop();
}

TEST_F(ChangeFeedTest, AnAnswerThatIsLongInComingDelaysNoNews) {
  absl::Notification asked;
  absl::Notification answered;
  const auto slow = std::make_shared<CountingWatcher>();
  const auto other = std::make_shared<CountingWatcher>();
  slow->on_check = [&] {
    if (!asked.HasBeenNotified()) asked.Notify();
    answered.WaitForNotification();
  };
  ASSERT_TRUE(feed_.Add(slow, {}));
  ASSERT_TRUE(feed_.Add(other, {}));
  feed_.CheckSoon(slow);
  asked.WaitForNotification();
  for (int i = 0; i < 3; ++i) {
    const int before = other->wakes();
    Publish(kHome, 2);
    EXPECT_TRUE(other->Await(before + 1, absl::Seconds(10)));
  }
  const int beats = other->beats();
  EXPECT_TRUE(other->Await(other->wakes() + 2, absl::Seconds(10)));
  EXPECT_GT(other->beats(), beats);
  answered.Notify();
  feed_.Stop();
}

TEST_F(ChangeFeedTest, TellsWhenWhoAsksHasChanged) {
  Publish(kHome, 7);
  const std::string from = Position();
  Publish(kHome, 2);
  Publish(kAway, 7);
  Publish(kHome, 3);
  EXPECT_EQ(feed_.end(), 4u);
  // Of another account too, which is not told of.
  const ChangeFeed::News news = feed_.Since(from, kAtHome, SampleId(7));
  EXPECT_EQ(news.self_changed, 3u);
  EXPECT_EQ(news.end, 4u);
  EXPECT_THAT(news.service_account_ids, ElementsAre(SampleId(2), SampleId(3)));
  EXPECT_EQ(feed_.Since(from, kAtHome, SampleId(8)).self_changed, 0u);
  EXPECT_EQ(feed_.Since(from, kAtHome).self_changed, 0u);
}

// Of those who belong to an account, and of those who follow one: whoever
// brings many callers of its own to its own account has the places of one.
TEST_F(ChangeFeedTest, OneAccountMayNotHaveAllPlaces) {
  const auto add = [this](const ChangeFeed::Place& place) {
    return feed_.Add(std::make_shared<CountingWatcher>(), place);
  };
  for (size_t i = 0; i < ChangeFeed::kMaxOfOneAccount; ++i) {
    ASSERT_TRUE(add({.by = SampleId(1), .of = SampleId(i % 2 + 1)}));
    ASSERT_TRUE(add({.of = SampleId(3)}));
  }
  EXPECT_FALSE(add({.by = SampleId(1), .of = SampleId(9)}));
  EXPECT_FALSE(add({.by = SampleId(1)}));
  EXPECT_FALSE(add({.by = SampleId(3), .of = SampleId(3)}));
  EXPECT_TRUE(add({.by = SampleId(3), .of = SampleId(1)}));
  EXPECT_TRUE(add({.by = SampleId(9), .of = SampleId(9)}));
  EXPECT_TRUE(add({}));
}

TEST_F(ChangeFeedTest, LetsGoOfWhoIsRemoved) {
  auto watcher = std::make_shared<CountingWatcher>();
  auto other = std::make_shared<CountingWatcher>();
  ASSERT_TRUE(feed_.Add(watcher, {}));
  ASSERT_TRUE(feed_.Add(other, {}));
  feed_.Remove(watcher.get());
  feed_.Remove(watcher.get());
  Publish(kHome, 2);
  ASSERT_TRUE(other->Await(1, absl::Seconds(10)));
  EXPECT_EQ(watcher.use_count(), 1);
}

TEST_F(ChangeFeedTest, TakesSoManyWatchers) {
  std::vector<std::shared_ptr<CountingWatcher>> watchers;
  for (size_t i = 0; i < ChangeFeed::kMaxWatchers; ++i) {
    watchers.push_back(std::make_shared<CountingWatcher>());
    ASSERT_TRUE(feed_.Add(watchers.back(), {}));
  }
  const auto late = std::make_shared<CountingWatcher>();
  EXPECT_FALSE(feed_.Add(late, {}));
  feed_.Remove(watchers.front().get());
  EXPECT_TRUE(feed_.Add(late, {}));
}

TEST_F(ChangeFeedTest, WakesNobodyOnceItHasStopped) {
  const auto watcher = std::make_shared<CountingWatcher>();
  ASSERT_TRUE(feed_.Add(watcher, {}));
  feed_.Stop();
  feed_.Stop();
  const int before = watcher->wakes();
  Publish(kHome, 2);
  EXPECT_FALSE(watcher->Await(before + 1, absl::Milliseconds(100)));
  EXPECT_FALSE(feed_.Add(std::make_shared<CountingWatcher>(), {}));
}

}  // namespace
}  // namespace signet::domain
