// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/group_commit.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/sqlite/fault_vfs.h"
#include "tests/unit/storage/sqlite/store_errors.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::Each;
using testing::ElementsAre;

class GroupCommitTest : public testing::Test {
 protected:
  GroupCommitTest() { Open(); }

  void Open() {
    absl::StatusOr<SqliteConnection> connection =
        OpenDatabase({.connection = {.file = directory_.File("signet.db"),
                                     .vfs = vfs_.name(),
                                     .busy_timeout = absl::Milliseconds(20)},
                      .check_time = absl::Seconds(60)},
                     SchemaMigrations());
    EXPECT_THAT(connection, IsOk());
    absl::StatusOr<std::unique_ptr<GroupCommit>> group_commit =
        GroupCommit::Create(*std::move(connection), {.look = [this] {
          return looks_left_-- > 0 ? absl::OkStatus()
                                   : DatabaseRefused("the file is gone");
        }});
    EXPECT_THAT(group_commit, IsOk());
    group_commit_ = *std::move(group_commit);
  }

  // Makes the next look at a page read it.
  void ForgetPages() {
    sqlite3_db_release_memory(group_commit_->connection().handle());
  }

  // As after the death of the process.
  void Reopen() {
    group_commit_.reset();
    Open();
  }

  // Runs the bodies as one group.
  std::vector<absl::Status> Run(std::vector<storage::Store::WriteBody> bodies) {
    std::vector<PendingWrite> group;
    for (storage::Store::WriteBody& body : bodies) {
      group.push_back(
          {.body = std::move(body), .done = nullptr, .expired = nullptr});
    }
    result_ = group_commit_->Run(group);
    std::vector<absl::Status> outcomes;
    for (PendingWrite& write : group) outcomes.push_back(write.outcome);
    return outcomes;
  }
  template <typename... Bodies>
  std::vector<absl::Status> RunGroup(Bodies... bodies) {
    std::vector<storage::Store::WriteBody> list;
    (list.emplace_back(std::move(bodies)), ...);
    return Run(std::move(list));
  }

  static auto Ensure(uint32_t number) {
    return [number](storage::WriteTxn& txn) {
      return txn.EnsureAccount(SampleId(number), SampleTime());
    };
  }
  static auto EnsureThenFail(uint32_t number) {
    return [number](storage::WriteTxn& txn) {
      EXPECT_THAT(txn.EnsureAccount(SampleId(number), SampleTime()), IsOk());
      return absl::CancelledError("changed my mind");
    };
  }

  int64_t Accounts() {
    const auto count = group_commit_->connection().QueryInteger(
        "SELECT count(*) FROM accounts");
    EXPECT_THAT(count, IsOk());
    return count.value_or(-1);
  }

  TempDir directory_;
  FaultVfs vfs_;
  int looks_left_ = 1000;  // That find the files in their places.
  std::unique_ptr<GroupCommit> group_commit_;
  GroupResult result_;
};

TEST_F(GroupCommitTest, AGroupCostsOneSync) {
  const int before = vfs_.Count(FaultVfs::kLog, FaultVfs::kSync);
  EXPECT_THAT(RunGroup(Ensure(1), Ensure(2), Ensure(3)), Each(IsOk()));
  const int first = vfs_.Count(FaultVfs::kLog, FaultVfs::kSync);
  EXPECT_GT(first, before);
  EXPECT_THAT(RunGroup(Ensure(4), Ensure(5), Ensure(6)), Each(IsOk()));
  EXPECT_EQ(vfs_.Count(FaultVfs::kLog, FaultVfs::kSync), first + 1);
  EXPECT_EQ(Accounts(), 6);
}

// It may have put back what had ended.
TEST_F(GroupCommitTest, WhatAnotherConnectionCommittedStopsTheStore) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  {
    absl::StatusOr<SqliteConnection> other =
        SqliteConnection::Open({.file = directory_.File("signet.db"),
                                .vfs = {},
                                .busy_timeout = absl::Milliseconds(20)},
                               SqliteConnection::Access::kReadWrite);
    ASSERT_THAT(other, IsOk());
    ASSERT_THAT(other->Execute("DELETE FROM accounts"), IsOk());
  }
  EXPECT_THAT(RunGroup(Ensure(2), Ensure(3)), Each(kStoreIsDown));
  EXPECT_TRUE(result_.fatal);
  EXPECT_THAT(result_.status,
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
  EXPECT_EQ(Accounts(), 0);
}

