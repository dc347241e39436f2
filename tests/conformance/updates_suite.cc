// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;

// Every field set, each to something of its own.
ServiceAccountRecord FullServiceAccount(const Uuid& account_id,
                                        uint32_t number) {
  ServiceAccountRecord record = SampleServiceAccount(account_id, number);
  record.updated_at = SampleTime(1);
  record.created_by_user_id = SampleId(90);
  record.last_used_at = SampleTime(2);
  record.revoked_at = SampleTime(3);
  record.revoked_by_user_id = SampleId(91);
  record.revoke_reason = RevokeReason::kKeyCompromise;
  record.revoke_comment = std::string("left on a\0 train", 16);
  record.description = "Deploys \u00e9verything \U0001F511";
  record.labels = {{"team", "platform"},
                   {"empty", ""},
                   {std::string("n\0l", 3), "\u00e9 \"quoted\" \\ \U0001F511"}};
  record.enabled = false;
  record.revision = std::numeric_limits<int64_t>::max();
  record.owner = "team \u00e9";
  record.allowed_addresses = "192.0.2.0/24";
  record.token_shown_to = "user:someone";
  record.seal = SampleSeal(300);
  record.token.expires_at = SampleTime(4);
  record.token.not_before = SampleTime(3);
  record.token.seal = SampleSeal(400);
  return record;
}

TEST_P(StoreConformance, EveryFieldOfAServiceAccountIsKept) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord full = FullServiceAccount(account_, 10);
  ASSERT_THAT(Insert(full), IsOk());
  EXPECT_THAT(Get(account_, full.id), IsOkAndHolds(full));
  EXPECT_THAT(Find(full.token.public_id), IsOkAndHolds(full));
  for (int reason = 0; reason <= 4; ++reason) {
    ServiceAccountRecord record = SampleServiceAccount(account_, 20 + reason);
    record.revoke_reason = static_cast<RevokeReason>(reason);
    ASSERT_THAT(Insert(record), IsOk());
    EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(record));
  }
}

TEST_P(StoreConformance, AnUpdateReplacesAllThatMayChange) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord before = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord bystander = SampleServiceAccount(account_, 11);
  ASSERT_THAT(Insert(before), IsOk());
  ASSERT_THAT(Insert(bystander), IsOk());
  ServiceAccountRecord after = FullServiceAccount(account_, 10);
  after.name = "another name";
  ASSERT_THAT(Update(after), IsOk());

  after.created_by_user_id = before.created_by_user_id;
  after.last_used_at = before.last_used_at;
  EXPECT_THAT(Get(account_, before.id), IsOkAndHolds(after));
  EXPECT_THAT(Find(before.token.public_id), IsOkAndHolds(after));
  EXPECT_THAT(Get(account_, bystander.id), IsOkAndHolds(bystander));

  // And back again: nothing sticks.
  ASSERT_THAT(Update(before), IsOk());
  EXPECT_THAT(Get(account_, before.id), IsOkAndHolds(before));
}

TEST_P(StoreConformance, AnUpdateLeavesIdsCreationLastUseAndTheTokenAlone) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord before = FullServiceAccount(account_, 10);
  ASSERT_THAT(Insert(before), IsOk());
  ServiceAccountRecord changed = before;
  changed.created_at = SampleTime(50);
  changed.created_by_user_id.reset();
  changed.last_used_at = SampleTime(51);
  changed.token = SampleServiceAccount(account_, 12).token;
  changed.token.created_at = SampleTime(52);
  changed.token.prefix = "other";
  changed.token.expires_at = before.token.expires_at;
  changed.token.not_before = before.token.not_before;
  changed.token.seal = before.token.seal;
  ASSERT_THAT(Update(changed), IsOk());
  EXPECT_THAT(Get(account_, before.id), IsOkAndHolds(before));
  EXPECT_THAT(FindOwner(SamplePublicId(12)), StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, AnUpdateNeedsItsServiceAccount) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(account_, 10)), IsOk());
  EXPECT_THAT(Update(SampleServiceAccount(account_, 11)),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Update(SampleServiceAccount(other_account_, 10)),
              StatusIs(StatusCode::kNotFound));
  ServiceAccountRecord nameless = SampleServiceAccount(account_, 10);
  nameless.name.clear();
  EXPECT_THAT(Update(nameless), StatusIs(StatusCode::kInternal));
}

