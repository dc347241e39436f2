// SPDX-License-Identifier: Apache-2.0
#include "base/trusted_clock.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "base/rfc3339.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace signet {
namespace {

constexpr absl::Duration kYear = absl::Hours(24 * 365);

class TrustedClockTest : public testing::Test {
 protected:
  TrustedClock Make(std::optional<absl::Time> kept = std::nullopt) {
    return TrustedClock(&wall_, &monotonic_, kept);
  }

  // Time passes, for both.
  void Pass(absl::Duration time) {
    wall_.Advance(time);
    monotonic_.Advance(time);
  }

  // The same, with a look every five seconds; what was taken over.
  absl::Duration PassWatched(TrustedClock& clock, absl::Duration time) {
    absl::Duration taken_over;
    for (; time > absl::ZeroDuration(); time -= absl::Seconds(5)) {
      Pass(absl::Seconds(5));
      taken_over += clock.Observe().taken_over;
    }
    return taken_over;
  }

  FakeClock wall_;
  FakeMonotonicClock monotonic_;
  const absl::Time start_ = wall_.Now();
};

TEST_F(TrustedClockTest, FollowsAWallClockThatIsRight) {
  TrustedClock clock = Make();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(clock.Now(), wall_.Now());
    EXPECT_EQ(clock.Mark(), wall_.Now());
    EXPECT_EQ(clock.Settled(), wall_.Now());
    Pass(absl::Hours(5));
  }
}

TEST_F(TrustedClockTest, GoesOnWhereTheWallClockIsSetBack) {
  TrustedClock clock = Make();
  Pass(absl::Hours(5));
  wall_.Advance(-absl::Hours(2));
  EXPECT_EQ(clock.Now(), start_ + absl::Hours(5));
  Pass(absl::Seconds(7));
  EXPECT_EQ(clock.Now(), start_ + absl::Hours(5) + absl::Seconds(7));
  EXPECT_EQ(clock.Settled(), wall_.Now());
  wall_.Set(absl::UnixEpoch());
  EXPECT_EQ(clock.Now(), start_ + absl::Hours(5) + absl::Seconds(7));
}

TEST_F(TrustedClockTest, NeverGoesBackHoweverOftenTheWallClockIsSet) {
  TrustedClock clock = Make();
  absl::Time before = clock.Now();
  for (int i = 0; i < 600; ++i) {
    Pass(absl::Milliseconds(100));
    wall_.Advance(i % 2 == 0 ? absl::Seconds(50) : -absl::Seconds(50));
    if (i % 10 == 0) clock.Observe();
    const absl::Time now = clock.Now();
    EXPECT_GE(now, before);
    before = now;
  }
  // The steps do not add up.
  EXPECT_EQ(clock.Mark(), start_ + absl::Seconds(60) + absl::Seconds(50));
}

TEST_F(TrustedClockTest, BeginsWhereAnEarlierProcessEnded) {
  TrustedClock clock = Make(start_ + absl::Hours(1));
  EXPECT_EQ(clock.Now(), start_ + absl::Hours(1));
  Pass(absl::Minutes(1));
  EXPECT_EQ(clock.Now(), start_ + absl::Hours(1) + absl::Minutes(1));
  // The wall clock is right again.
  wall_.Advance(absl::Hours(2));
  EXPECT_EQ(clock.Now(), wall_.Now());
}

TEST_F(TrustedClockTest, TakesOverAMinuteAtOnce) {
  TrustedClock clock = Make();
  wall_.Advance(absl::Seconds(60));
  EXPECT_EQ(clock.Now(), start_ + absl::Seconds(60));
  EXPECT_EQ(clock.Mark(), start_ + absl::Seconds(60));
  wall_.Advance(absl::Microseconds(1));
  EXPECT_EQ(clock.Now(), start_ + absl::Seconds(60) + absl::Microseconds(1));
  EXPECT_EQ(clock.Mark(), start_ + absl::Seconds(60));
}

// A year from now everything has expired; when the clock is right again nothing
// has.
TEST_F(TrustedClockTest, AWrongYearIsJudgedByWhileItStandsAndNotKept) {
  TrustedClock clock = Make();
  wall_.Advance(kYear);
  EXPECT_EQ(clock.Now(), start_ + kYear);
  EXPECT_EQ(clock.Mark(), start_);
  EXPECT_EQ(clock.Settled(), start_);
  EXPECT_EQ(PassWatched(clock, absl::Minutes(59)), absl::ZeroDuration());
  EXPECT_EQ(clock.Mark(), start_ + absl::Minutes(59));
  wall_.Advance(-kYear);
  EXPECT_EQ(clock.Now(), start_ + absl::Minutes(59));
  // Nor does it count for one that comes later.
  PassWatched(clock, absl::Seconds(5));
  wall_.Advance(kYear);
  EXPECT_EQ(PassWatched(clock, absl::Minutes(59)), absl::ZeroDuration());
}