TEST_F(GroupCommitTest, WithoutItsFilesNothingIsWritten) {
  looks_left_ = 0;
  EXPECT_THAT(RunGroup(Ensure(1), Ensure(2)), Each(kStoreIsDown));
  EXPECT_TRUE(result_.fatal);
  EXPECT_THAT(result_.status,
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
  EXPECT_EQ(Accounts(), 0);
}

// Gone while it was written: nobody will find it.
TEST_F(GroupCommitTest, WhatWentToFilesThatAreGoneIsNotAcknowledged) {
  looks_left_ = 1;
  EXPECT_THAT(RunGroup(Ensure(1), Ensure(2)), Each(kOutcomeUnknown));
  EXPECT_TRUE(result_.fatal);
  EXPECT_THAT(result_.status,
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
}

TEST_F(GroupCommitTest, WhatAnotherConnectionReadsStopsNothing) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  absl::StatusOr<SqliteConnection> other =
      SqliteConnection::Open({.file = directory_.File("signet.db"),
                              .vfs = {},
                              .busy_timeout = absl::Milliseconds(20)},
                             SqliteConnection::Access::kReadOnly);
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(other->QueryInteger("SELECT count(*) FROM accounts"), IsOk());
  EXPECT_THAT(RunGroup(Ensure(2)), Each(IsOk()));
}

TEST_F(GroupCommitTest, AGroupThatChangesNothingCostsNoSync) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  const int before = vfs_.Count(FaultVfs::kLog, FaultVfs::kSync);
  EXPECT_THAT(
      RunGroup([](storage::WriteTxn& txn) { return txn.IsEmpty().status(); },
               Ensure(1)),
      Each(IsOk()));
  EXPECT_EQ(vfs_.Count(FaultVfs::kLog, FaultVfs::kSync), before);
}

TEST_F(GroupCommitTest, ABodyThatFailsIsUndoneAlone) {
  EXPECT_THAT(
      RunGroup(Ensure(1), EnsureThenFail(2), Ensure(3), EnsureThenFail(4)),
      ElementsAre(IsOk(), StatusIs(StatusCode::kCancelled), IsOk(),
                  StatusIs(StatusCode::kCancelled)));
  EXPECT_THAT(result_.status, IsOk());
  EXPECT_EQ(Accounts(), 2);
}

TEST_F(GroupCommitTest, BodiesRunTwiceOnlyWhereOneFailedAfterAChange) {
  int runs = 0;
  const auto counted = [&](storage::WriteTxn& txn) {
    ++runs;
    return txn.EnsureAccount(SampleId(1), SampleTime());
  };
  RunGroup(counted,
           [](storage::WriteTxn&) { return absl::AbortedError("looked"); });
  EXPECT_EQ(runs, 1);
  RunGroup(counted, EnsureThenFail(2));
  EXPECT_EQ(runs, 3);
}

TEST_F(GroupCommitTest, ALaterBodySeesWhatAnEarlierOneWrote) {
  EXPECT_THAT(
      RunGroup(
          Ensure(1),
          [](storage::WriteTxn& txn) {
            return txn.InsertServiceAccount(
                SampleServiceAccount(SampleId(1), 10));
          },
          [](storage::WriteTxn& txn) {
            return txn.InsertServiceAccount(
                SampleServiceAccount(SampleId(1), 10));
          }),
      ElementsAre(IsOk(), IsOk(), StatusIs(StatusCode::kAlreadyExists)));
}

TEST_F(GroupCommitTest, AnExpiredWriteIsLeftOut) {
  std::vector<PendingWrite> group;
  group.push_back({.body = Ensure(1), .done = nullptr, .expired = nullptr});
  group.push_back(
      {.body = Ensure(2), .done = nullptr, .expired = [] { return true; }});
  group.push_back(
      {.body = Ensure(3), .done = nullptr, .expired = [] { return false; }});
  EXPECT_THAT(group_commit_->Run(group).status, IsOk());
  EXPECT_THAT(group[0].outcome, IsOk());
  EXPECT_THAT(group[1].outcome, StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(group[2].outcome, IsOk());
  EXPECT_EQ(Accounts(), 2);
}

TEST_F(GroupCommitTest, AFullDiskRefusesTheGroupAndLeavesNoTrace) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  EXPECT_THAT(RunGroup(Ensure(2), EnsureThenFail(3), Ensure(4)),
              Each(kStoreIsDown));
  EXPECT_FALSE(result_.fatal);
  EXPECT_TRUE(result_.disk_full);
  EXPECT_EQ(Accounts(), 1);

  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(RunGroup(Ensure(5)), Each(IsOk()));
  EXPECT_EQ(Accounts(), 2);
  Reopen();
  EXPECT_EQ(Accounts(), 2);
}