TEST_P(StoreConformance, ARecordThatNoEngineCouldKeepIsOurMistake) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  std::vector<ServiceAccountRecord> broken(6,
                                           SampleServiceAccount(account_, 10));
  broken[0].token.retires_at = SampleTime();
  broken[1].revoke_reason = static_cast<RevokeReason>(5);
  broken[2].labels = {{"name", "\xff"}};
  broken[3].labels = {{"\xc0\x80", "value"}};
  broken[4].revision = uint64_t{1} << 63;
  broken[5].token.ended = true;
  for (const ServiceAccountRecord& record : broken) {
    EXPECT_THAT(Insert(record), StatusIs(StatusCode::kInternal));
  }
}

TEST_P(StoreConformance, LastUseMovesForwardNeverBack) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord used = SampleServiceAccount(account_, 10);
  ServiceAccountRecord unused = SampleServiceAccount(account_, 11);
  used.last_used_at = SampleTime(5);
  ASSERT_THAT(Insert(used), IsOk());
  ASSERT_THAT(Insert(unused), IsOk());
  const auto touch = [&](std::vector<LastUse> uses) {
    return Write([&](WriteTxn& txn) { return txn.TouchLastUsed(uses); });
  };
  EXPECT_THAT(touch({}), IsOk());
  EXPECT_THAT(touch({{account_, SampleId(10), SampleTime(4)},
                     {account_, SampleId(99), SampleTime(4)},
                     {other_account_, SampleId(11), SampleTime(9)},
                     {account_, SampleId(11), SampleTime(4)},
                     {account_, SampleId(11), SampleTime(3)}}),
              IsOk());
  unused.last_used_at = SampleTime(4);
  EXPECT_THAT(Get(account_, used.id), IsOkAndHolds(used));
  EXPECT_THAT(Get(account_, unused.id), IsOkAndHolds(unused));

  used.last_used_at = SampleTime(5) + absl::Nanoseconds(1);
  EXPECT_THAT(touch({{account_, used.id, *used.last_used_at}}), IsOk());
  EXPECT_THAT(Get(account_, used.id), IsOkAndHolds(used));
  EXPECT_THAT(touch({{account_, used.id, absl::InfiniteFuture()}}),
              StatusIs(StatusCode::kInternal));
}

TEST_P(StoreConformance, ADeletedServiceAccountIsGoneWithAllItsTokens) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord bystander = SampleServiceAccount(account_, 11);
  ServiceAccountRecord namesake = SampleServiceAccount(other_account_, 10);
  namesake.token.public_id = SamplePublicId(30);
  for (const auto& each : {record, bystander, namesake}) {
    ASSERT_THAT(Insert(each), IsOk());
  }
  ASSERT_THAT(Replace(WithToken(record, 20), SampleTime(2)), IsOk());
  ASSERT_THAT(Replace(WithToken(record, 21), SampleTime(4)), IsOk());
  TokenRecord ended = FindOwner(SamplePublicId(10))->token;
  ended.ended = true;
  ASSERT_THAT(UpdateToken(record, ended), IsOk());
  ASSERT_THAT(Delete(account_, record.id), IsOk());
  EXPECT_THAT(Get(account_, record.id), StatusIs(StatusCode::kNotFound));
  for (const int token : {10, 20, 21}) {
    EXPECT_THAT(FindOwner(SamplePublicId(token)),
                StatusIs(StatusCode::kNotFound));
  }
  EXPECT_THAT(Get(account_, bystander.id), IsOkAndHolds(bystander));
  EXPECT_THAT(Find(SamplePublicId(11)), IsOkAndHolds(bystander));
  EXPECT_THAT(Get(other_account_, namesake.id), IsOkAndHolds(namesake));

  EXPECT_THAT(Delete(account_, record.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Delete(account_, SampleId(99)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Insert(record), IsOk());
}

}  // namespace
}  // namespace signet::storage
