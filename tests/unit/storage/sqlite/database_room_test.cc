// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database_room.h"

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

class DatabaseRoomTest : public testing::Test {
 protected:
  DatabaseRoomTest() { Open(); }

  void Open() {
    room_.reset();
    connection_.reset();
    absl::StatusOr<SqliteConnection> connection = OpenDatabase(
        {.connection = options_, .check_time = absl::Seconds(60)}, kSteps);
    ASSERT_THAT(connection, IsOk());
    connection_.emplace(*std::move(connection));
    room_.emplace(&*connection_);
  }

  void Add(int bytes) {
    const std::string sql =
        "INSERT INTO blobs VALUES (zeroblob(" + std::to_string(bytes) + "))";
    ASSERT_THAT(connection_->Execute(sql.c_str()), IsOk());
  }
  void Checkpoint() {
    ASSERT_THAT(connection_->Execute("PRAGMA wal_checkpoint(TRUNCATE)"),
                IsOk());
  }
  int64_t Pages() {
    return connection_->QueryInteger("PRAGMA page_count").value_or(0);
  }
  struct stat Stat(const std::string& suffix) const {
    struct stat found = {};
    EXPECT_EQ(stat((options_.file + suffix).c_str(), &found), 0);
    return found;
  }
  // Behind the pages, in blocks that are there.
  int64_t Spare() {
    const struct stat found = Stat("");
    EXPECT_GE(found.st_blocks * int64_t{512}, found.st_size);
    return found.st_size - Pages() * kPage;
  }

  static constexpr int64_t kPage = 4096;
  static constexpr Migration kSteps[] = {
      {"CREATE TABLE blobs (b BLOB NOT NULL) STRICT;"}};

  TempDir directory_;
  const ConnectionOptions options_ = {.file = directory_.File("signet.db"),
                                      .vfs = {},
                                      .busy_timeout = absl::Seconds(60)};
  std::optional<SqliteConnection> connection_;
  std::optional<DatabaseRoom> room_;
};

TEST_F(DatabaseRoomTest, IsThereFromTheStartAndNoCheckpointCutsIt) {
  EXPECT_GE(Spare(), DatabaseRoom::kSpare);
  Add(100'000);
  Checkpoint();
  EXPECT_GE(Spare(), DatabaseRoom::kSpare - 200'000);
  EXPECT_THAT(connection_->QueryText("PRAGMA integrity_check"),
              IsOkAndHolds("ok"));
}

TEST_F(DatabaseRoomTest, GrowsBeforeTheDatabaseDoes) {
  ASSERT_THAT(connection_->Execute("BEGIN"), IsOk());
  Add(20'000'000);
  ASSERT_TRUE(room_->Ensure(Pages(), {}));
  EXPECT_GE(Spare(), DatabaseRoom::kSpare);
  ASSERT_THAT(connection_->Execute("COMMIT"), IsOk());
  Checkpoint();
  EXPECT_GE(Spare(), DatabaseRoom::kSpare);
}

TEST_F(DatabaseRoomTest, IsUsedWhereItNeedNotBeLeft) {
  const int64_t size = Stat("").st_size;
  ASSERT_TRUE(room_->Ensure(size / kPage, {.leave_spare = false}));
  EXPECT_EQ(Stat("").st_size, size);
  ASSERT_TRUE(room_->Ensure(size / kPage, {}));
  EXPECT_GE(Stat("").st_size, size + DatabaseRoom::kSpare);
}

TEST_F(DatabaseRoomTest, SurvivesAReopening) {
  Add(100'000);
  const int64_t size = Stat("").st_size;
  Open();
  EXPECT_GE(Stat("").st_size, size);
  EXPECT_GE(Spare(), DatabaseRoom::kSpare);
}

TEST_F(DatabaseRoomTest, HoldsTheLogsBeginningAndItsIndex) {
  EXPECT_EQ(Stat("-wal").st_size, 0);
  EXPECT_GE(Stat("-wal").st_blocks * int64_t{512}, DatabaseRoom::kLogBytes);
  const auto index = Stat("-shm").st_size;
  EXPECT_GE(index, 8 * 32 * 1024);
  ASSERT_TRUE(room_->Ensure(Pages(), {.log_pages = 4095}));
  EXPECT_EQ(Stat("-shm").st_size, index);
  ASSERT_TRUE(room_->Ensure(Pages(), {.log_pages = 4096}));
  EXPECT_EQ(Stat("-shm").st_size, index + 32 * 1024);
}

}  // namespace
}  // namespace signet::sqlite