// It is met by whoever first needs room: BEGIN, a body or COMMIT.
TEST_F(GroupCommitTest, AFullDiskIsToldAtWhateverStepItIsMet) {
  int spared = 0;
  for (;; ++spared) {
    ForgetPages();
    vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_FULL, spared);
    const std::vector<absl::Status> outcomes = RunGroup(Ensure(1), Ensure(2));
    if (outcomes[0].ok()) break;
    ASSERT_THAT(outcomes, Each(kStoreIsDown));
    EXPECT_TRUE(result_.disk_full) << "after " << spared;
    EXPECT_FALSE(result_.fatal);
    vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_OK);
    ASSERT_EQ(Accounts(), 0);
  }
  EXPECT_GE(spared, 2);
}

// The disk may fill up at any of the writes that make up a commit.
TEST_F(GroupCommitTest, ADiskThatFillsUpHalfWayLeavesNoTrace) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  const auto insert_many = [](storage::WriteTxn& txn) {
    for (uint32_t number = 0; number < 200; ++number) {
      absl::Status s =
          txn.InsertServiceAccount(SampleServiceAccount(SampleId(1), number));
      if (!s.ok()) return s;
    }
    return absl::OkStatus();
  };
  int spared = 0;
  for (;; ++spared) {
    vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL, spared);
    const std::vector<absl::Status> outcomes = RunGroup(insert_many);
    if (outcomes[0].ok()) break;
    ASSERT_THAT(outcomes[0], kStoreIsDown);
    ASSERT_FALSE(result_.fatal);
    vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
    Reopen();
    ASSERT_THAT(group_commit_->connection().QueryInteger(
                    "SELECT count(*) FROM service_accounts"),
                IsOkAndHolds(0));
  }
  EXPECT_GT(spared, 10);
}

TEST_F(GroupCommitTest, AFailedSyncLeavesTheOutcomeOpenAndIsFatal) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kSync, SQLITE_IOERR_FSYNC);
  EXPECT_THAT(RunGroup(Ensure(2), EnsureThenFail(3)), Each(kOutcomeUnknown));
  EXPECT_TRUE(result_.fatal);
  EXPECT_THAT(result_.status, kStoreIsDown);

  // Why it must be called open: here the write is there after all.
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kSync, SQLITE_OK);
  Reopen();
  EXPECT_EQ(Accounts(), 2);
}

TEST_F(GroupCommitTest, AWriteErrorDuringCommitIsFatal) {
  EXPECT_THAT(RunGroup(Ensure(1)), Each(IsOk()));
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_IOERR_WRITE);
  EXPECT_THAT(RunGroup(Ensure(2)), Each(kOutcomeUnknown));
  EXPECT_TRUE(result_.fatal);
}

TEST_F(GroupCommitTest, AReadErrorRefusesTheGroupAndLeavesNoTrace) {
  ForgetPages();
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_IOERR_READ);
  EXPECT_THAT(RunGroup(Ensure(1), Ensure(2)), Each(kStoreIsDown));
  EXPECT_FALSE(result_.fatal);
  EXPECT_FALSE(result_.disk_full);
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_OK);
  EXPECT_THAT(RunGroup(Ensure(3)), Each(IsOk()));
  EXPECT_EQ(Accounts(), 1);
}

TEST_F(GroupCommitTest, ABodyCannotHideThatTheMediumFailed) {
  ForgetPages();
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_IOERR_READ);
  EXPECT_THAT(RunGroup([](storage::WriteTxn& txn) {
                txn.EnsureAccount(SampleId(1), SampleTime()).IgnoreError();
                return absl::OkStatus();
              }),
              Each(kStoreIsDown));
}

TEST_F(GroupCommitTest, DamageIsFatal) {
  ForgetPages();
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_CORRUPT);
  EXPECT_THAT(RunGroup(Ensure(1)), Each(StatusIs(StatusCode::kDataLoss)));
  EXPECT_TRUE(result_.fatal);
}

TEST_F(GroupCommitTest, ALockHeldByAnotherProcessRefusesTheGroup) {
  absl::StatusOr<SqliteConnection> other = SqliteConnection::Open(
      {.file = directory_.File("signet.db"), .vfs = "", .busy_timeout = {}},
      SqliteConnection::Access::kReadWrite);
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(other->Execute("BEGIN IMMEDIATE"), IsOk());
  EXPECT_THAT(RunGroup(Ensure(1), Ensure(2)), Each(kStoreIsDown));
  EXPECT_FALSE(result_.fatal);
  ASSERT_THAT(other->Execute("COMMIT"), IsOk());
  EXPECT_THAT(RunGroup(Ensure(3)), Each(IsOk()));
  EXPECT_EQ(Accounts(), 1);
}

}  // namespace
}  // namespace signet::sqlite
