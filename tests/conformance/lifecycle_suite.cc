// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <memory>
#include <optional>
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
              store().Read(
                  [this](ReadTxn& txn) {
                    return txn.GetServiceAccount(account_, SampleId(10))
                        .status();
                  },
                  [&](absl::Status third) {
                    EXPECT_THAT(third, IsOk());
                    finished.Notify();
                  });
            });
      });
  finished.WaitForNotification();
}

TEST_P(StoreConformance, DrainAnswersWhatWasAcceptedAndRefusesTheRest) {
  EXPECT_EQ(store().Health().state, StoreHealth::State::kServing);
  EXPECT_THAT(store().Health().reason, IsOk());
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

  EXPECT_THAT(store().Health().failure(),
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

// So that no caller waits for storage.
TEST_P(StoreConformance, BodiesRunOnThreadsOfTheEngine) {
  const std::thread::id caller = std::this_thread::get_id();
  for (const ReadKind kind :
       {ReadKind::kIdentify, ReadKind::kLookup, ReadKind::kScan}) {
    absl::Notification read;
    store().Read(
        [&](ReadTxn&) {
          EXPECT_NE(std::this_thread::get_id(), caller);
          return absl::OkStatus();
        },
        [&](const absl::Status& status) {
          EXPECT_THAT(status, IsOk());
          EXPECT_NE(std::this_thread::get_id(), caller);
          read.Notify();
        },
        {.kind = kind});
    read.WaitForNotification();
  }
  absl::Notification written;
  store().Write(
      [&](WriteTxn& txn) {
        EXPECT_NE(std::this_thread::get_id(), caller);
        return txn.EnsureAccount(account_, SampleTime());
      },
      [&](const absl::Status& status) {
        EXPECT_THAT(status, IsOk());
        EXPECT_NE(std::this_thread::get_id(), caller);
        written.Notify();
      },
      {.account_id = account_});
  written.WaitForNotification();
}

// One that a read or write before it keeps busy.
TEST_P(StoreConformance, NoCallerWaitsForABusyStore) {
  absl::Notification inside;
  absl::Notification go_on;
  absl::BlockingCounter pending(3);
  const auto done = [&](const absl::Status& status) {
    EXPECT_THAT(status, IsOk());
    pending.DecrementCount();
  };
  store().Write(
      [&](WriteTxn&) {
        inside.Notify();
        go_on.WaitForNotification();
        return absl::OkStatus();
      },
      done);
  inside.WaitForNotification();
  store().Write([](WriteTxn&) { return absl::OkStatus(); }, done);
  store().Read([](ReadTxn&) { return absl::OkStatus(); }, done);
  go_on.Notify();
  pending.Wait();
}

TEST_P(StoreConformance, WhatWasAcknowledgedIsThereWhenItIsOpenedAnew) {
  if (!GetParam().outlives_process) GTEST_SKIP() << "keeps nothing";
  const Subject subject = {SubjectType::kUser, "someone"};
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  const AuthorizationRecord grant = SampleCapability(account_, 11, subject);
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(Insert(record), IsOk());
  for (int times = 0; times < 2; ++times) {
    Reopen();
    EXPECT_THAT(Get(account_, record.id), IsOkAndHolds(record));
    EXPECT_THAT(Find(record.token.public_id), IsOkAndHolds(record));
  }
  ASSERT_THAT(Insert(grant), IsOk());
  ASSERT_THAT(Write([](WriteTxn& txn) {
                return txn.SetWatermark("task", SampleTime(3));
              }),
              IsOk());
  Reopen();
  EXPECT_THAT(Held({subject}, account_), IsOkAndHolds(std::vector{grant}));
  EXPECT_THAT(Ask([](ReadTxn& txn) { return txn.GetWatermark("task"); }),
              IsOkAndHolds(SampleTime(3)));
}

TEST_P(StoreConformance, TwoStoresOnOneDatabaseAreOne) {
  if (!GetParam().shares_database) GTEST_SKIP() << "has it to itself";
  const std::unique_ptr<Store> other = OpenAnother();
  std::atomic<int> told = 0;
  other->Subscribe(std::nullopt, [&](const ChangeNotice&) { ++told; });
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const ServiceAccountRecord record = SampleServiceAccount(account_, 10);
  ASSERT_THAT(Insert(record), IsOk());
  EXPECT_EQ(told, 1);  // Before it was acknowledged.
  EXPECT_THAT(
      ReadAndWait(*other,
                  [&](ReadTxn& txn) {
                    return txn.GetServiceAccount(account_, record.id).status();
                  }),
      IsOk());
  const auto lock = store().TryLock("task");
  EXPECT_NE(*lock, nullptr);
  EXPECT_EQ(*other->TryLock("task"), nullptr);
  other->Drain();
}

TEST_P(StoreConformance, ALockIsHeldByOneAtATime) {
  const auto take = [this](const char* name) {
    absl::StatusOr<std::unique_ptr<StoreLock>> lock = store().TryLock(name);
    EXPECT_THAT(lock, IsOk());
    return *std::move(lock);
  };
  std::unique_ptr<StoreLock> first = take("task");
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(take("task"), nullptr);
  const std::unique_ptr<StoreLock> other = take("another task");
  EXPECT_NE(other, nullptr);
  first.reset();
  EXPECT_NE(take("task"), nullptr);
  // Which the line before has let go.
  std::atomic<int> holders = 0;
  std::atomic<int> taken = 0;
  InParallel([&](int) {
    for (int i = 0; i < kWritesPerThread; ++i) {
      const std::unique_ptr<StoreLock> lock = take("task");
      if (lock == nullptr) continue;
      EXPECT_EQ(++holders, 1);
      ++taken;
      --holders;
    }
  });
  EXPECT_GT(taken, 0);
}

TEST_P(StoreConformance, SeveralMayDrainAtOnce) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  InParallel([this](int) { store().Drain(); });
  EXPECT_THAT(store().Health().failure(), StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet::storage