TEST_F(TrustedClockTest, AStepThatLastsAnHourIsTakenOver) {
  TrustedClock clock = Make();
  wall_.Advance(kYear);
  EXPECT_EQ(PassWatched(clock, absl::Hours(1) + absl::Seconds(5)), kYear);
  EXPECT_EQ(clock.Mark(), wall_.Now());
  // From there as from a start.
  wall_.Advance(absl::Seconds(60));
  EXPECT_EQ(clock.Mark(), wall_.Now());
  wall_.Advance(-kYear);
  EXPECT_EQ(clock.Now(), wall_.Now() + kYear);
}

TEST_F(TrustedClockTest, OfAStepThatChangesWhatLastedCounts) {
  TrustedClock clock = Make();
  wall_.Advance(2 * kYear);
  PassWatched(clock, absl::Minutes(20));
  wall_.Advance(-kYear);
  PassWatched(clock, absl::Minutes(20));
  wall_.Advance(kYear);
  EXPECT_EQ(PassWatched(clock, absl::Minutes(21)), kYear);
}

TEST_F(TrustedClockTest, TimeThatNobodyWatchedIsNoProof) {
  TrustedClock clock = Make();
  wall_.Advance(kYear);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(clock.Observe().taken_over, absl::ZeroDuration());
    Pass(absl::Hours(12));  // The machine slept.
  }
}

TEST_F(TrustedClockTest, TellsOfEachJumpOnce) {
  TrustedClock clock = Make();
  const auto jump = [&] {
    const absl::Duration first = clock.Observe().jump;
    EXPECT_EQ(clock.Observe().jump, absl::ZeroDuration());
    return first;
  };
  Pass(absl::Hours(1));
  EXPECT_EQ(jump(), absl::ZeroDuration());
  wall_.Advance(-absl::Seconds(1));
  EXPECT_EQ(jump(), absl::ZeroDuration());
  wall_.Advance(-absl::Milliseconds(1));
  EXPECT_EQ(jump(), -absl::Milliseconds(1001));
  wall_.Advance(absl::Seconds(60));
  EXPECT_EQ(jump(), absl::ZeroDuration());
  wall_.Advance(kYear);
  EXPECT_EQ(jump(), kYear + absl::Seconds(60));
  wall_.Advance(-kYear);
  EXPECT_EQ(jump(), -kYear);
}

// As somebody who can write to the database may set it.
TEST_F(TrustedClockTest, NoMarkMakesATimeThatCannotBeRecorded) {
  TrustedClock clock = Make(MaxTimestamp());
  Pass(50 * kYear);
  EXPECT_LT(clock.Now(), MaxTimestamp());
  EXPECT_EQ(clock.Settled(), wall_.Now());

  TrustedClock early = Make(MinTimestamp());
  EXPECT_EQ(early.Now(), wall_.Now());
  EXPECT_EQ(PassWatched(early, absl::Hours(2)),
            start_ + 50 * kYear - MinTimestamp());
}

// Threads that hand on what they have read, while the wall clock is set to and
// fro by what the mark follows.
TEST_F(TrustedClockTest, NeverGoesBackBetweenThreads) {
  const SystemMonotonicClock monotonic;
  TrustedClock clock(&wall_, &monotonic, std::nullopt);
  std::atomic<int64_t> latest = absl::ToUnixMicros(clock.Now());
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  readers.reserve(3);
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 20'000; ++round) {
        const int64_t before = latest;
        const int64_t now = absl::ToUnixMicros(clock.Now());
        ASSERT_GE(now, before);
        latest = std::max(before, now);
      }
    });
  }
  std::thread setter([&] {
    while (!stop) {
      wall_.Set(start_ + absl::Seconds(30));
      clock.Observe();
      wall_.Set(start_ - absl::Hours(1));
    }
  });
  for (std::thread& reader : readers) reader.join();
  stop = true;
  setter.join();
}

TEST(SystemMonotonicClockTest, GoesForward) {
  const SystemMonotonicClock clock;
  absl::Duration before = clock.Elapsed();
  EXPECT_GT(before, absl::ZeroDuration());
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration now = clock.Elapsed();
    EXPECT_GE(now, before);
    before = now;
  }
}

}  // namespace
}  // namespace signet
