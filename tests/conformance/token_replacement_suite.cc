// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

TEST_P(StoreConformance, AReplacedTokenIsFoundWithTheCurrentStateOfItsOwner) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord first = SampleServiceAccount(account_, 10);
  first.token.expires_at = SampleTime(70);
  first.token.seal = SampleSeal(1);
  first.last_used_at = SampleTime(3);
  ASSERT_THAT(Insert(first), IsOk());
  ServiceAccountRecord second = WithToken(first, 20);
  second.name = "renamed";
  second.revision = 2;
  second.updated_at = SampleTime(5);
  second.last_used_at = SampleTime(99);  // Not for this to change.
  second.created_at = SampleTime(99);
  second.token_shown_to = "user:someone else";
  second.seal = SampleSeal(2);
  second.token.created_at = SampleTime(5);
  second.token.prefix = "other";
  second.token.expires_at = SampleTime(80);
  second.token.not_before = SampleTime(7);
  second.token.seal = SampleSeal(3);
  ASSERT_THAT(Replace(second, SampleTime(60)), IsOk());

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
  second.token.not_before.reset();
  second.token.seal = SampleSeal(4);
  ASSERT_THAT(Update(second), IsOk());
  EXPECT_THAT(FindOwner(SamplePublicId(10)),
              IsOkAndHolds(TokenOwner{replaced, second}));
}

TEST_P(StoreConformance, TokensInUseAreTheCurrentOneAndThoseThatHaveNotEnded) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord bystander = SampleServiceAccount(account_, 11);
  ServiceAccountRecord namesake = SampleServiceAccount(other_account_, 10);
  namesake.token.public_id = SamplePublicId(12);
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  for (const auto& each : {record, bystander, namesake}) {
    ASSERT_THAT(Insert(each), IsOk());
  }
  ASSERT_THAT(Replace(WithToken(bystander, 31), SampleTime(90)), IsOk());
  EXPECT_THAT(InUse(record), IsOkAndHolds(ElementsAre(record.token)));
  // The newest of all by its public id, so that order is not by it alone.
  for (const uint32_t token : {22, 21, 20}) {
    ASSERT_THAT(Replace(WithToken(record, token), SampleTime(token)), IsOk());
  }
  const auto replaced = [&](uint32_t token, uint32_t at) {
    TokenRecord it = WithToken(record, token).token;
    it.retires_at = SampleTime(at);
    return it;
  };
  const TokenRecord current = WithToken(record, 20).token;
  EXPECT_THAT(InUse(record),
              IsOkAndHolds(ElementsAre(current, replaced(22, 21),
                                       replaced(21, 20), replaced(10, 22))));
  for (TokenRecord ended : {replaced(22, 21), replaced(10, 22)}) {
    ended.ended = true;
    ASSERT_THAT(UpdateToken(record, ended), IsOk());
  }
  EXPECT_THAT(InUse(record),
              IsOkAndHolds(ElementsAre(current, replaced(21, 20))));
  EXPECT_THAT(InUse(namesake), IsOkAndHolds(ElementsAre(namesake.token)));
  EXPECT_THAT(InUse(SampleServiceAccount(account_, 99)),
              IsOkAndHolds(testing::IsEmpty()));
  // One that has ended is still found, and told whose it was.
  EXPECT_TRUE(FindOwner(SamplePublicId(10))->token.ended);
}

TEST_P(StoreConformance, AReplacementNeedsItsServiceAccountAndANewPublicId) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(account_, 11)), IsOk());
  ASSERT_THAT(Replace(WithToken(record, 20), SampleTime(2)), IsOk());
  const ServiceAccountRecord current = WithToken(record, 20);

  EXPECT_THAT(
      Replace(WithToken(SampleServiceAccount(account_, 12), 21), SampleTime(2)),
      StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Replace(WithToken(SampleServiceAccount(other_account_, 10), 21),
                      SampleTime(2)),
              StatusIs(StatusCode::kNotFound));
  // Its own, the one before, another's.
  for (const uint32_t taken : {20, 10, 11}) {
    EXPECT_THAT(Replace(WithToken(record, taken), SampleTime(2)),
                StatusIs(StatusCode::kAlreadyExists));
  }
  std::vector<ServiceAccountRecord> broken(3, WithToken(record, 21));
  broken[0].token.retires_at = SampleTime(1);
  broken[1].token.ended = true;
  broken[2].token.not_before = absl::InfiniteFuture();
  for (const ServiceAccountRecord& each : broken) {
    EXPECT_THAT(Replace(each, SampleTime(2)), StatusIs(StatusCode::kInternal));
  }
  EXPECT_THAT(Replace(WithToken(record, 21), absl::InfiniteFuture()),
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(current));
  EXPECT_THAT(FindOwner(SamplePublicId(21)), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(FindOwner(SamplePublicId(10))->token.retires_at, SampleTime(2));
}

