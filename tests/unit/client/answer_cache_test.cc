// SPDX-License-Identifier: Apache-2.0
#include "client/answer_cache.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/seeded_random.h"
#include "tests/unit/client/answers.h"

namespace signet::client {
namespace {

using std::chrono::seconds;
using testing::IsNull;
using testing::NotNull;

constexpr SteadyTime kNow = SteadyTime(std::chrono::hours(1));
constexpr absl::Duration kTtl = absl::Seconds(5);

class AnswerCacheTest : public testing::Test {
 protected:
  void Keep(const std::string& token, v1::VerifyTokenResponse answer,
            const AnswerCache::Stamp& asked_at) {
    cache_.Keep(cache_.KeyOf(token),
                std::make_shared<v1::VerifyTokenResponse>(std::move(answer)),
                asked_at, kNow, lifetime_);
  }
  void Keep(const std::string& token, v1::VerifyTokenResponse answer) {
    Keep(token, std::move(answer), cache_.Now());
  }
  TokenAnswer Find(const std::string& token, SteadyTime now = kNow) {
    return cache_.Find(cache_.KeyOf(token), now);
  }

  AnswerCache::Lifetime lifetime_ = {.cache_ttl = kTtl,
                                     .expires_in = absl::InfiniteDuration()};
  FakeClock clock_;
  SeededRandom random_;
  AnswerCache cache_{
      {.max_entries = 1024, .max_bytes = 16 << 20}, &clock_, random_};
};

TEST_F(AnswerCacheTest, FindsWhatItKeeps) {
  EXPECT_THAT(Find("good"), IsNull());
  Keep("good", GoodAnswer(1));
  Keep("bad", BadAnswer("TOKEN_REVOKED"));
  ASSERT_THAT(Find("good"), NotNull());
  EXPECT_EQ(Find("good")->subject_id(), SampleId(1).ToString());
  ASSERT_THAT(Find("bad"), NotNull());
  EXPECT_EQ(Find("bad")->reason(), "TOKEN_REVOKED");
  EXPECT_THAT(Find("other"), IsNull());
}

TEST_F(AnswerCacheTest, KeysAreOfThisCacheOnly) {
  SeededRandom other_random(2);
  const AnswerCache other({.max_entries = 1, .max_bytes = 1}, &clock_,
                          other_random);
  EXPECT_EQ(cache_.KeyOf("token"), cache_.KeyOf("token"));
  EXPECT_NE(cache_.KeyOf("token"), cache_.KeyOf("tokem"));
  EXPECT_NE(cache_.KeyOf("token"), other.KeyOf("token"));
  EXPECT_NE(cache_.KeyOf("token"), crypto::Sha256("token"));
}

TEST_F(AnswerCacheTest, ActiveOnesGoByChangesNotByTime) {
  Keep("one", GoodAnswer(1));
  Keep("two", GoodAnswer(2));
  EXPECT_THAT(Find("one", kNow + seconds(86400)), NotNull());
  cache_.Forget(std::vector<Uuid>{SampleId(1)});
  EXPECT_THAT(Find("one"), IsNull());
  EXPECT_THAT(Find("two"), NotNull());
  Keep("one", GoodAnswer(1));
  EXPECT_THAT(Find("one"), NotNull());
}

TEST_F(AnswerCacheTest, WhatWasAskedBeforeAChangeIsNotTrueAfterIt) {
  const AnswerCache::Stamp asked_at = cache_.Now();
  cache_.Forget(std::vector<Uuid>{SampleId(1)});
  Keep("one", GoodAnswer(1), asked_at);
  Keep("two", GoodAnswer(2), asked_at);
  EXPECT_THAT(Find("one"), IsNull());
  EXPECT_THAT(Find("two"), NotNull());
}

TEST_F(AnswerCacheTest, ForgetAllEndsAlsoWhatIsOnItsWay) {
  Keep("good", GoodAnswer(1));
  Keep("bad", BadAnswer("TOKEN_UNKNOWN"));
  const AnswerCache::Stamp asked_at = cache_.Now();
  cache_.ForgetAll();
  EXPECT_THAT(Find("good"), IsNull());
  EXPECT_THAT(Find("bad"), IsNull());
  Keep("good", GoodAnswer(1), asked_at);
  Keep("bad", BadAnswer("TOKEN_UNKNOWN"), asked_at);
  EXPECT_THAT(Find("good"), IsNull());
  EXPECT_THAT(Find("bad"), IsNull());
}

TEST_F(AnswerCacheTest, NoneOutlivesItsToken) {
  v1::VerifyTokenResponse answer = GoodAnswer(1);
  answer.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(clock_.Now()) +
                                           10);
  answer.mutable_expires_at()->set_nanos(5);
  Keep("good", answer);
  const absl::Time expiry =
      absl::FromUnixSeconds(answer.expires_at().seconds()) +
      absl::Nanoseconds(5);
  clock_.Set(expiry - absl::Nanoseconds(1));
  EXPECT_THAT(Find("good"), NotNull());
  clock_.Set(expiry);
  EXPECT_THAT(Find("good"), IsNull());
}

// This machine's clock may be an hour behind.
TEST_F(AnswerCacheTest, NoneOutlivesWhatTheServerSaidItHadLeft) {
  v1::VerifyTokenResponse answer = GoodAnswer(1);
  answer.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(clock_.Now()) +
                                           3600 + 10);
  lifetime_.expires_in = absl::Seconds(10);
  Keep("good", answer);
  const SteadyTime end = kNow + seconds(10);
  EXPECT_THAT(Find("good", end - std::chrono::nanoseconds(1)), NotNull());
  EXPECT_THAT(Find("good", end), IsNull());
  // Nor an hour ahead.
  lifetime_.expires_in = absl::Seconds(7200);
  Keep("good", answer);
  EXPECT_THAT(Find("good", end), NotNull());
  clock_.Set(absl::FromUnixSeconds(answer.expires_at().seconds()));
  EXPECT_THAT(Find("good", end), IsNull());
}

