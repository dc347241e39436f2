// SPDX-License-Identifier: Apache-2.0
#include "base/fair_queue.h"

#include <memory>
#include <string>
#include <vector>

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
