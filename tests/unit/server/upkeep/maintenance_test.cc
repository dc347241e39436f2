// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/maintenance.h"

#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "base/trusted_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/upkeep/last_uses.h"
#include "server/upkeep/watermark.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"

namespace signet::upkeep {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class MaintenanceTest : public testing::Test {
 protected:
  MaintenanceTest() {
    EXPECT_THAT(storage::WriteAndWait(store_,
                                      [this](storage::WriteTxn& txn) {
                                        absl::Status status = txn.EnsureAccount(
                                            kAccount, SampleTime());
                                        status.Update(txn.InsertServiceAccount(
                                            SampleServiceAccount(kAccount, 2)));
                                        return status;
                                      }),
                IsOk());
  }

  Maintenance Make(MaintenanceOptions options) {
    return Maintenance(&store_, &last_uses_,
                       Housekeeping(&store_, keyring_.get(), &log_, &logger_,
                                    {.purge_after = absl::Hours(1)}),
                       &clock_, &logger_, options);
  }

  void Use(int seconds) {
    last_uses_.Note(kAccount, SampleId(2), SampleTime(seconds));
  }

  // nullopt where the service account is not there either.
  std::optional<absl::Time> Stored() {
    std::optional<absl::Time> at;
    EXPECT_THAT(storage::ReadAndWait(store_,
                                     [&](storage::ReadTxn& txn) {
                                       const auto found = txn.GetServiceAccount(
                                           kAccount, SampleId(2));
                                       if (found.ok()) at = found->last_used_at;
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return at;
  }

  void Revoke() {
    EXPECT_THAT(storage::WriteAndWait(store_,
                                      [this](storage::WriteTxn& txn) {
                                        auto found = txn.GetServiceAccount(
                                            kAccount, SampleId(2));
                                        found->revoked_at = SampleTime(-86400);
                                        return txn.UpdateServiceAccount(*found);
                                      }),
                IsOk());
  }

  bool IsThere() {
    return storage::ReadAndWait(
               store_,
               [&](storage::ReadTxn& txn) {
                 return txn.GetServiceAccount(kAccount, SampleId(2)).status();
               })
        .ok();
  }

  // Whether `holds` comes true within ten seconds.
  template <typename Holds>
  static bool Await(Holds holds) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (absl::Now() < end) {
      if (holds()) return true;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return false;
  }

  // nullopt where none was written.
  std::optional<absl::Time> Mark() {
    std::optional<absl::Time> mark;
    EXPECT_THAT(storage::ReadAndWait(store_,
                                     [&](storage::ReadTxn& txn) {
                                       return ReadWatermark(txn, kTimeWatermark,
                                                            mark);
                                     }),
                IsOk());
    return mark;
  }

  const Uuid kAccount = SampleId(1);
  FaultyStore store_;
  FakeClock wall_;
  FakeMonotonicClock monotonic_;
  TrustedClock clock_{&wall_, &monotonic_, std::nullopt};
  RecordingLogger logger_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  SeededRandom nonces_;
  const audit::AuditLog log_{keyring_.get(), &nonces_};
  LastUses last_uses_{&logger_};
};

constexpr MaintenanceOptions kNever = {.flush_interval = absl::Hours(1),
                                       .housekeeping_interval = absl::Hours(1)};

TEST_F(MaintenanceTest, RunOnceDoesEverything) {
  Maintenance maintenance = Make(kNever);
  Use(5);
  maintenance.RunOnce();
  EXPECT_NE(Stored(), std::nullopt);
  EXPECT_TRUE(IsThere());
  Revoke();
  maintenance.RunOnce();
  EXPECT_FALSE(IsThere());
}

TEST_F(MaintenanceTest, FlushesOftenAndAtTheEnd) {
  Maintenance maintenance = Make({.flush_interval = absl::Milliseconds(5),
                                  .housekeeping_interval = absl::Hours(1)});
  maintenance.Start();
  Use(1);
  EXPECT_TRUE(Await([this] { return Stored().has_value(); }));
  const std::optional<absl::Time> first = Stored();
  Use(2);
  EXPECT_TRUE(Await([&] { return Stored() > first; }));
  maintenance.Stop();
}

// Four times as many service accounts as memory is for, in turns that half of
// it has room for.
TEST_F(MaintenanceTest, FlushesEarlyRatherThanLoseUses) {
  constexpr uint32_t kTurn = LastUses::kShards * LastUses::kMaxPerShard / 5 * 2;
  Maintenance maintenance = Make(kNever);
  maintenance.Start();
  Use(1);
  for (uint32_t turn = 0; turn < 10; ++turn) {
    for (uint32_t i = 0; i < kTurn; ++i) {
      last_uses_.Note(kAccount, SampleId(1000 + turn * kTurn + i),
                      SampleTime(1));
    }
    ASSERT_TRUE(Await([this] { return !last_uses_.IsCrowded(); })) << turn;
  }
  EXPECT_EQ(Stored(), WholeMicros(SampleTime(1)));
  maintenance.Stop();
  EXPECT_THAT(logger_.lines(), IsEmpty());
}

// Early attempts while shards fill up, and then none after another.
TEST_F(MaintenanceTest, AStoreThatIsDownIsNotPressed) {
  Maintenance maintenance = Make(kNever);
  maintenance.Start();
  store_.Drain();
  for (uint32_t i = 0; i < LastUses::kShards * LastUses::kMaxPerShard; ++i) {
    last_uses_.Note(kAccount, SampleId(1000 + i), SampleTime(1));
  }
  EXPECT_TRUE(Await([this] { return !logger_.lines().empty(); }));
  EXPECT_TRUE(Await([this] {
    const size_t lines = logger_.lines().size();
    absl::SleepFor(absl::Milliseconds(500));
    return logger_.lines().size() == lines;
  }));
  EXPECT_LT(logger_.lines().size(), LastUses::kShards);
}

TEST_F(MaintenanceTest, StopFlushesAtOnceAndOnlyOnce) {
  Maintenance maintenance = Make(kNever);
  maintenance.Start();
  Use(1);
  const absl::Time start = absl::Now();
  maintenance.Stop();
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_NE(Stored(), std::nullopt);
  maintenance.Stop();
}

TEST_F(MaintenanceTest, OneThatNeverStartedFlushesToo) {
  Use(1);
  { Maintenance maintenance = Make(kNever); }
  EXPECT_NE(Stored(), std::nullopt);
}

TEST_F(MaintenanceTest, KeepsHouseAtTheStartAndLaterOn) {
  Revoke();
  Maintenance maintenance =
      Make({.flush_interval = absl::Hours(1),
            .housekeeping_interval = absl::Milliseconds(5)});
  maintenance.Start();
  EXPECT_TRUE(Await([this] { return !IsThere(); }));
  EXPECT_THAT(storage::WriteAndWait(store_,
                                    [this](storage::WriteTxn& txn) {
                                      storage::ServiceAccountRecord dead =
                                          SampleServiceAccount(kAccount, 2);
                                      dead.revoked_at = SampleTime(-86400);
                                      return txn.InsertServiceAccount(dead);
                                    }),
              IsOk());
  EXPECT_TRUE(Await([this] { return !IsThere(); }));
}

// What waits for the store delays nobody but itself.
TEST_F(MaintenanceTest, StopsBehindTheWriteThatItIsAt) {
  store_.Hold();
  Maintenance maintenance = Make(kNever);
  maintenance.Start();
  EXPECT_TRUE(store_.AwaitHeld(1));
  std::thread release([this] {
    absl::SleepFor(absl::Milliseconds(20));
    store_.Release();
  });
  maintenance.Stop();
  release.join();
  EXPECT_THAT(logger_.lines(), IsEmpty());
}

TEST_F(MaintenanceTest, KeepsTheMarkOfTimeFromTheStartToTheEnd) {
  const absl::Time start = wall_.Now();
  Maintenance maintenance = Make(kNever);
  maintenance.Start();
  EXPECT_TRUE(Await([&] { return Mark() == start; }));
  wall_.Advance(absl::Seconds(30));
  maintenance.Stop();
  EXPECT_EQ(Mark(), start + absl::Seconds(30));
}

TEST_F(MaintenanceTest, KeepsTheMarkOfTimeWithEachFlush) {
  Maintenance maintenance = Make({.flush_interval = absl::Milliseconds(5),
                                  .housekeeping_interval = absl::Hours(1)});
  maintenance.Start();
  for (int i = 0; i < 3; ++i) {
    monotonic_.Advance(absl::Seconds(1));
    EXPECT_TRUE(Await([&] { return Mark() == clock_.Mark(); }));
  }
  maintenance.Stop();
}

TEST_F(MaintenanceTest, TheMarkOfTimeIsNeverWrittenBack) {
  const absl::Time later = wall_.Now() + absl::Hours(1);
  EXPECT_THAT(storage::WriteAndWait(store_,
                                    [&](storage::WriteTxn& txn) {
                                      return txn.SetWatermark(kTimeWatermark,
                                                              later);
                                    }),
              IsOk());
  Maintenance maintenance = Make(kNever);
  maintenance.RunOnce();
  EXPECT_EQ(Mark(), later);
}

TEST_F(MaintenanceTest, LogsEachJumpOfTheWallClock) {
  Maintenance maintenance = Make(kNever);
  maintenance.RunOnce();
  EXPECT_THAT(logger_.lines(), IsEmpty());
  wall_.Advance(-absl::Hours(1));
  maintenance.RunOnce();
  maintenance.RunOnce();
  ASSERT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_EQ(logger_.lines()[0].message, "the wall clock was set");
  EXPECT_EQ(logger_.lines()[0].fields.at("by_ms"), "-3600000");
}

TEST_F(MaintenanceTest, WatchesTheClockByItself) {
  MaintenanceOptions options = kNever;
  options.clock_interval = absl::Milliseconds(5);
  Maintenance maintenance = Make(options);
  maintenance.Start();
  wall_.Advance(absl::Hours(100));
  EXPECT_TRUE(Await([this] { return !logger_.lines().empty(); }));
  EXPECT_EQ(logger_.lines()[0].fields.at("by_ms"), "360000000");
  maintenance.Stop();
}

// What it would have deleted is gone for good.
TEST_F(MaintenanceTest, AWrongYearDeletesNothing) {
  EXPECT_THAT(storage::WriteAndWait(store_,
                                    [this](storage::WriteTxn& txn) {
                                      auto found = txn.GetServiceAccount(
                                          kAccount, SampleId(2));
                                      found->revoked_at = wall_.Now();
                                      return txn.UpdateServiceAccount(*found);
                                    }),
              IsOk());
  Maintenance maintenance = Make(kNever);
  for (const absl::Duration wrong :
       {absl::Hours(24 * 365), -absl::Hours(24 * 365)}) {
    wall_.Advance(wrong);
    maintenance.RunOnce();
    wall_.Advance(-wrong);
    EXPECT_TRUE(IsThere());
  }
  wall_.Advance(absl::Hours(1) + absl::Seconds(1));
  monotonic_.Advance(absl::Hours(1) + absl::Seconds(1));
  maintenance.RunOnce();
  EXPECT_FALSE(IsThere());
}

TEST_F(MaintenanceTest, FailuresInARowAreLoggedOnceAndThenCounted) {
  Maintenance maintenance = Make(kNever);
  Use(1);
  const absl::Status full = absl::UnavailableError("the disk is full");
  for (int i = 0; i < 3; ++i) {
    store_.write_outcomes = {full};  // The flush comes first.
    maintenance.RunOnce();
    EXPECT_THAT(logger_.lines(), SizeIs(1));
  }
  EXPECT_EQ(logger_.lines()[0].message,
            "last uses of tokens and the mark of time are not written");
  maintenance.RunOnce();
  maintenance.RunOnce();
  ASSERT_THAT(logger_.lines(), SizeIs(2));
  EXPECT_EQ(logger_.lines()[1].message,
            "last uses of tokens and the mark of time are written again");
  EXPECT_EQ(logger_.lines()[1].fields.at("failed"), "3");
}

TEST_F(MaintenanceTest, FailuresAreLogged) {
  Maintenance maintenance = Make(kNever);
  Use(1);
  store_.Drain();
  maintenance.Stop();
  ASSERT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_EQ(logger_.lines()[0].level, LogLevel::kWarning);
  EXPECT_EQ(logger_.lines()[0].fields.at("code"), "UNAVAILABLE");
}

}  // namespace
}  // namespace signet::upkeep