TEST_F(AnswerCacheTest, NoneOutlivesItsTokenWhereTheClockIsSetBack) {
  v1::VerifyTokenResponse answer = GoodAnswer(1);
  answer.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(clock_.Now()) +
                                           10);
  Keep("good", answer);  // From a server that does not say how long it has.
  clock_.Advance(-absl::Hours(1));
  EXPECT_THAT(Find("good", kNow + seconds(9)), NotNull());
  EXPECT_THAT(Find("good", kNow + seconds(10)), IsNull());
}

TEST_F(AnswerCacheTest, WhatIsOverWhenItComesIsNotGiven) {
  v1::VerifyTokenResponse answer = GoodAnswer(1);
  answer.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(clock_.Now()) +
                                           10);
  for (const absl::Duration left :
       {absl::ZeroDuration(), absl::Seconds(-1), -absl::InfiniteDuration()}) {
    lifetime_.expires_in = left;
    Keep("good", answer);
    EXPECT_THAT(Find("good"), IsNull()) << left;
  }
}

TEST_F(AnswerCacheTest, TheServerDoesNotDecideAloneHowLongOneIsKept) {
  lifetime_.cache_ttl = absl::Hours(24 * 365 * 300);
  Keep("bad", BadAnswer("TOKEN_REVOKED"));
  EXPECT_THAT(Find("bad", kNow + seconds(59)), NotNull());
  EXPECT_THAT(Find("bad", kNow + seconds(60)), IsNull());
}

TEST_F(AnswerCacheTest, KnowsWhatHasEndedAnAnswer) {
  const AnswerCache::Stamp before = cache_.Now();
  EXPECT_TRUE(cache_.IsTrue(GoodAnswer(1), before));
  cache_.Forget(std::vector<Uuid>{SampleId(1)});
  EXPECT_FALSE(cache_.IsTrue(GoodAnswer(1), before));
  EXPECT_TRUE(cache_.IsTrue(GoodAnswer(2), before));
  EXPECT_TRUE(cache_.IsTrue(GoodAnswer(1), cache_.Now()));
  cache_.ForgetAll();
  EXPECT_FALSE(cache_.IsTrue(GoodAnswer(2), before));
}

TEST_F(AnswerCacheTest, InactiveOnesGoByTime) {
  Keep("bad", BadAnswer("TOKEN_DISABLED"));
  EXPECT_THAT(Find("bad", kNow + seconds(5) - std::chrono::nanoseconds(1)),
              NotNull());
  EXPECT_THAT(Find("bad", kNow + seconds(5)), IsNull());
}

