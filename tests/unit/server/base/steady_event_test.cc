// SPDX-License-Identifier: Apache-2.0
#include "server/base/steady_event.h"

#include <chrono>
#include <thread>

#include "gtest/gtest.h"

namespace signet {
namespace {

SteadyEvent::Moment In(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

constexpr std::chrono::hours kAnyTime(1);
constexpr std::chrono::milliseconds kMoment(20);

TEST(SteadyEventTest, EndsAtItsTime) {
  SteadyEvent event;
  const SteadyEvent::Moment end = In(kMoment);
  EXPECT_FALSE(event.AwaitUntil(end));
  EXPECT_GE(std::chrono::steady_clock::now(), end);
}

TEST(SteadyEventTest, WhatCameBeforeCountsOnce) {
  SteadyEvent event;
  event.Set();
  event.Set();
  EXPECT_TRUE(event.AwaitUntil(In(kAnyTime)));
  EXPECT_FALSE(event.AwaitUntil(In(kMoment)));
}

TEST(SteadyEventTest, WhatIsSetAlreadyCountsWhereNoTimeIsLeft) {
  SteadyEvent event;
  event.Set();
  EXPECT_TRUE(event.AwaitUntil({}));
}

TEST(SteadyEventTest, WakesWhoWaits) {
  SteadyEvent event;
  std::thread waiter([&] { EXPECT_TRUE(event.AwaitUntil(In(kAnyTime))); });
  std::this_thread::sleep_for(kMoment);
  event.Set();
  waiter.join();
}

}  // namespace
}  // namespace signet
