// SPDX-License-Identifier: Apache-2.0
#include "base/fair_queue.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace signet {
namespace {

using testing::ElementsAre;

Uuid Numbered(uint8_t number) { return Uuid(Uuid::Bytes{number}); }

WorkFor Of(uint8_t tenant, uint8_t principal) {
  return {.tenant_id = Numbered(tenant), .principal_id = Numbered(principal)};
}

class FairQueueTest : public testing::Test {
 protected:
  bool Push(const WorkFor& work_for, std::string name) {
    return queue_.Push(work_for, name);
  }
  std::vector<std::string> PopAll() {
    std::vector<std::string> names;
    while (!queue_.empty()) names.push_back(queue_.Pop());
    return names;
  }

  FairQueue<std::string> queue_{
      {.total = 12, .of_one_tenant = 6, .of_one_principal = 4}};
};

TEST_F(FairQueueTest, OfOnePrincipalFirstComeFirstServed) {
  for (const char* name : {"1", "2", "3"}) EXPECT_TRUE(Push(Of(1, 11), name));
  EXPECT_THAT(PopAll(), ElementsAre("1", "2", "3"));
}

TEST_F(FairQueueTest, TenantsTakeTurnsWhateverTheyBring) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) Push(Of(1, 11), name);
  Push(Of(2, 21), "b1");
  Push(Of(3, 31), "c1");
  Push(Of(2, 21), "b2");
  EXPECT_THAT(PopAll(), ElementsAre("a1", "b1", "c1", "a2", "b2", "a3", "a4"));
}

TEST_F(FairQueueTest, SoDoThePrincipalsOfATenant) {
  for (const char* name : {"a1", "a2", "a3"}) Push(Of(1, 11), name);
  for (const char* name : {"b1", "b2"}) Push(Of(1, 12), name);
  Push(Of(2, 21), "other");
  // Two principals have no more turns than the tenant that they belong to.
  EXPECT_THAT(PopAll(), ElementsAre("a1", "other", "b1", "a2", "b2", "a3"));
}

TEST_F(FairQueueTest, WhoComesIsNextBehindThoseWhoWaitForTheirFirstTurn) {
  for (const char* name : {"a1", "a2", "a3"}) Push(Of(1, 11), name);
  EXPECT_EQ(queue_.Pop(), "a1");
  Push(Of(2, 21), "b1");
  EXPECT_EQ(queue_.Pop(), "a2");
  EXPECT_EQ(queue_.Pop(), "b1");
  EXPECT_EQ(queue_.Pop(), "a3");
}

TEST_F(FairQueueTest, APrincipalAndATenantAreBoundedAndHurtNobodyElse) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Push(Of(1, 11), "a"));
  std::string refused = "kept";
  EXPECT_FALSE(queue_.Push(Of(1, 11), refused));
  EXPECT_EQ(refused, "kept");
  EXPECT_TRUE(Push(Of(1, 12), "b"));
  EXPECT_TRUE(Push(Of(1, 12), "b"));
  EXPECT_FALSE(Push(Of(1, 12), "b")) << "the tenant has six";
  EXPECT_FALSE(Push(Of(1, 13), "c"));
  EXPECT_TRUE(Push(Of(2, 11), "d")) << "of another tenant";
  EXPECT_EQ(queue_.size(), 7u);
}

TEST_F(FairQueueTest, AllTogetherAreBounded) {
  for (uint32_t i = 0; i < 12; ++i) EXPECT_TRUE(Push(Of(i + 1, 99), "x"));
  EXPECT_FALSE(Push(Of(20, 99), "x"));
  queue_.Pop();
  EXPECT_TRUE(Push(Of(20, 99), "x"));
}

TEST_F(FairQueueTest, ForNobodyInParticularOnlyTheWholeIsBounded) {
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(Push({}, "x")) << i;
  EXPECT_FALSE(Push({}, "x"));
}

class PushOutTest : public FairQueueTest {
 protected:
  // Which one made room; empty: none did.
  std::string Crowd(const WorkFor& work_for, std::string name,
                    double extra = 0) {
    std::optional<std::string> pushed_out;
    const bool accepted = queue_.Push(work_for, name, &pushed_out, extra);
    if (!accepted) {
      EXPECT_FALSE(pushed_out.has_value());
    }
    return accepted ? pushed_out.value_or("") : "refused";
  }
};

