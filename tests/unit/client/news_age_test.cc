// SPDX-License-Identifier: Apache-2.0
#include "client/news_age.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::client {
namespace {

using testing::Optional;

constexpr SteadyTime kOpened = SteadyTime(std::chrono::hours(1000));

SteadyTime At(absl::Duration since_opened) {
  return After(kOpened, since_opened);
}

v1::WatchChangesResponse Stamped(absl::Duration since_start) {
  v1::WatchChangesResponse message;
  message.mutable_since_start()->set_seconds(
      absl::IDivDuration(since_start, absl::Seconds(1), &since_start));
  message.mutable_since_start()->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(since_start)));
  return message;
}

class NewsAgeTest : public testing::Test {
 protected:
  // How old the message is at most when it comes so long after the opening.
  absl::Duration AgeOf(const v1::WatchChangesResponse& message,
                       absl::Duration came) {
    const std::optional<SteadyTime> written = age_.WrittenAt(message, At(came));
    return written.has_value() ? Between(*written, At(came))
                               : absl::InfiniteDuration();
  }

  NewsAge age_{kOpened};
};

TEST_F(NewsAgeTest, IsWhatTheWayCanHaveTaken) {
  EXPECT_EQ(AgeOf(Stamped(absl::ZeroDuration()), absl::Milliseconds(20)),
            absl::Milliseconds(20));
  EXPECT_LT(AgeOf(Stamped(absl::Seconds(10)), absl::Seconds(10.5)),
            absl::Milliseconds(502));
  // A minute late, and so is what follows it at once.
  EXPECT_GT(AgeOf(Stamped(absl::Seconds(11)), absl::Seconds(71)),
            absl::Seconds(60));
  EXPECT_GT(AgeOf(Stamped(absl::Seconds(12)), absl::Seconds(71)),
            absl::Seconds(59));
  EXPECT_LT(AgeOf(Stamped(absl::Seconds(71)), absl::Seconds(71.1)),
            absl::Milliseconds(150));
}

// The server's clock may be faster: what it says buys a little less.
TEST_F(NewsAgeTest, AllowsForDrift) {
  const absl::Duration fast = absl::Hours(1) * 1.00009;
  EXPECT_GT(AgeOf(Stamped(fast), absl::Hours(1)), absl::ZeroDuration());
  EXPECT_LT(AgeOf(Stamped(fast), absl::Hours(1)), absl::Milliseconds(400));
}

TEST_F(NewsAgeTest, NoMessageComesOutOfTheFuture) {
  EXPECT_EQ(age_.WrittenAt(Stamped(absl::Seconds(9)), At(absl::Seconds(8))),
            std::nullopt);
  EXPECT_EQ(
      age_.WrittenAt(Stamped(absl::InfiniteDuration()), At(absl::Seconds(8))),
      std::nullopt);
}

TEST_F(NewsAgeTest, NonsenseBuysNothing) {
  for (const absl::Duration past :
       {absl::Seconds(-5), -absl::InfiniteDuration()}) {
    EXPECT_THAT(age_.WrittenAt(Stamped(past), At(absl::Seconds(8))),
                Optional(kOpened));
  }
  v1::WatchChangesResponse lowest;
  lowest.mutable_since_start()->set_seconds(
      std::numeric_limits<int64_t>::min());
  lowest.mutable_since_start()->set_nanos(std::numeric_limits<int32_t>::min());
  EXPECT_THAT(age_.WrittenAt(lowest, At(absl::Seconds(8))), Optional(kOpened));
}

// Many beats may come at once, which were held up.
TEST_F(NewsAgeTest, OfAServerThatDoesNotSayItBeatsBuyBeatIntervals) {
  const v1::WatchChangesResponse beat;
  const absl::Duration came = absl::Minutes(1);
  EXPECT_EQ(AgeOf(beat, came), came);  // The first message.
  EXPECT_EQ(AgeOf(beat, came), came);  // May have followed it at once.
  for (int beats = 1; beats <= 10; ++beats) {
    EXPECT_EQ(AgeOf(beat, came), came - beats * NewsAge::kBeat);
  }
}

TEST_F(NewsAgeTest, OfAServerThatDoesNotSayItNewsBuyNothing) {
  v1::WatchChangesResponse news;
  news.add_service_account_ids("id");
  v1::WatchChangesResponse reset;
  reset.set_reset(true);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(AgeOf(news, absl::Minutes(1)), absl::Minutes(1));
    EXPECT_EQ(AgeOf(reset, absl::Minutes(1)), absl::Minutes(1));
  }
}

}  // namespace
}  // namespace signet::client
