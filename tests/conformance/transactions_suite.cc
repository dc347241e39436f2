// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "tests/conformance/store_conformance.h"

namespace signet {
namespace {

using absl::StatusCode;

TEST_P(StoreConformance, ABodyThatFailsLeavesNoTrace) {
  const Subject subject = {SubjectType::kUser, "someone"};
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const absl::Status status = Write([&](WriteTxn& txn) {
    EXPECT_THAT(txn.EnsureAccount(account_, SampleTime()), IsOk());
    EXPECT_THAT(txn.InsertServiceAccount(record), IsOk());
    EXPECT_THAT(
        txn.InsertAuthorization(SampleCapability(account_, 11, subject)),
        IsOk());
    return absl::CancelledError("changed my mind");
  });
  EXPECT_THAT(status, StatusIs(StatusCode::kCancelled));
  EXPECT_THAT(IsEmpty(), IsOkAndHolds(true));
  EXPECT_THAT(Get(account_, record.id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Find(record.token.public_id), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Held({subject}, account_), IsOkAndHolds(testing::IsEmpty()));

  // Nothing of it is in the way either.
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  EXPECT_THAT(Insert(record), IsOk());
  EXPECT_THAT(Insert(SampleCapability(account_, 11, subject)), IsOk());
}

TEST_P(StoreConformance, TheBodysStatusComesBackWithItsDetail) {
  const absl::Status refusal =
      MakeError(StatusCode::kPermissionDenied, "no",
                {.reason = "NOT_ALLOWED",
                 .violations = {{"name", "got nothing, want a name"}},
                 .retry_after = absl::Seconds(3)});
  EXPECT_EQ(Write([&](WriteTxn&) { return refusal; }), refusal);
  EXPECT_EQ(Read([&](ReadTxn&) { return refusal; }), refusal);
}

TEST_P(StoreConformance, ABodySeesItsOwnWrites) {
  const Subject subject = {SubjectType::kUser, "someone"};
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const AuthorizationRecord grant = SampleCapability(account_, 11, subject);
  const absl::Status status = Write([&](WriteTxn& txn) {
    EXPECT_THAT(txn.IsEmpty(), IsOkAndHolds(true));
    EXPECT_THAT(txn.EnsureAccount(account_, SampleTime()), IsOk());
    EXPECT_THAT(txn.IsEmpty(), IsOkAndHolds(false));
    EXPECT_THAT(txn.InsertServiceAccount(record), IsOk());
    EXPECT_THAT(txn.GetServiceAccount(account_, record.id),
                IsOkAndHolds(record));
    EXPECT_THAT(txn.FindToken(record.token.public_id),
                IsOkAndHolds(TokenOwner{record.token, record}));
    EXPECT_THAT(txn.InsertAuthorization(grant), IsOk());
    EXPECT_THAT(txn.ListHeldAuthorizations({&subject, 1}, account_),
                IsOkAndHolds(testing::ElementsAre(grant)));
    return absl::OkStatus();
  });
  EXPECT_THAT(status, IsOk());
}

// Half of InsertServiceAccount may have happened when it fails.
TEST_P(StoreConformance, AFailedChangeCannotBeCommitted) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(account_, 10)), IsOk());
  ServiceAccountRecord same_token = SampleServiceAccount(account_, 11);
  same_token.token.public_id = SamplePublicId(10);

  const absl::Status status = Write([&](WriteTxn& txn) {
    EXPECT_THAT(txn.InsertServiceAccount(SampleServiceAccount(account_, 12)),
                IsOk());
    EXPECT_THAT(txn.InsertServiceAccount(same_token),
                StatusIs(StatusCode::kAlreadyExists));
    return absl::OkStatus();
  });
  EXPECT_THAT(status, StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(Get(account_, SampleId(11)), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Get(account_, SampleId(12)), StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, NoChangeFollowsAFailedOne) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const absl::Status status = Write([&](WriteTxn& txn) {
    EXPECT_THAT(
        txn.InsertServiceAccount(SampleServiceAccount(other_account_, 10)),
        StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_THAT(txn.InsertServiceAccount(SampleServiceAccount(account_, 11)),
                StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_THAT(txn.EnsureAccount(other_account_, SampleTime()),
                StatusIs(StatusCode::kFailedPrecondition));
    return absl::OkStatus();
  });
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Get(account_, SampleId(11)), StatusIs(StatusCode::kNotFound));
}

TEST_P(StoreConformance, ALookUpThatFindsNothingSpoilsNothing) {
  const absl::Status status = Write([&](WriteTxn& txn) {
    EXPECT_THAT(txn.GetServiceAccount(account_, SampleId(10)),
                StatusIs(StatusCode::kNotFound));
    return txn.EnsureAccount(account_, SampleTime());
  });
  EXPECT_THAT(status, IsOk());
  EXPECT_THAT(IsEmpty(), IsOkAndHolds(false));
}

TEST_P(StoreConformance, WritesTakeEffectInTheOrderTheyWereMade) {
  constexpr int kWrites = 200;
  std::vector<int> order;
  for (int i = 0; i < kWrites; ++i) {
    store().Write(
        [&order, i](WriteTxn&) {
          order.push_back(i);
          return absl::OkStatus();
        },
        [](absl::Status status) { EXPECT_THAT(status, IsOk()); });
  }
  store().Drain();
  std::vector<int> expected(kWrites);
  for (int i = 0; i < kWrites; ++i) expected[i] = i;
  EXPECT_EQ(order, expected);
}

// A body that fails must not take along those that share its commit.
TEST_P(StoreConformance, FailuresAmongManyWritesAreTheirOwn) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  constexpr int kWrites = 300;
  std::vector<absl::Status> outcomes(kWrites, absl::UnknownError("no answer"));
  for (int i = 0; i < kWrites; ++i) {
    store().Write(
        [this, i](WriteTxn& txn) -> absl::Status {
          if (i % 3 == 1) return absl::AbortedError("before a change");
          absl::Status s = txn.InsertServiceAccount(
              SampleServiceAccount(account_, 1000 + i));
          if (i % 3 == 2) return absl::CancelledError("after a change");
          return s;
        },
        [&outcomes, i](absl::Status status) { outcomes[i] = status; });
  }
  // Answered once it is written, and so are all before it.
  ASSERT_THAT(Write([](WriteTxn&) { return absl::OkStatus(); }), IsOk());
  for (int i = 0; i < kWrites; ++i) {
    const bool kept = i % 3 == 0;
    EXPECT_EQ(outcomes[i].code(), kept         ? StatusCode::kOk
                                  : i % 3 == 1 ? StatusCode::kAborted
                                               : StatusCode::kCancelled);
    EXPECT_EQ(Get(account_, SampleId(1000 + i)).ok(), kept) << i;
  }
}

TEST_P(StoreConformance, AnExpiredWriteDoesNotRun) {
  bool ran = false;
  absl::Status outcome;
  store().Write(
      [&](WriteTxn& txn) {
        ran = true;
        return txn.EnsureAccount(account_, SampleTime());
      },
      [&](absl::Status status) { outcome = status; }, [] { return true; });
  store().Drain();
  EXPECT_FALSE(ran);
  EXPECT_THAT(outcome, StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_P(StoreConformance, AWriteThatHasNotExpiredRuns) {
  absl::Status outcome = absl::UnknownError("no answer");
  store().Write([&](WriteTxn&) { return absl::OkStatus(); },
                [&](absl::Status status) { outcome = status; },
                [] { return false; });
  store().Drain();
  EXPECT_THAT(outcome, IsOk());
}

}  // namespace
}  // namespace signet
