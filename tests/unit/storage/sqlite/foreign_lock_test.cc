// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/foreign_lock.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

// Another process with the database open, as far as SQLite can tell.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& directory)
      : connection_(SqliteConnection::Open(
            {.file = directory + "/signet.db", .vfs = "", .busy_timeout = {}},
            SqliteConnection::Access::kReadWrite)) {}
  absl::Status Execute(const char* sql) { return connection_->Execute(sql); }

 private:
  absl::StatusOr<SqliteConnection> connection_;
};

class ForeignLockTest : public testing::Test {
 protected:
  std::unique_ptr<SqliteStore> Open(absl::Duration busy_timeout) {
    SqliteOptions options;
    options.directory = directory_.path();
    options.busy_timeout = busy_timeout;
    options.logger = &logger_;
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Open(std::move(options));
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }
  static absl::Status Ensure(storage::Store& store, uint32_t number,
                             bool revocation) {
    absl::Status outcome;
    absl::Notification finished;
    store.Write(
        [number](storage::WriteTxn& txn) {
          return txn.EnsureAccount(SampleId(number), SampleTime());
        },
        [&](absl::Status status) {
          outcome = std::move(status);
          finished.Notify();
        },
        {.revocation = revocation});
    finished.WaitForNotification();
    return outcome;
  }
  ptrdiff_t LinesOfHeld() const {
    return logger_.LinesOf(
        "another process holds the write lock of signet.db; writes are refused "
        "until it lets go");
  }
  ptrdiff_t LinesOfFree() const {
    return logger_.LinesOf("the write lock of signet.db is free again");
  }

  TempDir directory_;
  RecordingLogger logger_;
};

TEST_F(ForeignLockTest, IsNamedAndEndsWithItself) {
  const std::unique_ptr<SqliteStore> store = Open(absl::Milliseconds(20));
  ASSERT_THAT(Ensure(*store, 1, false), IsOk());
  OtherProcess other(directory_.path());
  ASSERT_THAT(other.Execute("BEGIN IMMEDIATE"), IsOk());
  // Not even revocations can be stored, and no disk is full.
  for (const bool revocation : {false, true, false}) {
    const absl::Status refused = Ensure(*store, 2, revocation);
    EXPECT_THAT(refused,
                ErrorIs(StatusCode::kUnavailable, "STORAGE_UNAVAILABLE"));
    EXPECT_THAT(std::string(refused.message()),
                HasSubstr("another process holds the write lock of signet.db"));
    EXPECT_GT(GetErrorDetail(refused).retry_after, absl::ZeroDuration());
  }
  EXPECT_THAT(
      storage::ReadAndWait(
          *store, [](storage::ReadTxn& txn) { return txn.IsEmpty().status(); }),
      IsOk());
  EXPECT_EQ(store->Health().state, storage::StoreHealth::State::kDegraded);
  EXPECT_EQ(LinesOfHeld(), 1);
  EXPECT_EQ(LinesOfFree(), 0);

  ASSERT_THAT(other.Execute("ROLLBACK"), IsOk());
  EXPECT_THAT(Ensure(*store, 3, false), IsOk());
  EXPECT_EQ(store->Health().state, storage::StoreHealth::State::kServing);
  EXPECT_EQ(LinesOfFree(), 1);
  EXPECT_EQ(logger_.LinesOf("writes are refused or checkpoints fail"), 0);
}

TEST_F(ForeignLockTest, IsNamedAgainWhenItComesAgain) {
  const std::unique_ptr<SqliteStore> store = Open(absl::Milliseconds(20));
  OtherProcess other(directory_.path());
  for (int times = 1; times <= 2; ++times) {
    ASSERT_THAT(other.Execute("BEGIN IMMEDIATE"), IsOk());
    EXPECT_THAT(Ensure(*store, 1, false), StatusIs(StatusCode::kUnavailable));
    ASSERT_THAT(other.Execute("ROLLBACK"), IsOk());
    EXPECT_THAT(Ensure(*store, 1, false), IsOk());
    EXPECT_EQ(LinesOfHeld(), times);
    EXPECT_EQ(LinesOfFree(), times);
  }
}

TEST_F(ForeignLockTest, OneThatIsSoonFreeIsWaitedFor) {
  const std::unique_ptr<SqliteStore> store = Open(absl::Minutes(1));
  OtherProcess other(directory_.path());
  ASSERT_THAT(other.Execute("BEGIN IMMEDIATE"), IsOk());
  absl::Notification stored;
  store->Write(
      [](storage::WriteTxn& txn) {
        return txn.EnsureAccount(SampleId(1), SampleTime());
      },
      [&](absl::Status status) {
        EXPECT_THAT(status, IsOk());
        stored.Notify();
      });
  EXPECT_FALSE(stored.WaitForNotificationWithTimeout(absl::Milliseconds(50)));
  ASSERT_THAT(other.Execute("ROLLBACK"), IsOk());
  stored.WaitForNotification();
  EXPECT_EQ(LinesOfHeld(), 0);
  EXPECT_EQ(LinesOfFree(), 0);
}

}  // namespace
}  // namespace signet::sqlite