TEST_F(PushOutTest, OfAFullQueueTheNewestOfTheTenantWithMost) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) Push(Of(1, 11), name);
  for (const char* name : {"a5", "a6"}) Push(Of(1, 12), name);
  for (const char* name : {"b1", "b2", "b3", "b4"}) Push(Of(2, 21), name);
  for (const char* name : {"b5", "b6"}) Push(Of(2, 22), name);
  EXPECT_EQ(Crowd(Of(3, 31), "c1"), "b4") << "of several the last in turn";
  EXPECT_EQ(Crowd(Of(3, 31), "c2"), "a4");
  EXPECT_EQ(Crowd(Of(3, 31), "c3"), "b3");
  EXPECT_EQ(queue_.size(), 12u);
  EXPECT_THAT(PopAll(), ElementsAre("a1", "b1", "c1", "a5", "b5", "c2", "a2",
                                    "b2", "c3", "a6", "b6", "a3"));
}

TEST_F(PushOutTest, NobodyMakesRoomForWhoWouldHaveAsMuch) {
  for (uint32_t i = 0; i < 12; ++i) Push(Of(i % 6 + 1, 99), "x");
  EXPECT_EQ(Crowd(Of(1, 99), "y"), "refused");
  EXPECT_EQ(Crowd(Of(20, 99), "y"), "x") << "two had one more than it would";
  EXPECT_EQ(Crowd(Of(20, 99), "z"), "refused");
}

// Many who have one each are crowded by nobody of their own kind, and as a
// tenant by another.
TEST_F(PushOutTest, ATenantOfManyMakesRoomAsOne) {
  for (uint32_t i = 0; i < 6; ++i) Push(Of(1, 11 + i), absl::StrCat("a", i));
  for (uint32_t i = 0; i < 6; ++i) Push(Of(2, 21 + i), absl::StrCat("b", i));
  EXPECT_EQ(Crowd(Of(1, 30), "late"), "refused");
  EXPECT_EQ(Crowd(Of(3, 31), "c"), "b5");
  EXPECT_EQ(Crowd(Of(2, 31), "again"), "refused") << "it is full";
  EXPECT_THAT(PopAll(), ElementsAre("a0", "b0", "c", "a1", "b1", "a2", "b2",
                                    "a3", "b3", "a4", "b4", "a5"));
}

TEST_F(PushOutTest, InAFullTenantTheNewestOfThePrincipalWithMost) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) Push(Of(1, 11), name);
  for (const char* name : {"b1", "b2"}) Push(Of(1, 12), name);
  EXPECT_EQ(Crowd(Of(1, 13), "c1"), "a4");
  EXPECT_EQ(Crowd(Of(1, 13), "c2"), "a3");
  EXPECT_EQ(Crowd(Of(1, 13), "c3"), "refused");
  EXPECT_THAT(PopAll(), ElementsAre("a1", "b1", "c1", "a2", "b2", "c2"));
}

TEST_F(PushOutTest, WhoHasAsMuchAsItMayIsRefused) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) Push(Of(1, 11), name);
  EXPECT_EQ(Crowd(Of(1, 11), "a5"), "refused");
}

TEST_F(PushOutTest, WhatIsForNobodyInParticularStays) {
  for (int i = 0; i < 12; ++i) Push({}, "x");
  EXPECT_EQ(Crowd(Of(1, 11), "y"), "refused");
}

TEST_F(PushOutTest, AShareMoreThanTheLimitsForWhatMustGetIn) {
  for (const char* name : {"a1", "a2", "a3", "a4"}) Push(Of(1, 11), name);
  for (const char* name : {"b1", "b2"}) Push(Of(1, 12), name);
  for (int i = 0; i < 6; ++i) Push({}, "x");
  EXPECT_EQ(Crowd(Of(1, 11), "a5", 0.25), "");
  EXPECT_EQ(Crowd(Of(1, 11), "a6", 0.25), "refused") << "a principal has five";
  EXPECT_EQ(Crowd(Of(2, 21), "c1", 0.25), "");
  EXPECT_EQ(Crowd(Of(3, 31), "d1", 0.25), "");
  EXPECT_EQ(queue_.size(), 15u);
  EXPECT_EQ(Crowd(Of(4, 41), "e1", 0.25), "a5");
}

TEST_F(FairQueueTest, RoomThatWasGivenBackIsThereAgain) {
  for (int round = 0; round < 100; ++round) {
    const uint32_t tenant = round % 7;
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(Push(Of(tenant + 1, round % 3 + 1), std::to_string(i)));
    }
    ASSERT_THAT(PopAll(), ElementsAre("0", "1", "2", "3"));
  }
}

TEST_F(FairQueueTest, KeepsNothingOfWhatWasTaken) {
  FairQueue<std::shared_ptr<int>> queue(
      {.total = 2, .of_one_tenant = 2, .of_one_principal = 2});
  auto work = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = work;
  EXPECT_TRUE(queue.Push(Of(1, 1), work));
  EXPECT_NE(queue.Pop(), nullptr);
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace signet
