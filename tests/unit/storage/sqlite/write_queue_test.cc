// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/write_queue.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace signet {
namespace {

using PushResult = WriteQueue::PushResult;

// A write that can be told from others by what its `done` does.
PendingWrite Numbered(int number, int* out) {
  return {.body = nullptr,
          .done = [number, out](absl::Status) { *out = number; },
          .expired = nullptr};
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
  PushResult Push(int number) {
    PendingWrite write = Numbered(number, &out_);
    return queue_.Push(write);
  }
  std::vector<int> Take(size_t limit) {
    std::vector<PendingWrite> group;
    EXPECT_TRUE(queue_.Take(limit, group));
    return NumbersOf(group, out_);
  }

  int out_ = 0;
  WriteQueue queue_{/*capacity=*/3};
};

TEST_F(WriteQueueTest, FirstComeFirstServed) {
  EXPECT_EQ(Push(1), PushResult::kAccepted);
  EXPECT_EQ(Push(2), PushResult::kAccepted);
  EXPECT_EQ(Push(3), PushResult::kAccepted);
  EXPECT_EQ(Take(2), (std::vector<int>{1, 2}));
  EXPECT_EQ(Take(2), (std::vector<int>{3}));
}

TEST_F(WriteQueueTest, WhatIsRefusedStaysWithTheCaller) {
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(Push(i), PushResult::kAccepted);
  PendingWrite fourth = Numbered(4, &out_);
  EXPECT_EQ(queue_.Push(fourth), PushResult::kFull);
  std::move(fourth.done)(absl::OkStatus());
  EXPECT_EQ(out_, 4);
  EXPECT_EQ(Take(1), (std::vector<int>{1}));
  EXPECT_EQ(Push(5), PushResult::kAccepted);
}

TEST_F(WriteQueueTest, ClosedItGivesOutWhatItHasAndNoMore) {
  EXPECT_EQ(Push(1), PushResult::kAccepted);
  queue_.Close();
  EXPECT_EQ(Push(2), PushResult::kClosed);
  EXPECT_EQ(Take(2), (std::vector<int>{1}));
  std::vector<PendingWrite> group;
  EXPECT_FALSE(queue_.Take(2, group));
  EXPECT_FALSE(queue_.Take(2, group));
}

TEST_F(WriteQueueTest, TakeWaitsForWrites) {
  std::vector<int> taken;
  std::thread taker([&] { taken = Take(2); });
  EXPECT_EQ(Push(1), PushResult::kAccepted);
  taker.join();
  EXPECT_EQ(taken, (std::vector<int>{1}));
}

TEST_F(WriteQueueTest, TakeWaitsForClosing) {
  std::vector<PendingWrite> group;
  std::thread taker([&] { EXPECT_FALSE(queue_.Take(2, group)); });
  queue_.Close();
  taker.join();
}

}  // namespace
}  // namespace signet
