// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/time_column.h"

#include <algorithm>
#include <vector>

#include "absl/time/time.h"
#include "base/rfc3339.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet::sqlite {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::Optional;

std::vector<absl::Time> RisingTimes() {
  const absl::Duration tick = absl::Nanoseconds(1);
  return {
      MinTimestamp(),
      MinTimestamp() + tick,
      MinTimestamp() + absl::Seconds(1) - tick,
      MinTimestamp() + absl::Seconds(1),
      absl::UnixEpoch() - absl::Seconds(1),
      absl::UnixEpoch() - tick,
      absl::UnixEpoch(),
      absl::UnixEpoch() + tick,
      absl::FromUnixSeconds(int64_t{1} << 32),
      absl::FromUnixNanos(INT64_MAX),
      absl::FromUnixNanos(INT64_MAX) + tick,
      MaxTimestamp() - tick,
      MaxTimestamp(),
  };
}

TEST(TimeColumn, KeepsTimesExactly) {
  for (absl::Time time : RisingTimes()) {
    EXPECT_THAT(DecodeTime(EncodeTime(time)), Optional(Eq(time)));
  }
}

TEST(TimeColumn, SortsAsTimeDoes) {
  const std::vector<absl::Time> times = RisingTimes();
  for (size_t i = 1; i < times.size(); ++i) {
    EXPECT_LT(EncodeTime(times[i - 1]), EncodeTime(times[i])) << times[i];
  }
}

TEST(TimeColumn, StaysAsItIsInDatabasesThatExist) {
  EXPECT_THAT(EncodeTime(MinTimestamp()),
              ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(EncodeTime(absl::UnixEpoch() + absl::Nanoseconds(258)),
              ElementsAre(0x0e, 0x77, 0x91, 0xf7, 0x00, 0, 0, 1, 2));
  EXPECT_THAT(
      EncodeTime(MaxTimestamp()),
      ElementsAre(0x49, 0x77, 0x86, 0x38, 0x7f, 0x3b, 0x9a, 0xc9, 0xff));
}

TEST(TimeColumn, CutsWhatIsFinerThanANanosecond) {
  const absl::Time time = absl::UnixEpoch() + absl::Nanoseconds(7);
  EXPECT_EQ(EncodeTime(time + absl::Nanoseconds(1) / 2), EncodeTime(time));
}

TEST(TimeColumn, RefusesWhatItDoesNotMake) {
  TimeColumn column = EncodeTime(MaxTimestamp());
  EXPECT_EQ(DecodeTime({}), std::nullopt);
  EXPECT_EQ(DecodeTime(std::span(column).first(8)), std::nullopt);
  EXPECT_EQ(DecodeTime(std::vector<uint8_t>(10)), std::nullopt);
  ++column[4];  // Year 10000.
  EXPECT_EQ(DecodeTime(column), std::nullopt);
  column = EncodeTime(MinTimestamp());
  column[5] = 0x3c;  // More than a second of nanoseconds.
  EXPECT_EQ(DecodeTime(column), std::nullopt);
}

// Of bounds and times in columns that are close to each other.
TEST(EncodeTimeBound, ComparesWithColumnsAsTheTimesDo) {
  const absl::Duration quarter = absl::Nanoseconds(1) / 4;
  for (const absl::Time base :
       {MinTimestamp(), absl::UnixEpoch(), SampleTime(), MaxTimestamp()}) {
    for (int step = -9; step <= 9; ++step) {
      const absl::Time time = base + step * quarter;
      const std::vector<uint8_t> bound = EncodeTimeBound(time);
      for (int tick = -2; tick <= 2; ++tick) {
        const absl::Time kept = base + absl::Nanoseconds(tick);
        if (kept < MinTimestamp() || kept > MaxTimestamp()) continue;
        const TimeColumn column = EncodeTime(kept);
        EXPECT_EQ(std::lexicographical_compare(column.begin(), column.end(),
                                               bound.begin(), bound.end()),
                  kept < time)
            << kept << " < " << time;
      }
    }
  }
  const TimeColumn last = EncodeTime(MaxTimestamp());
  EXPECT_LT(std::vector<uint8_t>(last.begin(), last.end()),
            EncodeTimeBound(absl::InfiniteFuture()));
  EXPECT_TRUE(EncodeTimeBound(absl::InfinitePast()).empty());
}

}  // namespace
}  // namespace signet::sqlite
