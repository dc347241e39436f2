// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpointer.h"

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/sqlite/fault_vfs.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;

constexpr int kAfterPages = 20;
constexpr uintmax_t kPage = 4096;

class CheckpointerTest : public testing::Test {
 protected:
  CheckpointerTest() {
    absl::StatusOr<SqliteConnection> connection = OpenDatabase(
        {.connection = options_, .check_time = absl::Seconds(60)}, kSteps);
    EXPECT_THAT(connection, IsOk());
    connection_.emplace(*std::move(connection));
    checkpointer_.emplace(&*connection_, kAfterPages, options_.busy_timeout);
  }

  // A commit that adds a page or so to the log.
  void Commit() {
    ASSERT_THAT(
        connection_->Execute("INSERT INTO blobs VALUES (randomblob(3000))"),
        IsOk());
  }
  int Syncs() { return vfs_.Count(FaultVfs::kDatabase, FaultVfs::kSync); }
  uintmax_t LogPages() {
    return std::filesystem::file_size(options_.file + "-wal") / kPage;
  }
  absl::StatusOr<SqliteConnection> OpenReader() {
    return SqliteConnection::Open(options_,
                                  SqliteConnection::Access::kReadOnly);
  }

  static constexpr Migration kSteps[] = {
      {"CREATE TABLE blobs (b BLOB NOT NULL) STRICT;"}};

  TempDir directory_;
  FaultVfs vfs_;
  ConnectionOptions options_ = {.file = directory_.File("signet.db"),
                                .vfs = vfs_.name(),
                                .busy_timeout = absl::Seconds(60)};
  std::optional<SqliteConnection> connection_;
  std::optional<Checkpointer> checkpointer_;
};

TEST_F(CheckpointerTest, LeavesAShortLogAlone) {
  const int before = Syncs();
  Commit();
  EXPECT_THAT(checkpointer_->MaybeRun(), IsOk());
  EXPECT_EQ(Syncs(), before);
}

TEST_F(CheckpointerTest, LetsAShortLogStartOverWhenAsked) {
  for (int i = 0; i < 5; ++i) Commit();
  const int pages = checkpointer_->log_pages();
  const uintmax_t size = LogPages();
  checkpointer_->StartOver();
  Commit();
  EXPECT_LT(checkpointer_->log_pages(), pages);
  EXPECT_EQ(LogPages(), size);
}

TEST_F(CheckpointerTest, KeepsTheLogShort) {
  const int before = Syncs();
  for (int i = 0; i < 500; ++i) {
    Commit();
    ASSERT_THAT(checkpointer_->MaybeRun(), IsOk());
  }
  EXPECT_LT(LogPages(), 2u * kAfterPages);
  EXPECT_GT(Syncs() - before, 10);
}

TEST_F(CheckpointerTest, AReaderThatStaysDelaysNoCommitForLong) {
  absl::StatusOr<SqliteConnection> reader = OpenReader();
  ASSERT_THAT(reader, IsOk());
  ASSERT_THAT(reader->Execute("BEGIN; SELECT count(*) FROM blobs"), IsOk());
  const int before = Syncs();
  // Its busy timeout of a minute would make this very slow.
  for (int i = 0; i < 300; ++i) {
    Commit();
    ASSERT_THAT(checkpointer_->MaybeRun(), IsOk());
  }
  EXPECT_GT(LogPages(), 5u * kAfterPages);
  // It tries now and then, not after each commit.
  EXPECT_LT(Syncs() - before, 60);

  ASSERT_THAT(reader->Execute("COMMIT"), IsOk());
  const uintmax_t longest = LogPages();
  for (int i = 0; i < 300; ++i) {
    Commit();
    ASSERT_THAT(checkpointer_->MaybeRun(), IsOk());
  }
  // It has started over, and hardly grown since.
  EXPECT_LT(LogPages(), longest + 2 * kAfterPages);
}

TEST_F(CheckpointerTest, AnErrorHarmsNothingAndIsTriedAgain) {
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kWrite, SQLITE_FULL);
  const int before = vfs_.Count(FaultVfs::kDatabase, FaultVfs::kWrite);
  absl::Status latest;
  for (int i = 0; i < 100; ++i) {
    Commit();
    latest = checkpointer_->MaybeRun();
  }
  EXPECT_THAT(latest, StatusIs(StatusCode::kUnavailable));
  const int tries = vfs_.Count(FaultVfs::kDatabase, FaultVfs::kWrite) - before;
  EXPECT_GT(tries, 1);
  EXPECT_LT(tries, 30);  // Not after each commit.

  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kWrite, SQLITE_OK);
  for (int i = 0; i < 100 && !latest.ok(); ++i) {
    Commit();
    latest = checkpointer_->MaybeRun();
  }
  EXPECT_THAT(latest, IsOk());
  EXPECT_THAT(connection_->QueryInteger("SELECT count(*) >= 100 FROM blobs"),
              IsOkAndHolds(1));
}

TEST_F(CheckpointerTest, FinishReportsAnErrorAndLosesNothing) {
  Commit();
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kWrite, SQLITE_FULL);
  EXPECT_THAT(checkpointer_->Finish(), StatusIs(StatusCode::kUnavailable));
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(checkpointer_->Finish(), IsOk());
  EXPECT_THAT(connection_->QueryInteger("SELECT count(*) FROM blobs"),
              IsOkAndHolds(1));
}

TEST_F(CheckpointerTest, FinishLeavesNoLogBehind) {
  Commit();
  EXPECT_GT(LogPages(), 0u);
  EXPECT_THAT(checkpointer_->Finish(), IsOk());
  EXPECT_EQ(LogPages(), 0u);
  checkpointer_.reset();
  connection_.reset();
  EXPECT_FALSE(std::filesystem::exists(options_.file + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(options_.file + "-shm"));
}

TEST_F(CheckpointerTest, WithoutFinishTheLogStays) {
  Commit();
  checkpointer_.reset();
  connection_.reset();
  EXPECT_GT(LogPages(), 0u);
}

}  // namespace
}  // namespace signet::sqlite
