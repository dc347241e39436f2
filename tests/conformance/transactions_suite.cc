// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/synchronization/notification.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
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

// Of each change there is, in a body that fails after it.
TEST_P(StoreConformance, NoChangeOfABodyThatFailsLeavesATrace) {
  const Subject subject = {SubjectType::kUser, "someone"};
  const ServiceAccountRecord original = SampleServiceAccount(account_, 10);
  const ServiceAccountRecord record = WithToken(original, 20);
  ServiceAccountRecord changed = record;
  changed.name = "changed";
  changed.labels = {{"a", "b"}};
  changed.token.expires_at = SampleTime(70);
  AuditChainRecord chain;
  chain.account_id = account_;
  AuditChainRecord changed_chain = chain;
  changed_chain.last_sequence = 7;
  const LastUse use = {account_, record.id, SampleTime(50)};
  ASSERT_THAT(
      Write([&](WriteTxn& txn) {
        for (const absl::Status& s :
             {txn.EnsureAccount(account_, SampleTime()),
              txn.InsertServiceAccount(original),
              ReplaceIn(txn, record, SampleTime(60)),
              txn.InsertAuthorization(SampleCapability(account_, 30, subject)),
              txn.InsertAuditEvent(SampleAuditEvent(account_, 1)),
              txn.PutAuditChain(chain),
              txn.PutAuditHead({.writer = "", .events = 1, .ciphertext = "a"}),
              txn.PutIdempotencyRecord(SampleIdempotencyRecord(1)),
              txn.SetWatermark("purge", SampleTime())}) {
          if (!s.ok()) return s;
        }
        return absl::OkStatus();
      }),
      IsOk());
  // All there is, from one snapshot.
  const auto everything = [&] {
    std::tuple<TokenOwner, absl::StatusCode, std::vector<ServiceAccountRecord>,
               std::vector<ServiceAccountRecord>,
               std::vector<ServiceAccountRecord>,
               std::vector<AuthorizationRecord>, std::vector<AuditEventRecord>,
               AuditChainRecord, std::vector<Uuid>, absl::StatusCode,
               absl::StatusCode, absl::Time, std::vector<AuthorizationRecord>,
               std::vector<AuditHeadRecord>>
        all;
    EXPECT_THAT(
        Read([&](ReadTxn& txn) {
          std::vector<ServiceAccountRecord> listings[3];
          for (const int order : {0, 1, 2}) {
            listings[order] =
                txn.ListServiceAccounts(
                       {.account_id = account_,
                        .filter = {.include_revoked = true,
                                   .now = SampleTime()},
                        .order = static_cast<ServiceAccountOrder>(order),
                        .limit = 99,
                        .scan_limit = 99})
                    ->records;
          }
          all = {*txn.FindToken(SamplePublicId(10)),
                 txn.FindToken(SamplePublicId(21)).status().code(),
                 listings[0],
                 listings[1],
                 listings[2],
                 txn.ListAuthorizations({.account_id = account_,
                                         .include_revoked = true,
                                         .limit = 99,
                                         .scan_limit = 99})
                     ->records,
                 txn.ListAuditEvents(
                        {.account_id = account_, .limit = 99, .scan_limit = 99})
                     ->records,
                 *txn.GetAuditChain(account_),
                 *txn.ListAuditedAccounts(std::nullopt, 99),
                 txn.FindIdempotencyRecord(SampleIdempotencyRecord(1).lookup)
                     .status()
                     .code(),
                 txn.FindIdempotencyRecord(SampleIdempotencyRecord(2).lookup)
                     .status()
                     .code(),
                 *txn.GetWatermark("purge"),
                 *txn.ListHeldAuthorizations({&subject, 1}, account_),
                 *txn.ListAuditHeads()};
          return absl::OkStatus();
        }),
        IsOk());
    return all;
  };
  using Change = std::function<absl::Status(WriteTxn&)>;
  const Change changes[] = {
      [&](auto& txn) {
        return txn.EnsureAccount(other_account_, SampleTime());
      },
      [&](auto& txn) {
        return txn.InsertServiceAccount(SampleServiceAccount(account_, 11));
      },
      [&](auto& txn) { return txn.UpdateServiceAccount(changed); },
      [&](auto& txn) {
        TokenRecord retiring = original.token;
        retiring.retires_at = SampleTime(1);
        return txn.UpdateToken(account_, record.id, retiring);
      },
      [&](auto& txn) {
        return ReplaceIn(txn, WithToken(changed, 21), SampleTime(2));
      },
      [&](auto& txn) {
        return txn.TouchLastUsed({&use, 1});
      },
      [&](auto& txn) {
        absl::Status status =
            ReplaceIn(txn, WithToken(changed, 22), SampleTime(2));
        if (!status.ok()) return status;
        return txn.DeleteReplacedTokens(account_, record.id, 9).status();
      },
      [&](auto& txn) { return txn.DeleteServiceAccount(account_, record.id); },
      [&](auto& txn) {
        return txn.InsertAuthorization(
            SampleGrant(account_, 31, subject, GrantKind::kAccountOwner));
      },
      [&](auto& txn) {
        return txn.RevokeAuthorization(account_, SampleId(30), SampleTime(),
                                       {});
      },
      [&](auto& txn) {
        return txn.SealAuthorization(account_, SampleId(30), SampleSeal(9));
      },
      [&](auto& txn) {
        return txn.InsertAuditEvent(SampleAuditEvent(account_, 2));
      },
      [&](auto& txn) { return txn.PutAuditChain(changed_chain); },
      [&](auto& txn) {
        return txn.PutAuditHead({.writer = "", .events = 2, .ciphertext = "b"});
      },
      [&](auto& txn) {
        return txn.PutAuditHead(
            {.writer = "x", .events = 2, .ciphertext = "b"});
      },
      [&](auto& txn) { return txn.DeleteAuditEventsBefore(account_, 9); },
      [&](auto& txn) {
        return txn.PutIdempotencyRecord(SampleIdempotencyRecord(2));
      },
      [&](auto& txn) {
        return txn.DeleteIdempotencyRecordsBefore(absl::InfiniteFuture(), 9)
            .status();
      },
      [&](auto& txn) { return txn.SetWatermark("purge", SampleTime(9)); },
      [&](auto& txn) { return txn.SetWatermark("other", SampleTime(9)); },
  };
  const ServiceAccountRecord unknown = SampleServiceAccount(account_, 99);
  const auto before = everything();
  for (const Change& change : changes) {
    SCOPED_TRACE(&change - changes);
    EXPECT_THAT(Write([&](WriteTxn& txn) {
                  EXPECT_THAT(change(txn), IsOk());
                  return absl::CancelledError("changed my mind");
                }),
                StatusIs(StatusCode::kCancelled));
    EXPECT_TRUE(everything() == before);
    // Nor one that a later change fails after.
    EXPECT_THAT(Write([&](WriteTxn& txn) {
                  EXPECT_THAT(change(txn), IsOk());
                  EXPECT_THAT(txn.UpdateServiceAccount(unknown),
                              StatusIs(StatusCode::kNotFound));
                  return absl::OkStatus();
                }),
                StatusIs(StatusCode::kNotFound));
    EXPECT_TRUE(everything() == before);
    // And after a failed one it is not made.
    EXPECT_THAT(Write([&](WriteTxn& txn) {
                  EXPECT_THAT(txn.UpdateServiceAccount(unknown),
                              StatusIs(StatusCode::kNotFound));
                  EXPECT_THAT(change(txn), StatusIs(StatusCode::kNotFound));
                  return absl::OkStatus();
                }),
                StatusIs(StatusCode::kNotFound));
    EXPECT_TRUE(everything() == before);
  }
  EXPECT_THAT(Write([&](WriteTxn& txn) {
                for (const Change& change : changes) {
                  EXPECT_THAT(change(txn), IsOk());
                }
                return absl::CancelledError("changed my mind");
              }),
              StatusIs(StatusCode::kCancelled));
  EXPECT_TRUE(everything() == before);
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

TEST_P(StoreConformance, NoChangeFollowsABrokenRecord) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord broken = SampleServiceAccount(account_, 10);
  broken.name.clear();
  EXPECT_THAT(
      Write([&](WriteTxn& txn) {
        EXPECT_THAT(
            txn.InsertServiceAccount(SampleServiceAccount(account_, 12)),
            IsOk());
        EXPECT_THAT(txn.InsertServiceAccount(broken),
                    StatusIs(StatusCode::kInternal));
        EXPECT_THAT(
            txn.InsertServiceAccount(SampleServiceAccount(account_, 11)),
            StatusIs(StatusCode::kInternal));
        EXPECT_THAT(txn.DeleteReplacedTokens(account_, SampleId(12), 1),
                    StatusIs(StatusCode::kInternal));
        return absl::OkStatus();
      }),
      StatusIs(StatusCode::kInternal));
  for (const uint32_t number : {11, 12}) {
    EXPECT_THAT(Get(account_, SampleId(number)),
                StatusIs(StatusCode::kNotFound));
  }
}

