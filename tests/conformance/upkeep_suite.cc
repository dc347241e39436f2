// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::vector<uint32_t> Numbers(
    const absl::StatusOr<std::vector<ServiceAccountRecord>>& records) {
  EXPECT_THAT(records, IsOk());
  std::vector<uint32_t> numbers;
  for (const auto& record : *records) numbers.push_back(record.id.bytes()[15]);
  return numbers;
}

TEST_P(StoreConformance, WhatExpiresComesSoonestFirstFromAllAccounts) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const auto insert = [&](uint32_t number, std::optional<absl::Time> expires_at,
                          auto change) {
    ServiceAccountRecord record = SampleServiceAccount(
        number % 2 == 0 ? account_ : other_account_, number);
    record.token.expires_at = expires_at;
    change(record);
    ASSERT_THAT(Insert(record), IsOk());
  };
  const auto as_it_is = [](ServiceAccountRecord&) {};
  insert(10, SampleTime(30), as_it_is);
  insert(11, SampleTime(20), as_it_is);
  insert(12, SampleTime(10), as_it_is);
  insert(13, SampleTime(10) - absl::Nanoseconds(1), as_it_is);
  insert(14, std::nullopt, as_it_is);
  insert(15, SampleTime(20), [](auto& r) { r.revoked_at = SampleTime(99); });
  insert(16, SampleTime(20), [](auto& r) { r.enabled = false; });
  // A replaced token does not count.
  insert(17, SampleTime(20), as_it_is);
  ServiceAccountRecord rotated =
      WithToken(SampleServiceAccount(other_account_, 17), 18);
  ASSERT_THAT(Replace(rotated, SampleTime(20)), IsOk());

  const auto expiring = [&](absl::Time from, absl::Time until, int limit) {
    return Numbers(Ask(
        [&](ReadTxn& txn) { return txn.ListExpiring(from, until, limit); }));
  };
  const absl::Duration tick = absl::Nanoseconds(1);
  EXPECT_THAT(expiring(SampleTime(10), SampleTime(30), 9), ElementsAre(12, 11));
  EXPECT_THAT(expiring(SampleTime(10), SampleTime(30) + tick, 9),
              ElementsAre(12, 11, 10));
  EXPECT_THAT(expiring(SampleTime(10), SampleTime(30) + tick, 2),
              ElementsAre(12, 11));
  EXPECT_THAT(expiring(SampleTime(10) - tick / 2, SampleTime(10) + tick / 2, 9),
              ElementsAre(12));
  EXPECT_THAT(expiring(absl::InfinitePast(), absl::InfiniteFuture(), 9),
              ElementsAre(13, 12, 11, 10));
  EXPECT_THAT(expiring(SampleTime(30), SampleTime(30), 9), testing::IsEmpty());
  EXPECT_THAT(expiring(SampleTime(30), SampleTime(10), 9), testing::IsEmpty());
}

TEST_P(StoreConformance, TheDeadAreTheRevokedAndTheExpired) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const auto insert = [&](uint32_t number, std::optional<absl::Time> expires_at,
                          std::optional<absl::Time> revoked_at) {
    ServiceAccountRecord record = SampleServiceAccount(
        number % 2 == 0 ? account_ : other_account_, number);
    record.token.expires_at = expires_at;
    record.revoked_at = revoked_at;
    record.enabled = number % 3 != 0;
    ASSERT_THAT(Insert(record), IsOk());
  };
  insert(10, std::nullopt, std::nullopt);
  insert(11, SampleTime(9), std::nullopt);
  insert(12, std::nullopt, SampleTime(9));
  insert(13, SampleTime(8), SampleTime(9));
  insert(14, SampleTime(9), SampleTime(11));
  insert(15, SampleTime(11), SampleTime(9));
  insert(16, SampleTime(10), SampleTime(10));
  insert(17, SampleTime(8), std::nullopt);
  ASSERT_THAT(Replace(WithToken(SampleServiceAccount(other_account_, 17), 18),
                      SampleTime(1)),
              IsOk());
  const auto dead = [&](absl::Time before, int limit) {
    return Numbers(
        Ask([&](ReadTxn& txn) { return txn.ListDead(before, limit); }));
  };
  EXPECT_THAT(dead(SampleTime(10), 99),
              UnorderedElementsAre(11, 12, 13, 14, 15));
  EXPECT_THAT(dead(SampleTime(10), 3), SizeIs(3));
  EXPECT_THAT(dead(absl::InfiniteFuture(), 99), SizeIs(6));
  EXPECT_THAT(dead(SampleTime(8), 99), testing::IsEmpty());
}

