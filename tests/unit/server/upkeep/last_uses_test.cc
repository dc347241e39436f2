// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/last_uses.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"

namespace signet::upkeep {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// As noted: SampleTime has nanoseconds.
absl::Time Micros(int64_t seconds) { return WholeMicros(SampleTime(seconds)); }

class LastUsesTest : public testing::Test {
 protected:
  // Puts service accounts 1 to `count` into the store.
  void Insert(uint32_t count) {
    EXPECT_THAT(
        storage::WriteAndWait(store_,
                              [this, count](storage::WriteTxn& txn) {
                                absl::Status status =
                                    txn.EnsureAccount(kAccount, SampleTime());
                                for (uint32_t i = 1; i <= count; ++i) {
                                  status.Update(txn.InsertServiceAccount(
                                      SampleServiceAccount(kAccount, i)));
                                }
                                return status;
                              }),
        IsOk());
    writes_before_ = store_.writes();
  }

  void Note(uint32_t number, absl::Time at) {
    uses_.Note(kAccount, SampleId(number), at);
  }

  std::optional<absl::Time> Stored(uint32_t number) {
    std::optional<absl::Time> at;
    EXPECT_THAT(storage::ReadAndWait(store_,
                                     [&](storage::ReadTxn& txn) {
                                       const auto found = txn.GetServiceAccount(
                                           kAccount, SampleId(number));
                                       if (found.ok()) at = found->last_used_at;
                                       return found.status();
                                     }),
                IsOk());
    return at;
  }

  int writes() const { return store_.writes() - writes_before_; }

