// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database_copy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class DatabaseCopyTest : public testing::Test {
 protected:
  DatabaseCopyTest() { Reopen(); }

  void Reopen() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Open({.directory = Data()});
    ASSERT_THAT(store, IsOk());
    store_ = *std::move(store);
  }
  std::string Data() const { return directory_.File("data"); }
  std::string Target() const { return directory_.File("copy.db"); }

  void Insert(uint32_t number) {
    EXPECT_THAT(
        storage::WriteAndWait(*store_,
                              [&](storage::WriteTxn& txn) {
                                absl::Status s = txn.EnsureAccount(
                                    SampleId(1), SampleTime());
                                s.Update(txn.InsertServiceAccount(
                                    SampleServiceAccount(SampleId(1), number)));
                                return s;
                              }),
        IsOk());
  }
  absl::StatusOr<DatabaseCopy> BackUp() {
    return BackUpDirectory(Data(), Target(), absl::Seconds(5));
  }

  TempDir directory_;
  std::unique_ptr<SqliteStore> store_;
};

TEST_F(DatabaseCopyTest, HoldsEveryAcknowledgedWriteWhileTheStoreGoesOn) {
  for (uint32_t i = 10; i < 200; ++i) Insert(i);
  const absl::StatusOr<DatabaseCopy> copy = BackUp();
  ASSERT_THAT(copy, IsOk());
  EXPECT_EQ(copy->schema_version, 3);
  EXPECT_EQ(copy->bytes,
            static_cast<int64_t>(std::filesystem::file_size(Target())));
  Insert(200);

  const std::string restored = directory_.File("restored");
  std::filesystem::create_directory(restored);
  std::filesystem::rename(Target(), restored + "/signet.db");
  const auto store = SqliteStore::Open({.directory = restored});
  ASSERT_THAT(store, IsOk());
  EXPECT_THAT(storage::ReadAndWait(
                  **store,
                  [](storage::ReadTxn& txn) {
                    for (uint32_t i = 10; i < 200; ++i) {
                      EXPECT_THAT(txn.FindToken(SamplePublicId(i)), IsOk());
                    }
                    return txn.FindToken(SamplePublicId(200)).status();
                  }),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(DatabaseCopyTest, OfADirectoryThatNoStoreHas) {
  Insert(10);
  store_.reset();
  EXPECT_THAT(BackUp(), IsOk());
  Reopen();
}

TEST_F(DatabaseCopyTest, NeverReplacesWhatIsThere) {
  Insert(10);
  std::ofstream(Target()) << "precious";
  EXPECT_THAT(BackUp(), StatusIs(StatusCode::kAlreadyExists));
  std::filesystem::remove(Target());
  std::filesystem::create_symlink(directory_.File("elsewhere"), Target());
  EXPECT_THAT(BackUp(), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_FALSE(std::filesystem::exists(directory_.File("elsewhere")));
}

TEST_F(DatabaseCopyTest, TakesAwayWhatAKilledOneLeft) {
  std::filesystem::create_symlink(directory_.File("elsewhere"),
                                  Target() + ".partial");
  EXPECT_THAT(BackUp(), IsOk());
  EXPECT_FALSE(std::filesystem::exists(directory_.File("elsewhere")));
  EXPECT_FALSE(std::filesystem::exists(Target() + ".partial"));
}

TEST_F(DatabaseCopyTest, SaysHowMuchRoomItWants) {
  absl::StatusOr<SqliteConnection> source = SqliteConnection::Open(
      {.file = Data() + "/signet.db", .vfs = "", .busy_timeout = {}},
      SqliteConnection::Access::kReadOnly);
  ASSERT_THAT(source, IsOk());
  const absl::Status status =
      CopyDatabase(*source, Target(), std::numeric_limits<int64_t>::max() / 2)
          .status();
  EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(HasSubstr(Target()), HasSubstr(" MB left, want "),
                             HasSubstr(" MB")));
  EXPECT_FALSE(std::filesystem::exists(Target()));
  EXPECT_FALSE(source->InTransaction());
}

TEST_F(DatabaseCopyTest, NeedsADatabaseOfOurs) {
  EXPECT_THAT(BackUpDirectory(directory_.File("none"), Target(), {}),
              StatusIs(StatusCode::kNotFound));
  store_.reset();
  absl::StatusOr<SqliteConnection> other = SqliteConnection::Open(
      {.file = Data() + "/signet.db", .vfs = "", .busy_timeout = {}},
      SqliteConnection::Access::kReadWrite);
  ASSERT_THAT(other, IsOk());
  ASSERT_THAT(other->Execute("PRAGMA application_id = 1"), IsOk());
  EXPECT_THAT(BackUp(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(std::filesystem::exists(Target()));
}

// Damage that the store has not met yet must not be taken for a backup.
TEST_F(DatabaseCopyTest, OfADamagedDatabaseIsNone) {
  for (uint32_t i = 10; i < 500; ++i) Insert(i);
  store_.reset();
  std::fstream file(Data() + "/signet.db",
                    std::ios::binary | std::ios::in | std::ios::out);
  const auto size = std::filesystem::file_size(Data() + "/signet.db");
  for (uintmax_t at = 40 * 4096; at + 4096 <= size; at += 4096) {
    file.seekp(static_cast<std::streamoff>(at));
    file << "not a page of any tree";
  }
  file.close();
  EXPECT_THAT(BackUp(), StatusIs(StatusCode::kDataLoss));
  EXPECT_FALSE(std::filesystem::exists(Target()));
  EXPECT_FALSE(std::filesystem::exists(Target() + ".partial"));
}

TEST_F(DatabaseCopyTest, ACopyThatAnotherMakesIsLeftAlone) {
  const std::string partial = Target() + ".partial";
  const int other = open(partial.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(other, 0);
  ASSERT_EQ(flock(other, LOCK_EX), 0);
  EXPECT_THAT(BackUp(), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_TRUE(std::filesystem::exists(partial));
  close(other);  // As when that process is killed.
  EXPECT_THAT(BackUp(), IsOk());
  EXPECT_FALSE(std::filesystem::exists(partial));
}

}  // namespace
}  // namespace signet::sqlite
