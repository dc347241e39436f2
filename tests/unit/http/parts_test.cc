// SPDX-License-Identifier: Apache-2.0
//
// The small parts that connections are made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http/budget.h"
#include "http/call_table.h"
#include "http/completion_queue.h"
#include "http/flood_guard.h"
#include "http/options.h"
#include "http/output.h"
#include "http/quota.h"
#include "http/response_head.h"
#include "tests/support/status_matchers.h"

namespace signet::http {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(BudgetTest, LeasesShareIt) {
  Budget budget(10);
  Budget::Lease first(&budget);
  EXPECT_TRUE(first.Grow(6));
  {
    Budget::Lease second(&budget);
    EXPECT_FALSE(second.Grow(5));
    EXPECT_TRUE(second.Grow(4));
    EXPECT_FALSE(first.Grow(1));
  }
  EXPECT_TRUE(first.Grow(4));
  first.Release();
  EXPECT_EQ(first.held(), 0u);
  EXPECT_TRUE(first.Grow(10));
}

TEST(QuotaTest, PlacesAreTakenAndLeft) {
  Quota quota(2);
  Quota::Ticket first = quota.Take();
  Quota::Ticket second = quota.Take();
  EXPECT_TRUE(first);
  EXPECT_TRUE(second);
  EXPECT_FALSE(quota.Take());
  const Quota::Ticket moved = std::move(first);
  EXPECT_FALSE(quota.Take());
  second = Quota::Ticket();
  EXPECT_TRUE(quota.Take());
}

TEST(CallTableTest, ACallIsTakenOnce) {
  CallTable table;
  const uint64_t first = table.Add({nullptr, 1, {}});
  const uint64_t second = table.Add({nullptr, 3, {}});
  EXPECT_EQ(table.Take(first)->stream, 1u);
  EXPECT_EQ(table.Take(first), std::nullopt);
  const uint64_t third = table.Add({nullptr, 5, {}});
  EXPECT_EQ(table.Take(first), std::nullopt);
  EXPECT_EQ(table.Take(second)->stream, 3u);
  EXPECT_EQ(table.Take(third)->stream, 5u);
}

TEST(FloodGuardTest, RunsDryAndRecovers) {
  MonotonicTime now{seconds(1000)};
  FloodGuard guard(now);
  int resets = 0;
  while (guard.Spend(FloodGuard::kReset, now)) ++resets;
  EXPECT_EQ(resets, 200);
  EXPECT_TRUE(FloodGuard(now).Spend(FloodGuard::kIdleFrame, now));
  now += seconds(1);
  EXPECT_TRUE(guard.Spend(FloodGuard::kReset, now));
}

TEST(FloodGuardTest, AnswersPayForTheirWindowUpdates) {
  const MonotonicTime now{seconds(1000)};
  FloodGuard guard(now);
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(guard.Spend(FloodGuard::kIdleFrame, now));
    ASSERT_TRUE(guard.Spend(FloodGuard::kIdleFrame, now));
    guard.Earn(FloodGuard::kAnswer);
  }
}

TEST(FloodGuardTest, CreditDoesNotPileUp) {
  MonotonicTime now{seconds(1000)};
  FloodGuard guard(now);
  now += seconds(100'000);
  guard.Earn(1'000'000);
  int frames = 0;
  while (guard.Spend(FloodGuard::kIdleFrame, now)) ++frames;
  EXPECT_EQ(frames, 1000);
}

TEST(CompletionQueueTest, OneWakeForManyLetters) {
  int wakes = 0;
  boost::intrusive_ptr<CompletionQueue> queue(
      new CompletionQueue([&wakes] { ++wakes; }));
  std::vector<Completion> completions;
  queue->Put({1, {}});
  queue->Put({2, {}});
  EXPECT_EQ(wakes, 1);
  queue->Collect(completions);
  EXPECT_THAT(completions, SizeIs(2));
  completions.clear();
  queue->Awake();
  queue->Put({3, {}});
  EXPECT_EQ(wakes, 1);  // Whoever is awake looks without being told.
  queue->Collect(completions);
  EXPECT_THAT(completions, SizeIs(1));
  queue->Put({4, {}});
  EXPECT_EQ(wakes, 2);
}

TEST(CompletionQueueTest, ClosedMailboxDropsLetters) {
  int wakes = 0;
  boost::intrusive_ptr<CompletionQueue> queue(
      new CompletionQueue([&wakes] { ++wakes; }));
  queue->Close();
  Responder responder(queue, 7);
  std::thread([responder = std::move(responder)]() mutable {
    std::move(responder)(Response());
  }).join();
  std::vector<Completion> completions;
  queue->Collect(completions);
  EXPECT_THAT(completions, IsEmpty());
  EXPECT_EQ(wakes, 0);
}

TEST(OutputTest, SensitiveBytesAreWipedInPlace) {
  Output out;
  out.Append("head ");
  out.AppendSensitive("token");
  const std::string_view bytes = out.bytes();
  EXPECT_EQ(bytes, "head token");
  out.Clear();
  EXPECT_EQ(bytes, std::string(10, '\0'));  // The buffer itself lives on.
  EXPECT_FALSE(out.sensitive());
}

TEST(OutputTest, GrowsWithWhatItHolds) {
  Output out;
  const std::string large(300'000, 'x');
  out.AppendSensitive("token");
  out.Append(large);
  EXPECT_EQ(out.bytes(), "token" + large);
  EXPECT_EQ(out.room(), 0u);
}

TEST(DateCacheTest, FollowsTheClock) {
  DateCache date;
  const absl::Time time = absl::FromUnixSeconds(784111777);
  EXPECT_EQ(date.At(time), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.At(time + absl::Milliseconds(999)),
            "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.At(time + absl::Seconds(1)), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(HttpServerOptionsTest, DefaultsAreValid) {
  EXPECT_THAT(ServerOptions().Validate(), IsOk());
}

TEST(HttpServerOptionsTest, MistakesAreNamed) {
  ServerOptions options;
  options.max_connections = -1;
  const absl::Status status = options.Validate();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_connections"));
  options = {};
  options.idle_timeout = absl::ZeroDuration();
  EXPECT_THAT(std::string(options.Validate().message()),
              HasSubstr("idle_timeout: got 0, want"));
}

}  // namespace
}  // namespace signet::http