TEST_F(AnswerCacheTest, InactiveTakesThePlaceOfActive) {
  Keep("token", GoodAnswer(1));
  Keep("token", BadAnswer("TOKEN_EXPIRED"));
  ASSERT_THAT(Find("token"), NotNull());
  EXPECT_FALSE(Find("token")->active());
}

TEST_F(AnswerCacheTest, KeepsNothingAboutUsers) {
  v1::VerifyTokenResponse user = GoodAnswer(1);
  user.set_subject_type("user");
  Keep("user", user);
  EXPECT_THAT(Find("user"), IsNull());
  v1::VerifyTokenResponse nameless = GoodAnswer(1);
  nameless.set_subject_id("");
  Keep("nameless", nameless);
  EXPECT_THAT(Find("nameless"), IsNull());
}

TEST_F(AnswerCacheTest, InventedTokensPushOutNoGoodOnes) {
  // Far from the bound, which is divided among shards.
  for (int i = 0; i < 100; ++i) Keep(absl::StrCat("good", i), GoodAnswer(1));
  int kept = 0;
  for (int i = 0; i < 100; ++i)
    kept += Find(absl::StrCat("good", i)) != nullptr;
  for (int i = 0; i < 10'000; ++i) {
    Keep(absl::StrCat("bad", i), BadAnswer("TOKEN_UNKNOWN"));
  }
  int still = 0;
  for (int i = 0; i < 100; ++i) {
    still += Find(absl::StrCat("good", i)) != nullptr;
  }
  EXPECT_GT(kept, 90);
  EXPECT_EQ(still, kept);
}

// How many of a thousand answers a cache keeps.
class AnswerCacheBounds : public AnswerCacheTest {
 protected:
  int Kept(const AnswerCacheOptions& options,
           const v1::VerifyTokenResponse& answer) {
    AnswerCache cache(options, &clock_, random_);
    const auto shared = std::make_shared<v1::VerifyTokenResponse>(answer);
    std::vector<AnswerCache::Key> keys;
    for (int i = 0; i < 1000; ++i) {
      keys.push_back(cache.KeyOf(absl::StrCat(i)));
      cache.Keep(keys.back(), shared, cache.Now(), kNow, lifetime_);
    }
    int kept = 0;
    for (const AnswerCache::Key& key : keys) {
      kept += cache.Find(key, kNow) != nullptr;
    }
    return kept;
  }
};

TEST_F(AnswerCacheBounds, AreOfEntriesAndAQuarterForWhatIsNotGood) {
  const AnswerCacheOptions options = {.max_entries = 640,
                                      .max_bytes = size_t{1} << 30};
  EXPECT_LE(Kept(options, GoodAnswer(1)), 640 * 3 / 4 + 64);
  EXPECT_GT(Kept(options, GoodAnswer(1)), 640 / 2);
  EXPECT_LE(Kept(options, BadAnswer("TOKEN_REVOKED")), 640 / 4 + 64);
  EXPECT_GT(Kept(options, BadAnswer("TOKEN_REVOKED")), 640 / 8);
}

TEST_F(AnswerCacheBounds, AreOfBytes) {
  const AnswerCacheOptions options = {.max_entries = 1'000'000,
                                      .max_bytes = 400'000};
  v1::VerifyTokenResponse large = GoodAnswer(1);
  for (int i = 0; i < 20; ++i) {
    large.add_capabilities(absl::StrCat("capability.", i));
  }
  // The text alone takes so much.
  EXPECT_LT(Kept(options, large) * large.ByteSizeLong(), options.max_bytes);
  EXPECT_LT(Kept(options, large), Kept(options, GoodAnswer(1)));
  EXPECT_LT(Kept(options, GoodAnswer(1)), 1000);
}

TEST_F(AnswerCacheTest, ZeroEntriesKeepNothing) {
  AnswerCache none({.max_entries = 0, .max_bytes = 1 << 20}, &clock_, random_);
  for (auto answer : {GoodAnswer(1), BadAnswer("TOKEN_UNKNOWN")}) {
    none.Keep(none.KeyOf("t"),
              std::make_shared<v1::VerifyTokenResponse>(answer), none.Now(),
              kNow, lifetime_);
    EXPECT_THAT(none.Find(none.KeyOf("t"), kNow), IsNull());
  }
}

}  // namespace
}  // namespace signet::client