TEST_P(StoreConformance, AnIdempotencyRecordIsFoundUntilItIsPurged) {
  const IdempotencyRecord first = SampleIdempotencyRecord(1);
  IdempotencyRecord second = SampleIdempotencyRecord(2);
  second.ciphertext = std::string("\0\xff any bytes", 12);
  const auto put = [&](const IdempotencyRecord& record) {
    return Write(
        [&](WriteTxn& txn) { return txn.PutIdempotencyRecord(record); });
  };
  const auto find = [&](uint32_t number) {
    return Ask([&](ReadTxn& txn) {
      return txn.FindIdempotencyRecord(SampleIdempotencyRecord(number).lookup);
    });
  };
  const auto purge = [&](absl::Time before, int limit) {
    absl::StatusOr<int> deleted = -1;
    EXPECT_THAT(Write([&](WriteTxn& txn) {
                  deleted = txn.DeleteIdempotencyRecordsBefore(before, limit);
                  return deleted.status();
                }),
                IsOk());
    return deleted.value_or(-1);
  };
  EXPECT_THAT(find(1), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(put(first), IsOk());
  ASSERT_THAT(put(second), IsOk());
  EXPECT_THAT(find(1), IsOkAndHolds(first));
  EXPECT_THAT(find(2), IsOkAndHolds(second));
  IdempotencyRecord same = SampleIdempotencyRecord(3);
  same.lookup = first.lookup;
  EXPECT_THAT(put(same), IsOk());
  EXPECT_THAT(find(1), IsOkAndHolds(same));
  EXPECT_THAT(put(first), IsOk());
  EXPECT_THAT(find(1), IsOkAndHolds(first));
  IdempotencyRecord broken = SampleIdempotencyRecord(3);
  broken.created_at = absl::InfiniteFuture();
  EXPECT_THAT(put(broken), StatusIs(StatusCode::kInternal));

  EXPECT_EQ(purge(SampleTime(1), 9), 0);
  EXPECT_EQ(purge(SampleTime(2), 0), 0);
  EXPECT_EQ(purge(SampleTime(2), 9), 1);
  EXPECT_THAT(find(1), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(find(2), IsOk());
  for (uint32_t i = 10; i < 15; ++i) {
    ASSERT_THAT(put(SampleIdempotencyRecord(i)), IsOk());
  }
  EXPECT_EQ(purge(absl::InfiniteFuture(), 4), 4);
  EXPECT_EQ(purge(absl::InfiniteFuture(), 4), 2);
  EXPECT_THAT(put(first), IsOk());
}

TEST_P(StoreConformance, AWatermarkIsWhatWasSetLast) {
  const auto get = [&](std::string_view name) {
    return Ask([&](ReadTxn& txn) { return txn.GetWatermark(name); });
  };
  const auto set = [&](std::string_view name, absl::Time time) {
    return Write([&](WriteTxn& txn) { return txn.SetWatermark(name, time); });
  };
  EXPECT_THAT(get("purge"), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(set("purge", SampleTime(5)), IsOk());
  ASSERT_THAT(set("Purge", SampleTime(6)), IsOk());
  EXPECT_THAT(get("purge"), IsOkAndHolds(SampleTime(5)));
  ASSERT_THAT(set("purge", SampleTime(4)), IsOk());
  EXPECT_THAT(get("purge"), IsOkAndHolds(SampleTime(4)));
  EXPECT_THAT(get("Purge"), IsOkAndHolds(SampleTime(6)));
  EXPECT_THAT(set("purge", absl::InfiniteFuture()),
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(get("purge"), IsOkAndHolds(SampleTime(4)));
}

}  // namespace
}  // namespace signet::storage