// Many read the same row and write it back with one more.
TEST_P(StoreConformance, OfBodiesThatConflictNoneIsLost) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  record.revision = 1;
  ASSERT_THAT(Insert(record), IsOk());
  constexpr int kThreads = 4;
  constexpr int kTimes = 25;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int written = 0; written < kTimes;) {
        const absl::Status status = Write([&](WriteTxn& txn) {
          absl::StatusOr<ServiceAccountRecord> read =
              txn.GetServiceAccount(account_, record.id);
          if (!read.ok()) return read.status();
          ++read->revision;
          return txn.UpdateServiceAccount(*read);
        });
        if (status.ok()) {
          ++written;
        } else {  // Then nothing is written.
          ASSERT_THAT(status,
                      ErrorIs(StatusCode::kUnavailable, "WRITE_CONFLICT"));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Get(account_, record.id)->revision, 1u + kThreads * kTimes);
}

// Each reads both rows and writes its own: only one may find the other as it
// was, or the order of the two would make a difference to neither.
TEST_P(StoreConformance, BodiesThatReadWhatTheOtherWritesHaveAnOrder) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  for (uint32_t round = 0; round < 20; ++round) {
    const uint32_t numbers[] = {100 + 2 * round, 101 + 2 * round};
    for (const uint32_t number : numbers) {
      ASSERT_THAT(Insert(SampleServiceAccount(account_, number)), IsOk());
    }
    std::vector<std::thread> threads;
    for (const int own : {0, 1}) {
      threads.emplace_back([&, own] {
        absl::Status status;
        do {
          status = Write([&](WriteTxn& txn) {
            absl::StatusOr<ServiceAccountRecord> mine =
                txn.GetServiceAccount(account_, SampleId(numbers[own]));
            absl::StatusOr<ServiceAccountRecord> other =
                txn.GetServiceAccount(account_, SampleId(numbers[1 - own]));
            if (!mine.ok() || !other.ok() || !other->enabled) {
              return absl::OkStatus();
            }
            mine->enabled = false;
            return txn.UpdateServiceAccount(*mine);
          });
        } while (GetErrorDetail(status).reason == "WRITE_CONFLICT");
        EXPECT_THAT(status, IsOk());
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_NE(Get(account_, SampleId(numbers[0]))->enabled,
              Get(account_, SampleId(numbers[1]))->enabled);
  }
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
      [&](absl::Status status) { outcome = status; },
      {.expired = [] { return true; }});
  store().Drain();
  EXPECT_FALSE(ran);
  EXPECT_THAT(outcome, StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_P(StoreConformance, AWriteThatHasNotExpiredRuns) {
  absl::Status outcome = absl::UnknownError("no answer");
  store().Write([&](WriteTxn&) { return absl::OkStatus(); },
                [&](absl::Status status) { outcome = status; },
                {.expired = [] { return false; }});
  store().Drain();
  EXPECT_THAT(outcome, IsOk());
}

TEST_P(StoreConformance, AReadRunsUnlessItHasExpired) {
  for (const bool expired : {false, true}) {
    bool ran = false;
    absl::Status outcome;
    absl::Notification finished;
    store().Read(
        [&](ReadTxn&) {
          ran = true;
          return absl::OkStatus();
        },
        [&](absl::Status status) {
          outcome = std::move(status);
          finished.Notify();
        },
        {.expired = [expired] { return expired; }});
    finished.WaitForNotification();
    EXPECT_EQ(ran, !expired);
    EXPECT_EQ(outcome.code(),
              expired ? StatusCode::kDeadlineExceeded : StatusCode::kOk);
  }
}

}  // namespace
}  // namespace signet::storage