TEST_P(StoreConformance, ATokensUpdateReplacesAllThatMayChangeOfIt) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(record), IsOk());
  ServiceAccountRecord current = WithToken(record, 20);
  ASSERT_THAT(Replace(current, SampleTime(50)), IsOk());

  TokenRecord changed = FindOwner(SamplePublicId(10))->token;
  changed.expires_at = SampleTime(40);
  changed.retires_at = SampleTime(41);
  changed.not_before = SampleTime(42);
  changed.ended = true;
  changed.seal = SampleSeal(7);
  TokenRecord given = changed;
  given.prefix = "other";  // Not for this to change.
  given.last4 = "zzzz";
  given.key_version = 9;
  given.mac.fill(9);
  given.created_at = SampleTime(99);
  ASSERT_THAT(UpdateToken(record, given), IsOk());
  EXPECT_THAT(FindOwner(SamplePublicId(10)),
              IsOkAndHolds(TokenOwner{changed, current}));

  // And of the current one, with nothing left of what was.
  current.token.expires_at = SampleTime(40);
  current.token.not_before = SampleTime(42);
  current.token.seal = SampleSeal(8);
  ASSERT_THAT(UpdateToken(record, current.token), IsOk());
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(current));
  current = WithToken(record, 20);
  ASSERT_THAT(UpdateToken(record, current.token), IsOk());
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(current));
}

TEST_P(StoreConformance, ReplacedTokensAreDeletedAFewAtATime) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord bystander = SampleServiceAccount(account_, 30);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Insert(bystander), IsOk());
  ASSERT_THAT(Replace(WithToken(bystander, 31), SampleTime(90)), IsOk());
  for (uint32_t token = 11; token <= 15; ++token) {
    ASSERT_THAT(Write([&](WriteTxn& txn) {
                  return ReplaceIn(txn, WithToken(record, token),
                                   SampleTime(token), token % 2 == 0);
                }),
                IsOk());
  }
  const auto remove = [&](int limit) {
    absl::StatusOr<int> removed = 0;
    EXPECT_THAT(Write([&](WriteTxn& txn) {
                  removed =
                      txn.DeleteReplacedTokens(account_, record.id, limit);
                  return removed.status();
                }),
                IsOk());
    return *removed;
  };
  EXPECT_EQ(remove(-1), 0);
  EXPECT_EQ(remove(0), 0);
  EXPECT_EQ(remove(2), 2);
  for (uint32_t token = 10; token <= 15; ++token) {
    EXPECT_EQ(FindOwner(SamplePublicId(token)).ok(), token >= 12) << token;
  }
  EXPECT_EQ(remove(9), 3);
  EXPECT_EQ(remove(9), 0);
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(WithToken(record, 15)));
  EXPECT_THAT(FindOwner(SamplePublicId(30)), IsOk()) << "of another";
}

TEST_P(StoreConformance, ATokensUpdateNeedsTheTokenOfThatServiceAccount) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord bystander = SampleServiceAccount(account_, 11);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Insert(bystander), IsOk());
  TokenRecord stolen = record.token;
  stolen.expires_at = SampleTime(1);
  for (const ServiceAccountRecord& other :
       {bystander, SampleServiceAccount(other_account_, 10),
        SampleServiceAccount(account_, 99)}) {
    EXPECT_THAT(UpdateToken(other, stolen), StatusIs(StatusCode::kNotFound));
  }
  EXPECT_THAT(UpdateToken(record, SampleServiceAccount(account_, 98).token),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(record));
}

TEST_P(StoreConformance, WhatHasEndedStaysSoAndOnlyAReplacedTokenRetires) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(record), IsOk());
  ASSERT_THAT(Replace(WithToken(record, 20), SampleTime(50)), IsOk());
  TokenRecord ended = FindOwner(SamplePublicId(10))->token;
  ended.ended = true;
  ASSERT_THAT(UpdateToken(record, ended), IsOk());

  TokenRecord revived = ended;
  revived.ended = false;
  TokenRecord current_again = ended;
  current_again.retires_at.reset();
  TokenRecord unknown_time = ended;
  unknown_time.expires_at = absl::InfiniteFuture();
  TokenRecord retiring = WithToken(record, 20).token;
  retiring.retires_at = SampleTime(50);
  TokenRecord ending = WithToken(record, 20).token;
  ending.ended = true;
  for (const TokenRecord& broken :
       {revived, current_again, unknown_time, retiring, ending}) {
    EXPECT_THAT(UpdateToken(record, broken), StatusIs(StatusCode::kInternal));
  }
  EXPECT_THAT(FindOwner(SamplePublicId(10)),
              IsOkAndHolds(TokenOwner{ended, WithToken(record, 20)}));
}

}  // namespace
}  // namespace signet::storage
