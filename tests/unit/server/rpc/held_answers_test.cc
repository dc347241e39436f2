// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/held_answers.h"

#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet::rpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HeldAnswersTest, AnAnswerIsGivenOnceItsTimeIsUp) {
  absl::Notification given;
  HeldAnswers held(absl::Milliseconds(1), 10);
  held.Hold([&given] { given.Notify(); });
  given.WaitForNotification();
}

TEST(HeldAnswersTest, BeyondTheLimitTheOneThatWaitedLongestIsGiven) {
  std::vector<int> given;
  HeldAnswers held(absl::Hours(1), 2);
  for (int number = 0; number < 2; ++number) {
    held.Hold([&given, number] { given.push_back(number); });
  }
  EXPECT_THAT(given, IsEmpty());
  for (int number = 2; number < 4; ++number) {
    held.Hold([&given, number] { given.push_back(number); });
  }
  EXPECT_THAT(given, ElementsAre(0, 1));
}

TEST(HeldAnswersTest, AllAreGivenAtTheEnd) {
  std::vector<int> given;
  {
    HeldAnswers held(absl::Hours(1), 10);
    for (int number = 0; number < 3; ++number) {
      held.Hold([&given, number] { given.push_back(number); });
    }
  }
  EXPECT_THAT(given, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace signet::rpc
