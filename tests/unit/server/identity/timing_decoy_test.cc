// SPDX-License-Identifier: Apache-2.0
#include "server/identity/timing_decoy.h"

#include "gtest/gtest.h"

namespace signet::identity {
namespace {

TEST(TimingDecoy, KeepsTheFirstOfferUntilItIsForgotten) {
  TimingDecoy decoy;
  EXPECT_EQ(decoy.Get(), "");
  decoy.Offer("a");
  decoy.Offer("b");
  EXPECT_EQ(decoy.Get(), "a");
  decoy.Forget("b");
  EXPECT_EQ(decoy.Get(), "a");
  decoy.Forget("a");
  EXPECT_EQ(decoy.Get(), "");
  decoy.Offer("b");
  EXPECT_EQ(decoy.Get(), "b");
}

}  // namespace
}  // namespace signet::identity