  const Uuid kAccount = SampleId(1'000'000);
  FaultyStore store_;
  RecordingLogger logger_;
  LastUses uses_{&logger_};
  int writes_before_ = 0;
};

TEST_F(LastUsesTest, IsWrittenByAFlush) {
  Insert(2);
  EXPECT_EQ(uses_.Latest(SampleId(1)), std::nullopt);
  Note(1, SampleTime(5));
  EXPECT_EQ(uses_.Latest(SampleId(1)), Micros(5));
  EXPECT_EQ(uses_.Latest(SampleId(2)), std::nullopt);
  EXPECT_EQ(Stored(1), std::nullopt);

  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(Stored(1), Micros(5));
  EXPECT_EQ(Stored(2), std::nullopt);
  EXPECT_EQ(uses_.Latest(SampleId(1)), Micros(5));
}

TEST_F(LastUsesTest, ManyUsesAreOneWrite) {
  Insert(3);
  for (int i = 0; i < 1000; ++i) Note(1 + i % 3, SampleTime(i));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(writes(), 1);
  EXPECT_EQ(Stored(1), Micros(999));
}

TEST_F(LastUsesTest, OnlyGoesForward) {
  Insert(1);
  Note(1, SampleTime(9));
  Note(1, SampleTime(5));
  EXPECT_EQ(uses_.Latest(SampleId(1)), Micros(9));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  Note(1, SampleTime(7));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(Stored(1), Micros(9));
}

TEST_F(LastUsesTest, WhatIsWrittenIsNotWrittenAgain) {
  Insert(1);
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(writes(), 0);
  Note(1, SampleTime(5));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(writes(), 1);
}

TEST_F(LastUsesTest, WritesInBoundedTransactions) {
  Insert(1201);
  for (uint32_t i = 1; i <= 1201; ++i) Note(i, SampleTime(i));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(writes(), 13);
  for (uint32_t i = 1; i <= 1201; ++i) ASSERT_EQ(Stored(i), Micros(i));
}

TEST_F(LastUsesTest, WritesInTheOrderOfTheRows) {
  Insert(1201);
  for (uint32_t i = 1201; i > 0; --i) Note(i, SampleTime(i));
  store_.write_outcomes = {absl::OkStatus()};  // The first one goes nowhere.
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  std::vector<uint32_t> first;
  for (uint32_t i = 1; i <= 1201; ++i) {
    if (!Stored(i).has_value()) first.push_back(i);
  }
  EXPECT_EQ(first.front(), 1U);
  EXPECT_THAT(first, SizeIs(first.back()));
}

TEST_F(LastUsesTest, WhatCouldNotBeWrittenStaysForTheNextFlush) {
  Insert(1201);
  for (uint32_t i = 1; i <= 1201; ++i) Note(i, SampleTime(i));
  const absl::Status down = absl::UnavailableError("down");
  store_.write_outcomes = {down};
  EXPECT_EQ(uses_.Flush(store_), down);
  EXPECT_EQ(writes(), 1);
  EXPECT_EQ(uses_.Latest(SampleId(7)), Micros(7));
  Note(7, SampleTime(5000));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(writes(), 1 + 13);
  EXPECT_EQ(Stored(1), Micros(1));
  EXPECT_EQ(Stored(7), Micros(5000));
}

TEST_F(LastUsesTest, WhoIsGoneIsSkipped) {
  Insert(1);
  Note(2, SampleTime(5));
  Note(1, SampleTime(5));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(Stored(1), Micros(5));
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_EQ(writes(), 1);
}

TEST_F(LastUsesTest, FullMemorySkipsAndSaysSo) {
  constexpr uint32_t kMany = 2 * LastUses::kShards * LastUses::kMaxPerShard;
  for (uint32_t i = 1; i <= kMany; ++i) Note(i, SampleTime());
  uint32_t remembered = 0;
  for (uint32_t i = 1; i <= kMany; ++i) {
    if (uses_.Latest(SampleId(i)).has_value()) ++remembered;
  }
  EXPECT_LE(remembered, LastUses::kShards * LastUses::kMaxPerShard);
  EXPECT_GT(remembered, LastUses::kShards * LastUses::kMaxPerShard / 10 * 9);
  EXPECT_THAT(logger_.lines(), IsEmpty());

  EXPECT_THAT(uses_.Flush(store_), IsOk());
  ASSERT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_EQ(logger_.lines()[0].level, LogLevel::kWarning);
  EXPECT_EQ(logger_.lines()[0].fields.at("uses"),
            std::to_string(kMany - remembered));

  // What is written makes room, once; it is reported once.
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  for (uint32_t i = 1; i <= 100; ++i) {
    Note(kMany + i, SampleTime(1));
    EXPECT_TRUE(uses_.Latest(SampleId(kMany + i)).has_value());
  }
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_THAT(logger_.lines(), SizeIs(1));
}

SteadyEvent::Moment Later() { return SteadyEvent::In(absl::Minutes(1)); }

TEST_F(LastUsesTest, AHalfFullShardWakesTheFlushOnce) {
  EXPECT_FALSE(uses_.AwaitPressure({}));
  constexpr uint32_t kHalf = LastUses::kShards * LastUses::kMaxPerShard / 2;
  for (uint32_t i = 1; i <= kHalf / 2; ++i) Note(i, SampleTime());
  EXPECT_FALSE(uses_.AwaitPressure({}));
  EXPECT_FALSE(uses_.IsCrowded());
  for (uint32_t i = 1; i <= 2 * kHalf; ++i) Note(i, SampleTime());
  EXPECT_TRUE(uses_.AwaitPressure(Later()));
  EXPECT_TRUE(uses_.IsCrowded());
  EXPECT_FALSE(uses_.AwaitPressure({}));

  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  EXPECT_FALSE(uses_.IsCrowded());
  for (uint32_t i = 1; i <= 2 * kHalf; ++i) Note(i, SampleTime(1));
  EXPECT_TRUE(uses_.AwaitPressure(Later()));
}

TEST_F(LastUsesTest, WakeIsNotLost) {
  uses_.Wake();
  EXPECT_TRUE(uses_.AwaitPressure(Later()));
  EXPECT_FALSE(uses_.AwaitPressure({}));
}

TEST_F(LastUsesTest, TakesNotesFromManyThreadsDuringFlushes) {
  constexpr uint32_t kAccounts = 50;
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  Insert(kAccounts);
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        const uint32_t number = 1 + (round * 7 + t) % kAccounts;
        Note(number, SampleTime(round));
        EXPECT_GE(uses_.Latest(SampleId(number)), Micros(round));
      }
      --running;
    });
  }
  while (running > 0) EXPECT_THAT(uses_.Flush(store_), IsOk());
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(uses_.Flush(store_), IsOk());
  for (uint32_t i = 1; i <= kAccounts; ++i) {
    EXPECT_GE(Stored(i), Micros(kRounds - kAccounts));
    EXPECT_EQ(Stored(i), uses_.Latest(SampleId(i)));
  }
}

}  // namespace
}  // namespace signet::upkeep
