// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/service_account_life.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;

TEST_F(ServiceAccountLife, RotationKeepsTheIdentityAndEndsTheOldToken) {
  const auto rotated = Rotate(world_.owner);
  ASSERT_THAT(rotated, IsOk());
  EXPECT_EQ(rotated->record.id, record().id);
  EXPECT_EQ(rotated->record.created_at, record().created_at);
  EXPECT_EQ(rotated->record.revision, 2u);
  EXPECT_NE(rotated->token.Expose(), issued_->token.Expose());
  EXPECT_TRUE(world_.keyring->Verify(rotated->record.token.key_version,
                                     rotated->token.Expose(),
                                     rotated->record.token.mac));
  EXPECT_FALSE(Authenticates(record().token.public_id));
  EXPECT_TRUE(Authenticates(rotated->record.token.public_id));
  EXPECT_EQ(Stored(record().id), rotated->record);
}

TEST_F(ServiceAccountLife, AnOverlapKeepsTheOldTokenForAsLong) {
  const auto rotated =
      Rotate(world_.owner, {.overlap = RawDuration{.seconds = 60}});
  ASSERT_THAT(rotated, IsOk());
  const std::string& old_token = record().token.public_id;
  const std::string& new_token = rotated->record.token.public_id;
  world_.clock.Advance(absl::Seconds(60) - absl::Nanoseconds(1000));
  EXPECT_TRUE(Authenticates(old_token));
  EXPECT_TRUE(Authenticates(new_token));
  world_.clock.Advance(absl::Nanoseconds(1000));
  EXPECT_FALSE(Authenticates(old_token));
  EXPECT_TRUE(Authenticates(new_token));
}

TEST_F(ServiceAccountLife, AnEarlierExpiryBoundsTheReplacedTokenToo) {
  ASSERT_THAT(Rotate(world_.owner, {.overlap = RawDuration{.seconds = 3600}}),
              IsOk());
  const std::string& old_token = record().token.public_id;
  const int64_t now = absl::ToUnixSeconds(world_.clock.Now());
  const auto expire = [&](int64_t seconds) {
    EXPECT_THAT(
        Update(world_.owner, {.set_expires_at = true,
                              .expires_at = RawTimestamp{now + seconds}}),
        IsOk());
  };
  expire(60);
  expire(7200);  // Does not bring it back.
  world_.clock.Advance(absl::Seconds(59));
  EXPECT_TRUE(Authenticates(old_token));
  world_.clock.Advance(absl::Seconds(2));
  EXPECT_FALSE(Authenticates(old_token));
}

TEST_F(ServiceAccountLife, AnOverlapEndsNoLaterThanTheNewToken) {
  const int64_t now = absl::ToUnixSeconds(world_.clock.Now());
  const auto rotated =
      Rotate(world_.owner, {.overlap = RawDuration{.seconds = 3600},
                            .expires_at = RawTimestamp{now + 60}});
  ASSERT_THAT(rotated, IsOk());
  EXPECT_TRUE(Authenticates(record().token.public_id));
  world_.clock.Advance(absl::Seconds(61));
  EXPECT_FALSE(Authenticates(rotated->record.token.public_id));
  EXPECT_FALSE(Authenticates(record().token.public_id));
}

// But for its overlap it ends when it would have.
TEST_F(ServiceAccountLife, ALaterExpiryLeavesTheReplacedTokenAsItIs) {
  const int64_t now = absl::ToUnixSeconds(world_.clock.Now());
  ASSERT_THAT(Update(world_.owner, {.set_expires_at = true,
                                    .expires_at = RawTimestamp{now + 60}}),
              IsOk());
  ASSERT_THAT(Rotate(world_.owner, {.overlap = RawDuration{.seconds = 3600}}),
              IsOk());
  ASSERT_THAT(Update(world_.owner, {.set_expires_at = true,
                                    .expires_at = RawTimestamp{now + 7200}}),
              IsOk());
  EXPECT_TRUE(Authenticates(record().token.public_id));
  world_.clock.Advance(absl::Seconds(61));
  EXPECT_FALSE(Authenticates(record().token.public_id));
}

TEST_F(ServiceAccountLife, ASecondRotationLeavesTwoTokensAtMost) {
  const ServiceAccounts::RotateRequest overlap = {
      .overlap = RawDuration{.seconds = 3600}};
  const auto second = Rotate(world_.owner, overlap);
  ASSERT_THAT(second, IsOk());
  const auto third = Rotate(world_.owner, overlap);
  ASSERT_THAT(third, IsOk());
  EXPECT_FALSE(Authenticates(record().token.public_id));
  EXPECT_TRUE(Authenticates(second->record.token.public_id));
  EXPECT_TRUE(Authenticates(third->record.token.public_id));
}

TEST_F(ServiceAccountLife, TheOverlapHasABound) {
  for (const RawDuration overlap :
       {RawDuration{.seconds = -1}, RawDuration{.seconds = 7 * 24 * 3600 + 1},
        RawDuration{.seconds = 7 * 24 * 3600, .nanos = 1},
        RawDuration{.seconds = 0, .nanos = -1},
        RawDuration{.seconds = INT64_MAX, .nanos = 999'999'999}}) {
    EXPECT_THAT(
        GetErrorDetail(Rotate(world_.owner, {.overlap = overlap}).status())
            .violations,
        ElementsAre(Field(&FieldViolation::field, "overlap")));
  }
  EXPECT_THAT(
      Rotate(world_.owner, {.overlap = RawDuration{.seconds = 7 * 24 * 3600}}),
      IsOk());
}

TEST_F(ServiceAccountLife, ARotationKeepsTheExpiryUnlessItIsOver) {
  const absl::Time expiry = absl::FromUnixSeconds(4102444800);
  ASSERT_THAT(
      Update(world_.owner, {.set_expires_at = true,
                            .expires_at = RawTimestamp{.seconds = 4102444800}}),
      IsOk());
  auto rotated = Rotate(world_.owner);
  ASSERT_THAT(rotated, IsOk());
  EXPECT_EQ(rotated->record.token.expires_at, expiry);

  world_.clock.Set(expiry);
  EXPECT_FALSE(Authenticates(rotated->record.token.public_id));
  rotated = Rotate(world_.owner);
  ASSERT_THAT(rotated, IsOk());
  EXPECT_EQ(rotated->record.token.expires_at, std::nullopt);
  rotated =
      Rotate(world_.owner, {.expires_at = RawTimestamp{.seconds = 4102444801}});
  ASSERT_THAT(rotated, IsOk());
  EXPECT_EQ(rotated->record.token.expires_at,
            absl::FromUnixSeconds(4102444801));
}

}  // namespace
}  // namespace signet::domain
