// SPDX-License-Identifier: Apache-2.0
#include "server/descriptors.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::server {
namespace {

TEST(ConnectionsWithin, AllWhereThereIsRoom) {
  EXPECT_EQ(*ConnectionsWithin(1048576, 10000, 2), 10000);
  EXPECT_EQ(*ConnectionsWithin(1048576, 10000, 256), 10000);
  EXPECT_EQ(*ConnectionsWithin(~uint64_t{0}, 1 << 20, 2), 1 << 20);
}

TEST(ConnectionsWithin, HalfOfTheRestWhereThereIsNot) {
  EXPECT_EQ(*ConnectionsWithin(4096, 10000, 2), 1960);
  EXPECT_EQ(*ConnectionsWithin(256, 10000, 2), 40);
  EXPECT_EQ(*ConnectionsWithin(256, 10, 2), 10);
}

TEST(ConnectionsWithin, RefusesWhereNothingFits) {
  EXPECT_EQ(*ConnectionsWithin(240, 1, 2), 1);
  for (const uint64_t descriptors : {0, 64, 239}) {
    const absl::Status status = ConnectionsWithin(descriptors, 1, 2).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
    EXPECT_THAT(std::string(status.message()),
                testing::HasSubstr("want at least 240"));
  }
  EXPECT_FALSE(ConnectionsWithin(256, 1, 64).ok());
}

}  // namespace
}  // namespace signet::server
