// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/write_queue.h"

#include <optional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet::sqlite {
namespace {

using PushResult = WriteQueue::PushResult;

// A write that can be told from others by what its `done` does.
PendingWrite Numbered(int number, int* out, const WorkFor& work_for = {}) {
  return {.body = nullptr,
          .done = [number, out](absl::Status) { *out = number; },
          .expired = nullptr,
          .work_for = work_for};
}

std::vector<int> NumbersOf(std::vector<PendingWrite>& group, int& out) {
  std::vector<int> numbers;
  for (PendingWrite& write : group) {
    std::move(write.done)(absl::OkStatus());
    numbers.push_back(out);
  }
  group.clear();
  return numbers;
}

class WriteQueueTest : public testing::Test {
 protected:
  PushResult Push(int number, const WorkFor& work_for = {}) {
    PendingWrite write = Numbered(number, &out_, work_for);
    std::optional<PendingWrite> pushed_out;
    return queue_.Push(write, pushed_out);
  }
  // A group of at most so many.
  std::vector<int> Take(size_t limit) {
    std::vector<PendingWrite> group;
    EXPECT_TRUE(queue_.Take(group));
    WriteGathering gathering(queue_, group, limit);
    while (gathering.More()) {
    }
    return NumbersOf(group, out_);
  }

  int out_ = 0;
  WriteQueue queue_{/*capacity=*/12};
};

TEST_F(WriteQueueTest, FirstComeFirstServed) {
  EXPECT_EQ(Push(1), PushResult::kAccepted);
  EXPECT_EQ(Push(2), PushResult::kAccepted);
  EXPECT_EQ(Push(3), PushResult::kAccepted);
  EXPECT_EQ(Take(2), (std::vector<int>{1, 2}));
  EXPECT_EQ(Take(2), (std::vector<int>{3}));
}

TEST_F(WriteQueueTest, WhatIsRefusedStaysWithTheCaller) {
  for (int i = 1; i <= 12; ++i) EXPECT_EQ(Push(i), PushResult::kAccepted);
  PendingWrite next = Numbered(13, &out_);
  std::optional<PendingWrite> pushed_out;
  EXPECT_EQ(queue_.Push(next, pushed_out), PushResult::kFull);
  std::move(next.done)(absl::OkStatus());
  EXPECT_EQ(out_, 13);
  EXPECT_EQ(Take(1), (std::vector<int>{1}));
  EXPECT_EQ(Push(14), PushResult::kAccepted);
}

TEST_F(WriteQueueTest, ClosedItGivesOutWhatItHasAndNoMore) {
  EXPECT_EQ(Push(1), PushResult::kAccepted);
  queue_.Close();
  EXPECT_EQ(Push(2), PushResult::kClosed);
  EXPECT_EQ(Take(2), (std::vector<int>{1}));
  std::vector<PendingWrite> group;
  EXPECT_FALSE(queue_.Take(group));
  EXPECT_FALSE(queue_.Take(group));
}

TEST_F(WriteQueueTest, TakeWaitsForWrites) {
  std::vector<int> taken;
  std::thread taker([&] { taken = Take(2); });
  EXPECT_EQ(Push(1), PushResult::kAccepted);
  taker.join();
  EXPECT_EQ(taken, (std::vector<int>{1}));
}

const WorkFor kGreedy = {.tenant_id = SampleId(1),
                         .principal_id = SampleId(11)};
const WorkFor kGreedyToo = {.tenant_id = SampleId(1),
                            .principal_id = SampleId(12)};
const WorkFor kModest = {.tenant_id = SampleId(2),
                         .principal_id = SampleId(21)};

TEST_F(WriteQueueTest, WhoHasMostMakesRoomForWhoHasNothing) {
  // Four tenants with three each: a principal may have no more.
  for (uint32_t tenant = 1; tenant <= 4; ++tenant) {
    for (uint32_t i = 1; i <= 3; ++i) {
      EXPECT_EQ(
          Push(static_cast<int>(10 * tenant + i),
               {.tenant_id = SampleId(tenant), .principal_id = SampleId(9)}),
          PushResult::kAccepted);
    }
  }
  PendingWrite late = Numbered(
      99, &out_, {.tenant_id = SampleId(5), .principal_id = SampleId(9)});
  std::optional<PendingWrite> pushed_out;
  EXPECT_EQ(queue_.Push(late, pushed_out), PushResult::kAccepted);
  ASSERT_TRUE(pushed_out.has_value());
  std::move(pushed_out->done)(absl::OkStatus());
  EXPECT_EQ(out_, 43) << "its newest";
  EXPECT_EQ(Take(5), (std::vector<int>{11, 21, 31, 41, 99}));
}

TEST_F(WriteQueueTest, RevocationsHavePlacesOfTheirOwn) {
  const auto revoke = [&](const WorkFor& work_for) {
    PendingWrite write = Numbered(1, &out_, work_for);
    write.revocation = true;
    std::optional<PendingWrite> pushed_out;
    const PushResult result = queue_.Push(write, pushed_out);
    EXPECT_FALSE(pushed_out.has_value());
    return result;
  };
  for (int i = 0; i < 12; ++i) EXPECT_EQ(Push(i), PushResult::kAccepted);
  EXPECT_EQ(Push(12, kModest), PushResult::kFull);
  for (const uint32_t tenant : {2, 3, 4}) {
    EXPECT_EQ(
        revoke({.tenant_id = SampleId(tenant), .principal_id = SampleId(9)}),
        PushResult::kAccepted);
  }
  EXPECT_EQ(revoke({.tenant_id = SampleId(5), .principal_id = SampleId(9)}),
            PushResult::kFull)
      << "a quarter more";
}

TEST_F(WriteQueueTest, TenantsTakeTurns) {
  for (int i = 1; i <= 3; ++i) Push(i, kGreedy);
  Push(10, kModest);
  EXPECT_EQ(Take(2), (std::vector<int>{1, 10}));
  EXPECT_EQ(Take(2), (std::vector<int>{2, 3}));
}

TEST_F(WriteQueueTest, OneTenantDoesNotFillIt) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Push(i, kGreedy), PushResult::kAccepted);
  }
  EXPECT_EQ(Push(9, kGreedy), PushResult::kFull);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Push(i, kGreedyToo), PushResult::kAccepted);
  }
  EXPECT_EQ(Push(9, kGreedyToo), PushResult::kFull);
  EXPECT_EQ(Push(9, kModest), PushResult::kAccepted);
}

// Most of what is after a commit is to tell of it.
TEST_F(WriteQueueTest, WhoJoinedLateIsToldInTurn) {
  for (int i = 1; i <= 3; ++i) Push(i, kGreedy);
  std::vector<PendingWrite> group;
  ASSERT_TRUE(queue_.Take(group));
  WriteGathering gathering(queue_, group, /*limit=*/10);
  EXPECT_TRUE(gathering.More());
  EXPECT_TRUE(gathering.More());
  Push(10, kModest);
  EXPECT_TRUE(gathering.More());
  std::vector<int> told;
  gathering.ForEachInTurn([&](PendingWrite& write) {
    std::move(write.done)(absl::OkStatus());
    told.push_back(out_);
  });
  EXPECT_EQ(told, (std::vector<int>{1, 10, 2, 3}));
}

TEST_F(WriteQueueTest, TakeWaitsForClosing) {
  std::vector<PendingWrite> group;
  std::thread taker([&] { EXPECT_FALSE(queue_.Take(group)); });
  queue_.Close();
  taker.join();
}

}  // namespace
}  // namespace signet::sqlite
