// SPDX-License-Identifier: Apache-2.0
#include "client/reconnect_delay.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"

namespace signet::client {
namespace {

const absl::Status kLost = absl::UnavailableError("lost");

TEST(ReconnectDelayTest, DoublesUpToItsBoundAndHalfIsChance) {
  SeededRandom random;
  ReconnectDelay delay(&random);
  absl::Duration step = ReconnectDelay::kFirst;
  std::set<absl::Duration> at_the_bound;
  for (int i = 0; i < 20; ++i) {
    const absl::Duration wait = delay.After(kLost);
    EXPECT_GE(wait, step / 2);
    EXPECT_LE(wait, step);
    if (step == ReconnectDelay::kLongest) at_the_bound.insert(wait);
    step = std::min(2 * step, ReconnectDelay::kLongest);
  }
  EXPECT_GT(at_the_bound.size(), 10u);
}

TEST(ReconnectDelayTest, SuccessStartsAnew) {
  SeededRandom random;
  ReconnectDelay delay(&random);
  for (int i = 0; i < 10; ++i) delay.After(kLost);
  delay.Succeeded();
  EXPECT_LE(delay.After(kLost), ReconnectDelay::kFirst);
}

TEST(ReconnectDelayTest, RefusalsWaitLong) {
  SeededRandom random;
  ReconnectDelay delay(&random);
  EXPECT_GE(delay.After(absl::PermissionDeniedError("no")),
            ReconnectDelay::kRefused / 2);
  EXPECT_LE(delay.After(kLost), ReconnectDelay::kFirst);
}

TEST(ReconnectDelayTest, DoesWhatTheServerAsksFor) {
  SeededRandom random;
  ReconnectDelay delay(&random);
  EXPECT_EQ(delay.After(
                MakeError(absl::StatusCode::kResourceExhausted, "full",
                          {.reason = "FULL", .retry_after = absl::Seconds(9)})),
            absl::Seconds(9));
  // But not for ever.
  EXPECT_EQ(delay.After(MakeError(
                absl::StatusCode::kResourceExhausted, "full",
                {.reason = "FULL", .retry_after = absl::Hours(24 * 365)})),
            ReconnectDelay::kRefused);
}

}  // namespace
}  // namespace signet::client
