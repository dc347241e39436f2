// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet {
namespace {

using absl::StatusCode;

TEST_P(StoreConformance, AReplacedTokenIsFoundWithTheCurrentStateOfItsOwner) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord first = SampleServiceAccount(account_, 10);
  first.token.expires_at = SampleTime(70);
  first.last_used_at = SampleTime(3);
  ASSERT_THAT(Insert(first), IsOk());
  ServiceAccountRecord second = WithToken(first, 20);
  second.name = "renamed";
  second.revision = 2;
  second.updated_at = SampleTime(5);
  second.last_used_at = SampleTime(99);  // Not for this to change.
  second.created_at = SampleTime(99);
  second.token.created_at = SampleTime(5);
  second.token.prefix = "other";
  second.token.expires_at = SampleTime(80);
  ASSERT_THAT(Replace(second, SampleTime(5), SampleTime(60)), IsOk());

  second.last_used_at = first.last_used_at;
  second.created_at = first.created_at;
  TokenRecord replaced = first.token;
  replaced.retires_at = SampleTime(60);
  EXPECT_THAT(Get(account_, first.id), IsOkAndHolds(second));
  EXPECT_THAT(Find(SamplePublicId(20)), IsOkAndHolds(second));
  EXPECT_THAT(FindOwner(SamplePublicId(10)),
              IsOkAndHolds(TokenOwner{replaced, second}));

  // An update is about the current token.
  second.token.expires_at.reset();
  ASSERT_THAT(Update(second), IsOk());
  EXPECT_THAT(FindOwner(SamplePublicId(10)),
              IsOkAndHolds(TokenOwner{replaced, second}));
}

TEST_P(StoreConformance, WhatWasStillToRetireDoesSoAtTheNextReplacement) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord bystander = SampleServiceAccount(account_, 11);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Insert(bystander), IsOk());
  ASSERT_THAT(Replace(WithToken(bystander, 31), SampleTime(1), SampleTime(90)),
              IsOk());
  ASSERT_THAT(Replace(WithToken(record, 20), SampleTime(1), SampleTime(2)),
              IsOk());
  ASSERT_THAT(Replace(WithToken(record, 21), SampleTime(3), SampleTime(50)),
              IsOk());
  ASSERT_THAT(Replace(WithToken(record, 22), SampleTime(4), SampleTime(60)),
              IsOk());
  const auto retires_at = [&](uint32_t token) {
    return FindOwner(SamplePublicId(token))->token.retires_at;
  };
  EXPECT_EQ(retires_at(10), SampleTime(2));  // Had retired before.
  EXPECT_EQ(retires_at(20), SampleTime(4));
  EXPECT_EQ(retires_at(21), SampleTime(60));
  EXPECT_EQ(retires_at(22), std::nullopt);
  EXPECT_EQ(retires_at(11), SampleTime(90));
}

TEST_P(StoreConformance, AReplacementNeedsItsServiceAccountAndANewPublicId) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(account_, 11)), IsOk());
  ASSERT_THAT(Replace(WithToken(record, 20), SampleTime(1), SampleTime(2)),
              IsOk());
  const ServiceAccountRecord current = WithToken(record, 20);

  EXPECT_THAT(Replace(WithToken(SampleServiceAccount(account_, 12), 21),
                      SampleTime(1), SampleTime(2)),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Replace(WithToken(SampleServiceAccount(other_account_, 10), 21),
                      SampleTime(1), SampleTime(2)),
              StatusIs(StatusCode::kNotFound));
  // Its own, the one before, another's.
  for (const uint32_t taken : {20, 10, 11}) {
    EXPECT_THAT(Replace(WithToken(record, taken), SampleTime(1), SampleTime(2)),
                StatusIs(StatusCode::kAlreadyExists));
  }
  ServiceAccountRecord retiring = WithToken(record, 21);
  retiring.token.retires_at = SampleTime(1);
  EXPECT_THAT(Replace(retiring, SampleTime(1), SampleTime(2)),
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(
      Replace(WithToken(record, 21), SampleTime(1), absl::InfiniteFuture()),
      StatusIs(StatusCode::kInternal));
  EXPECT_THAT(
      Replace(WithToken(record, 21), absl::InfinitePast(), SampleTime()),
      StatusIs(StatusCode::kInternal));
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(current));
  EXPECT_THAT(FindOwner(SamplePublicId(21)), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(FindOwner(SamplePublicId(10))->token.retires_at, SampleTime(2));
}

TEST_P(StoreConformance, AReplacedTokenMayRetireEarlierNotLater) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Replace(WithToken(record, 20), SampleTime(1), SampleTime(50)),
              IsOk());
  const auto retire = [&](uint32_t token, absl::Time at) {
    return Write([&](WriteTxn& txn) {
      return txn.RetireToken(SamplePublicId(token), at);
    });
  };
  EXPECT_THAT(retire(10, SampleTime(51)), IsOk());
  EXPECT_EQ(FindOwner(SamplePublicId(10))->token.retires_at, SampleTime(50));
  EXPECT_THAT(retire(10, SampleTime(49)), IsOk());
  EXPECT_EQ(FindOwner(SamplePublicId(10))->token.retires_at, SampleTime(49));
  EXPECT_THAT(retire(20, SampleTime(49)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(retire(21, SampleTime(49)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(retire(10, absl::InfinitePast()),
              StatusIs(StatusCode::kInternal));
  EXPECT_EQ(FindOwner(SamplePublicId(20))->token.retires_at, std::nullopt);
}

}  // namespace
}  // namespace signet
