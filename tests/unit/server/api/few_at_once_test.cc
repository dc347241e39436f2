// SPDX-License-Identifier: Apache-2.0
#include "server/api/few_at_once.h"

#include <atomic>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::api {
namespace {

using testing::ElementsAre;

TEST(FewAtOnceTest, BeginsNoMoreThanThatUntilOneIsOver) {
  std::vector<int> begun;
  std::vector<FewAtOnce::Over> under_way;
  FewAtOnce::Run(5, 2, [&](int number, FewAtOnce::Over over) {
    begun.push_back(number);
    under_way.push_back(std::move(over));
  });
  EXPECT_THAT(begun, ElementsAre(0, 1));
  for (size_t i = 0; i < 5; ++i) {
    ASSERT_GT(under_way.size(), i);
    FewAtOnce::Over over = std::move(under_way[i]);
    over();
  }
  EXPECT_THAT(begun, ElementsAre(0, 1, 2, 3, 4));
}

TEST(FewAtOnceTest, WhatIsOverAtOnceDoesNotPileUp) {
  int steps = 0;
  FewAtOnce::Run(1'000'000, 3, [&](int, FewAtOnce::Over over) {
    ++steps;
    over();
  });
  EXPECT_EQ(steps, 1'000'000);
}

TEST(FewAtOnceTest, NothingToDoIsDone) {
  FewAtOnce::Run(0, 3, [](int, FewAtOnce::Over) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace signet::api
