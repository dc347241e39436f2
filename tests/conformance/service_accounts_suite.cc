// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;

TEST_P(StoreConformance, AStoreIsEmptyUntilItHasAnAccount) {
  EXPECT_THAT(IsEmpty(), IsOkAndHolds(true));
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  EXPECT_THAT(IsEmpty(), IsOkAndHolds(false));
}

TEST_P(StoreConformance, EnsuringAnAccountAgainChangesNothing) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(account_, 10)), IsOk());
  EXPECT_THAT(EnsureAccount(account_), IsOk());
  EXPECT_THAT(Get(account_, SampleId(10)), IsOk());
}

TEST_P(StoreConformance, AServiceAccountComesBackAsItWasStored) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord sparse = SampleServiceAccount(account_, 10);
  ServiceAccountRecord full = SampleServiceAccount(account_, 11);
  full.updated_at = SampleTime(1);
  full.created_by_user_id = SampleId(20);
  full.last_used_at = SampleTime(2);
  full.revoked_at = SampleTime(3);
  full.revoked_by_user_id = SampleId(21);
  full.token.key_version = 4294967295;
  full.token.created_at = SampleTime(4);
  full.token.expires_at = SampleTime(5);
  ASSERT_THAT(Insert(sparse), IsOk());
  ASSERT_THAT(Insert(full), IsOk());

  for (const ServiceAccountRecord& stored : {sparse, full}) {
    EXPECT_THAT(Get(account_, stored.id), IsOkAndHolds(stored));
    EXPECT_THAT(Find(stored.token.public_id), IsOkAndHolds(stored));
  }
}

TEST_P(StoreConformance, GettingAnUnknownServiceAccountIsNotFound) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  EXPECT_THAT(Get(account_, SampleId(10)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Get(other_account_, SampleId(10)),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Find(SamplePublicId(10)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Find(""), StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, AServiceAccountIsFoundInItsOwnAccountOnly) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(account_, 10)), IsOk());
  EXPECT_THAT(Get(other_account_, SampleId(10)),
              StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, PublicIdsAreToldApartByEachLetterAndItsCase) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord upper = SampleServiceAccount(account_, 10);
  upper.token.public_id = "AAAAAAAAAAAAAAAA";
  ServiceAccountRecord lower = SampleServiceAccount(account_, 11);
  lower.token.public_id = "aaaaaaaaaaaaaaaa";
  ASSERT_THAT(Insert(upper), IsOk());
  ASSERT_THAT(Insert(lower), IsOk());
  EXPECT_THAT(Find("AAAAAAAAAAAAAAAA"), IsOkAndHolds(upper));
  EXPECT_THAT(Find("aaaaaaaaaaaaaaaa"), IsOkAndHolds(lower));
  EXPECT_THAT(Find("AAAAAAAAAAAAAAA"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Find("AAAAAAAAAAAAAAA%"), StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, ATakenIdOrPublicIdAlreadyExists) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const ServiceAccountRecord stored = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(stored), IsOk());

  ServiceAccountRecord same_id = SampleServiceAccount(account_, 11);
  same_id.id = stored.id;
  EXPECT_THAT(Insert(same_id), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(Find(same_id.token.public_id), StatusIs(StatusCode::kNotFound));

  ServiceAccountRecord same_token = SampleServiceAccount(other_account_, 12);
  same_token.token.public_id = stored.token.public_id;
  EXPECT_THAT(Insert(same_token), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(Get(other_account_, same_token.id),
              StatusIs(StatusCode::kNotFound));

  EXPECT_THAT(Get(account_, stored.id), IsOkAndHolds(stored));
  EXPECT_THAT(Find(stored.token.public_id), IsOkAndHolds(stored));
}

TEST_P(StoreConformance, AServiceAccountNeedsItsAccount) {
  const ServiceAccountRecord orphan = SampleServiceAccount(account_, 10);
  EXPECT_THAT(Insert(orphan), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Get(account_, orphan.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Find(orphan.token.public_id), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace signet::storage
