// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;

constexpr int kThreads = 8;
constexpr int kWritesPerThread = 50;

// Runs `work(thread)` on several threads at once.
template <typename Work>
void InParallel(Work work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
}

TEST_P(StoreConformance, AReadSeesEveryWriteAcknowledgedBeforeIt) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  InParallel([this](int thread) {
    for (int i = 0; i < kWritesPerThread; ++i) {
      const ServiceAccountRecord record =
          SampleServiceAccount(account_, 1000 * (thread + 1) + i);
      ASSERT_THAT(Insert(record), IsOk());
      ASSERT_THAT(Get(account_, record.id), IsOkAndHolds(record));
      ASSERT_THAT(Find(record.token.public_id), IsOkAndHolds(record));
    }
  });
}

TEST_P(StoreConformance, OfManyThatInsertTheSameExactlyOneSucceeds) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  for (uint32_t number = 10; number < 30; ++number) {
    std::atomic<int> inserted = 0;
    InParallel([&](int) {
      const absl::Status status =
          Insert(SampleServiceAccount(account_, number));
      if (status.ok()) {
        ++inserted;
      } else {
        EXPECT_THAT(status, StatusIs(StatusCode::kAlreadyExists));
      }
    });
    EXPECT_EQ(inserted, 1);
  }
}

// Both rows are there or neither, at any time.
TEST_P(StoreConformance, AReadSeesWholeTransactionsAndOneMoment) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  constexpr int kPairs = 200;
  std::atomic<bool> writing = true;
  std::thread writer([&] {
    for (int i = 0; i < kPairs; ++i) {
      ASSERT_THAT(Write([&](WriteTxn& txn) {
                    absl::Status s = txn.InsertServiceAccount(
                        SampleServiceAccount(account_, 1000 + i));
                    if (!s.ok()) return s;
                    return txn.InsertServiceAccount(
                        SampleServiceAccount(account_, 2000 + i));
                  }),
                  IsOk());
    }
    writing = false;
  });
  int pair = 0;
  while (writing && pair < kPairs) {
    bool second = false;
    bool first = false;
    ASSERT_THAT(
        Read([&](ReadTxn& txn) {
          second = txn.GetServiceAccount(account_, SampleId(2000 + pair)).ok();
          first = txn.GetServiceAccount(account_, SampleId(1000 + pair)).ok();
          return absl::OkStatus();
        }),
        IsOk());
    ASSERT_EQ(first, second) << pair;
    if (first) ++pair;
  }
  writer.join();
}

TEST_P(StoreConformance, EveryWriteIsAnsweredOnce) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  std::vector<std::atomic<int>> answers(kThreads * kWritesPerThread);
  absl::BlockingCounter pending(kThreads * kWritesPerThread);
  InParallel([&](int thread) {
    for (int i = 0; i < kWritesPerThread; ++i) {
      const int number = thread * kWritesPerThread + i;
      store().Write(
          [this, number](WriteTxn& txn) {
            return txn.InsertServiceAccount(
                SampleServiceAccount(account_, 1000 + number));
          },
          [&, number](absl::Status status) {
            EXPECT_THAT(status, IsOk());
            ++answers[number];
            pending.DecrementCount();
          });
    }
  });
  pending.Wait();
  for (const auto& count : answers) EXPECT_EQ(count, 1);
}

TEST_P(StoreConformance, ADoneMayWriteAndReadAgain) {
  absl::Notification finished;
  store().Write(
      [this](WriteTxn& txn) {
        return txn.EnsureAccount(account_, SampleTime());
      },
      [&](absl::Status status) {
        EXPECT_THAT(status, IsOk());
        store().Write(
            [this](WriteTxn& txn) {
              return txn.InsertServiceAccount(
                  SampleServiceAccount(account_, 10));
            },
            [&](absl::Status second) {
              EXPECT_THAT(second, IsOk());
              EXPECT_THAT(Get(account_, SampleId(10)), IsOk());
              finished.Notify();
            });
      });
  finished.WaitForNotification();
}

TEST_P(StoreConformance, DrainAnswersWhatWasAcceptedAndRefusesTheRest) {
  EXPECT_THAT(store().Health(), IsOk());
  constexpr int kWrites = 100;
  std::atomic<int> stored = 0;
  for (int i = 0; i < kWrites; ++i) {
    store().Write(
        [i](WriteTxn& txn) {
          return txn.EnsureAccount(SampleId(i), SampleTime());
        },
        [&](absl::Status status) { stored += status.ok(); });
  }
  store().Drain();
  EXPECT_EQ(stored, kWrites);

  EXPECT_THAT(store().Health(),
              ErrorIs(StatusCode::kUnavailable, "STORAGE_UNAVAILABLE"));
  EXPECT_THAT(EnsureAccount(account_),
              ErrorIs(StatusCode::kUnavailable, "STORAGE_UNAVAILABLE"));
  EXPECT_THAT(IsEmpty(),
              ErrorIs(StatusCode::kUnavailable, "STORAGE_UNAVAILABLE"));
  store().Drain();
}

TEST_P(StoreConformance, DrainUnderLoadLosesNoAcknowledgedAnswer) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  std::atomic<int> made = 0;
  std::atomic<int> answered = 0;
  InParallel([&](int thread) {
    for (int i = 0; i < kWritesPerThread; ++i) {
      ++made;
      store().Write(
          [this, thread, i](WriteTxn& txn) {
            return txn.InsertServiceAccount(
                SampleServiceAccount(account_, 1000 * (thread + 1) + i));
          },
          [&](absl::Status status) {
            ++answered;
            if (!status.ok()) {
              EXPECT_THAT(status, ErrorIs(StatusCode::kUnavailable,
                                          "STORAGE_UNAVAILABLE"));
            }
          });
      if (thread == 0 && i == kWritesPerThread / 2) store().Drain();
    }
  });
  store().Drain();
  EXPECT_EQ(answered, made);
}

TEST_P(StoreConformance, SeveralMayDrainAtOnce) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  InParallel([this](int) { store().Drain(); });
  EXPECT_THAT(store().Health(), StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet::storage
