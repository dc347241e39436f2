// SPDX-License-Identifier: Apache-2.0
#include "base/steady_event.h"

#include <chrono>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

constexpr absl::Duration kMoment = absl::Milliseconds(20);

TEST(SteadyEventTest, EndsAtItsTime) {
  SteadyEvent event;
  const SteadyEvent::Moment end = SteadyEvent::In(kMoment);
  EXPECT_FALSE(event.AwaitUntil(end));
  EXPECT_GE(std::chrono::steady_clock::now(), end);
}

TEST(SteadyEventTest, WhatCameBeforeCountsOnce) {
  SteadyEvent event;
  event.Set();
  event.Set();
  EXPECT_TRUE(event.AwaitUntil(SteadyEvent::In(absl::InfiniteDuration())));
  EXPECT_FALSE(event.AwaitUntil(SteadyEvent::In(kMoment)));
}

TEST(SteadyEventTest, WhatIsSetAlreadyCountsWhereNoTimeIsLeft) {
  SteadyEvent event;
  event.Set();
  EXPECT_TRUE(event.AwaitUntil({}));
}

TEST(SteadyEventTest, WakesWhoWaits) {
  SteadyEvent event;
  std::thread waiter([&] {
    EXPECT_TRUE(event.AwaitUntil(SteadyEvent::In(absl::InfiniteDuration())));
  });
  absl::SleepFor(kMoment);
  event.Set();
  waiter.join();
}

}  // namespace
}  // namespace signet
