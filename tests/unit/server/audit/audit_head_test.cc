// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_head.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/audit_head_check.h"
#include "server/upkeep/audit_retention.h"
#include "tests/support/recording_logger.h"
#include "tests/unit/server/domain/audit_world.h"

namespace signet::audit {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class AuditHeadTest : public testing::Test, protected domain::AuditWorld {
 protected:
  AuditHeadTest() {
    Append(kOther, 100);
    for (int i = 1; i <= 3; ++i) Append(kAccount, i);
  }

  AuditHead Head() {
    std::optional<AuditHead> head;
    EXPECT_THAT(storage::ReadAndWait(store,
                                     [&](storage::ReadTxn& txn) {
                                       auto found = heads.Read(txn);
                                       if (found.ok()) head = *found;
                                       return found.status();
                                     }),
                IsOk());
    return head.value_or(AuditHead());
  }

  std::vector<storage::AuditHeadRecord> Records() {
    std::vector<storage::AuditHeadRecord> records;
    EXPECT_THAT(storage::ReadAndWait(store,
                                     [&](storage::ReadTxn& txn) {
                                       records = *txn.ListAuditHeads();
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return records;
  }

  // What is wrong with the logs all together.
  std::vector<std::string> Faults() {
    std::vector<std::string> faults;
    EXPECT_THAT(VerifyAuditHead(store, *keyring, heads,
                                [&faults](const AuditFault& fault) {
                                  faults.emplace_back(fault.what);
                                }),
                IsOk());
    return faults;
  }

  absl::Status Trim(absl::Time now, absl::Time keep_from) {
    return upkeep::TrimAuditLogs(store, *keyring, log, now, keep_from, logger,
                                 [] { return false; });
  }

  RecordingLogger logger;
  SeededRandom random;
  const AuditHeads heads{keyring.get(), &random};
};

TEST_F(AuditHeadTest, CountsAndAddsUp) {
  const AuditHead head = Head();
  EXPECT_EQ(head.events, 4);
  EXPECT_EQ(head.accounts, 2);
  EXPECT_EQ(head.changes, 4);
  crypto::Sha256Digest sum = {};
  AddTo(sum, DigestOf(*keyring, *Chain(kAccount)));
  AddTo(sum, DigestOf(*keyring, *Chain(kOther)));
  EXPECT_EQ(head.digest, sum);
  EXPECT_THAT(Faults(), IsEmpty());
}

// Parts of several writers add up to the whole, whoever wrote what.
TEST_F(AuditHeadTest, SeveralWritersAddUp) {
  AuditHead all = Head();
  AuditHead first = {.events = 1,
                     .accounts = 1,
                     .changes = 1,
                     .digest = {1, 2, 3},
                     .database = all.database,
                     .sealed_at = all.sealed_at};
  AuditHead second = first;
  second.events = 3;
  second.changes = 3;
  second.digest = all.digest;
  AddTo(second.digest, first.digest);
  const std::vector<AuditHead> parts = {first, second};
  EXPECT_THAT(SumOf(parts), IsOkAndHolds(std::optional(all)));
  const std::vector<AuditHead> mixed = {first, AuditHead()};
  EXPECT_THAT(SumOf(mixed), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(SumOf({}), IsOkAndHolds(std::nullopt));
}

TEST_F(AuditHeadTest, TrimmingMovesItToo) {
  const AuditHead before = Head();
  ASSERT_THAT(Trim(SampleTime(50), SampleTime(3)), IsOk());
  EXPECT_GT(Chain(kAccount)->first_sequence, 1);
  EXPECT_EQ(Head().events, before.events);
  EXPECT_GT(Head().changes, before.changes);
  EXPECT_THAT(Faults(), IsEmpty());
}

// One that begins anew says since when.
TEST_F(AuditHeadTest, TrimmingAnAlteredOneHappensNow) {
  storage::AuditHeadRecord altered = Records()[0];
  altered.events += 100;
  Write([&](storage::WriteTxn& txn) { return txn.PutAuditHead(altered); });
  ASSERT_THAT(Trim(SampleTime(50), SampleTime(3)), IsOk());
  EXPECT_EQ(Head().sealed_at, WholeMicros(SampleTime(50)));
}

TEST_F(AuditHeadTest, AnOlderRecordOfBothEndsIsFound) {
  const storage::AuditChainRecord older = *Chain(kAccount);
  Append(kAccount, 4);
  PutChain(older);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
}

// Also once the log has gone on from there, however often, and if the latest
// one comes back after that.
TEST_F(AuditHeadTest, AForkIsFoundForEver) {
  const storage::AuditChainRecord older = *Chain(kAccount);
  const std::vector<storage::AuditEventRecord> fewer = Events(kAccount);
  Append(kAccount, 4);
  const storage::AuditChainRecord latest = *Chain(kAccount);
  const std::vector<storage::AuditEventRecord> all = Events(kAccount);
  PutEvents(kAccount, fewer);
  PutChain(older);
  Append(kAccount, 5);
  EXPECT_THAT(Faulty(), IsEmpty());  // The log alone looks whole.
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
  Append(kAccount, 6);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
  PutEvents(kAccount, all);
  PutChain(latest);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
  Append(kAccount, 7);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
}

TEST_F(AuditHeadTest, AnAlteredRecordOfBothEndsIsNotForgotten) {
  storage::AuditChainRecord altered = *Chain(kAccount);
  altered.first_sequence = 2;
  PutChain(altered);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
  Append(kAccount, 5);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
}

TEST_F(AuditHeadTest, AnAccountWithoutALogIsAFault) {
  Write([](storage::WriteTxn& txn) {
    return txn.EnsureAccount(SampleId(3), SampleTime());
  });
  EXPECT_THAT(Faults(), ElementsAre("the account has no audit log"));
}

TEST_F(AuditHeadTest, WhatAHeadHoldsIsHidden) {
  std::set<std::string> ciphertexts;
  for (int i = 0; i < 20; ++i) {
    const storage::AuditHeadRecord record = heads.ToRecord(Head());
    ciphertexts.insert(record.ciphertext);
    EXPECT_THAT(heads.FromRecord(record), IsOkAndHolds(Head()));
    // By another process, with the same keys.
    EXPECT_THAT(AuditHeads(keyring.get(), &random).FromRecord(record),
                IsOkAndHolds(Head()));
  }
  EXPECT_EQ(ciphertexts.size(), 20);
}

TEST_F(AuditHeadTest, AnAlteredHeadDoesNotOpen) {
  const storage::AuditHeadRecord good = Records()[0];
  std::vector<storage::AuditHeadRecord> altered;
  for (size_t i = 0; i < good.ciphertext.size(); ++i) {
    altered.push_back(good);
    altered.back().ciphertext[i] ^= 1;
    altered.push_back(good);
    altered.back().ciphertext.resize(i);
  }
  for (int i = 0; i < 3; ++i) altered.push_back(good);
  altered.end()[-1].events += 1;
  altered.end()[-2].accounts += 1;
  altered.end()[-3].writer = "x";
  for (const storage::AuditHeadRecord& record : altered) {
    EXPECT_THAT(heads.FromRecord(record),
                StatusIs(StatusCode::kUnauthenticated));
  }
  const auto other = crypto::MacKeyring::ForTest("other");
  EXPECT_THAT(AuditHeads(other.get(), &random).FromRecord(good),
              StatusIs(StatusCode::kUnauthenticated));
}

// Nobody is kept from writing, and it is found for ever.
TEST_F(AuditHeadTest, OneThatWasAlteredOrPutBackStaysWrong) {
  const storage::AuditHeadRecord older = Records()[0];
  Append(kAccount, 4);
  Write([&](storage::WriteTxn& txn) { return txn.PutAuditHead(older); });
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));
  Append(kAccount, 5);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("where they were")));

  storage::AuditHeadRecord altered = Records()[0];
  altered.events += 100;
  Write([&](storage::WriteTxn& txn) { return txn.PutAuditHead(altered); });
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("the audit head was altered")));
  Append(kAccount, 6);
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("logs are missing")));
}

}  // namespace
}  // namespace signet::audit
