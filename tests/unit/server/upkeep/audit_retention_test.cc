// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/audit_retention.h"

#include <vector>

#include "base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/recording_logger.h"
#include "tests/unit/server/domain/audit_world.h"

namespace signet::upkeep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AuditRetentionTest : public testing::Test, protected domain::AuditWorld {
 protected:
  absl::Status TrimBefore(int seconds) {
    // Events have whole microseconds.
    const absl::Time before = WholeMicros(SampleTime(seconds));
    return TrimAuditLogs(store, *keyring, log, SampleTime(1000), before, logger,
                         [this] { return stop_after-- <= 0; });
  }

  std::vector<uint64_t> Left(const Uuid& account) {
    std::vector<uint64_t> sequences;
    for (const storage::AuditEventRecord& event : Events(account)) {
      sequences.push_back(event.sequence);
    }
    return sequences;
  }

  RecordingLogger logger;
  int stop_after = 1'000'000;
};

TEST_F(AuditRetentionTest, RemovesTheFrontAndTheRestIsWhole) {
  for (int i = 1; i <= 5; ++i) Append(kAccount, i);
  for (int i = 3; i <= 4; ++i) Append(kOther, i);
  EXPECT_THAT(TrimBefore(3), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(3, 4, 5));
  EXPECT_THAT(Left(kOther), ElementsAre(1, 2));
  EXPECT_EQ(Chain(kAccount)->first_sequence, 3u);
  EXPECT_THAT(Verify(), IsEmpty());

  Append(kAccount, 6);
  EXPECT_THAT(TrimBefore(5), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(5, 6));
  EXPECT_THAT(Verify(), IsEmpty());
  EXPECT_THAT(logger.lines(), IsEmpty());
}

TEST_F(AuditRetentionTest, NeverRemovesTheLastEvent) {
  for (int i = 1; i <= 3; ++i) Append(kAccount, i);
  EXPECT_THAT(TrimBefore(100), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(3));
  EXPECT_THAT(TrimBefore(100), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(3));
  EXPECT_THAT(Verify(), IsEmpty());
}

// Times go back where the clock does.
TEST_F(AuditRetentionTest, StopsAtTheFirstThatIsNotOld) {
  for (const int i : {1, 9, 2, 10}) Append(kAccount, i);
  EXPECT_THAT(TrimBefore(5), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(2, 3, 4));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(AuditRetentionTest, RemovesLongLogsBitByBit) {
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (int i = 0; i < 1300; ++i) {
      status.Update(log.AppendSystem(txn, kAccount, SampleTime(), {}));
    }
    return status;
  });
  const int writes = store.writes();
  EXPECT_THAT(TrimBefore(1), IsOk());
  EXPECT_EQ(store.writes(), writes + 13);
  EXPECT_THAT(Left(kAccount), ElementsAre(1300));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(AuditRetentionTest, CoversManyAccounts) {
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (int i = 0; i < 250; ++i) {
      const Uuid account = SampleId(1000 + i);
      status.Update(txn.EnsureAccount(account, SampleTime()));
      status.Update(log.AppendSystem(txn, account, SampleTime(1), {}));
      status.Update(log.AppendSystem(txn, account, SampleTime(2), {}));
    }
    return status;
  });
  store.run_bodies_twice = true;
  EXPECT_THAT(TrimBefore(2), IsOk());
  store.run_bodies_twice = false;
  for (int i = 0; i < 250; ++i) {
    EXPECT_THAT(Left(SampleId(1000 + i)), ElementsAre(2));
  }
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(AuditRetentionTest, WhatWasTamperedWithIsKeptAsEvidence) {
  for (int i = 1; i <= 5; ++i) Append(kAccount, i);
  for (int i = 1; i <= 5; ++i) Append(kOther, i);
  std::vector<storage::AuditEventRecord> events = Events(kAccount);
  events[2].actor = "x";
  PutEvents(kAccount, events);
  EXPECT_THAT(TrimBefore(5), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(3, 4, 5));
  EXPECT_THAT(Left(kOther), ElementsAre(5));
  EXPECT_THAT(Faulty(), ElementsAre(3));
  ASSERT_THAT(logger.lines(), SizeIs(1));
  EXPECT_EQ(logger.lines()[0].level, LogLevel::kError);
  EXPECT_EQ(logger.lines()[0].fields.at("account_id"), kAccount.ToString());
}

TEST_F(AuditRetentionTest, WhatWasFoundBrokenIsKeptAsEvidence) {
  for (int i = 1; i <= 3; ++i) Append(kAccount, i);
  storage::AuditChainRecord chain = *Chain(kAccount);
  chain.mac[0] ^= 1;
  PutChain(chain);
  for (int i = 4; i <= 6; ++i) Append(kAccount, i);
  EXPECT_THAT(TrimBefore(100), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(4, 5, 6, 7));
  EXPECT_THAT(Verify(), SizeIs(1));
  EXPECT_THAT(logger.lines(), SizeIs(1));
}

TEST_F(AuditRetentionTest, ALogThatDoesNotVerifyGetsNoGoodMac) {
  for (int i = 1; i <= 3; ++i) Append(kAccount, i);
  storage::AuditChainRecord chain = *Chain(kAccount);
  chain.last_mac[0] ^= 1;
  PutChain(chain);
  EXPECT_THAT(TrimBefore(5), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(1, 2, 3));
  EXPECT_EQ(Chain(kAccount), chain);
  EXPECT_THAT(logger.lines(), SizeIs(1));
}

TEST_F(AuditRetentionTest, StopsWhenTold) {
  for (int i = 1; i <= 3; ++i) Append(kAccount, i);
  stop_after = 0;
  EXPECT_THAT(TrimBefore(5), IsOk());
  EXPECT_THAT(Left(kAccount), ElementsAre(1, 2, 3));
}

TEST_F(AuditRetentionTest, TheStoresErrorsArePassedOn) {
  for (int i = 1; i <= 3; ++i) Append(kAccount, i);
  const absl::Status down = absl::UnavailableError("down");
  store.read_outcomes = {down};
  EXPECT_EQ(TrimBefore(5), down);
  store.write_outcomes = {down};
  EXPECT_EQ(TrimBefore(5), down);
  EXPECT_THAT(Left(kAccount), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace signet::upkeep
