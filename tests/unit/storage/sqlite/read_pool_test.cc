// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_pool.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/sqlite/fault_vfs.h"
#include "tests/unit/storage/sqlite/store_errors.h"

namespace signet {
namespace {

using absl::StatusCode;

class ReadPoolTest : public testing::Test {
 protected:
  ReadPoolTest()
      : writer_(OpenDatabase(
            {.connection = options_, .check_time = absl::Seconds(60)},
            SchemaMigrations())) {
    EXPECT_THAT(writer_, IsOk());
  }

  std::unique_ptr<ReadPool> Open(int size, absl::Duration wait) {
    absl::StatusOr<std::unique_ptr<ReadPool>> pool =
        ReadPool::Open(options_, size, wait);
    EXPECT_THAT(pool, IsOk());
    return *std::move(pool);
  }
  static absl::Status Run(ReadPool& pool, Store::ReadBody body) {
    return pool.Run(body);
  }
  static absl::Status Look(ReadTxn& txn) { return txn.IsEmpty().status(); }

  TempDir directory_;
  FaultVfs vfs_;
  const ConnectionOptions options_ = {.file = directory_.File("signet.db"),
                                      .vfs = vfs_.name(),
                                      .busy_timeout = absl::Milliseconds(20)};
  absl::StatusOr<SqliteConnection> writer_;
};

TEST_F(ReadPoolTest, LendsEachConnectionToOneBodyAtATime) {
  constexpr int kSize = 2;
  const std::unique_ptr<ReadPool> pool = Open(kSize, absl::Milliseconds(20));
  absl::Notification release;
  std::vector<absl::Notification> inside(kSize);
  std::vector<std::thread> readers;
  for (int i = 0; i < kSize; ++i) {
    readers.emplace_back([&, i] {
      EXPECT_THAT(Run(*pool,
                      [&](ReadTxn& txn) {
                        inside[i].Notify();
                        release.WaitForNotification();
                        return Look(txn);
                      }),
                  IsOk());
    });
  }
  for (absl::Notification& in : inside) in.WaitForNotification();

  EXPECT_THAT(Run(*pool, &Look), kStoreIsDown);
  release.Notify();
  for (std::thread& reader : readers) reader.join();
  EXPECT_THAT(Run(*pool, &Look), IsOk());
}

TEST_F(ReadPoolTest, WaitsForAConnectionToComeFree) {
  const std::unique_ptr<ReadPool> pool = Open(1, absl::Seconds(60));
  absl::Notification inside;
  absl::Notification release;
  std::thread first([&] {
    EXPECT_THAT(Run(*pool,
                    [&](ReadTxn& txn) {
                      inside.Notify();
                      release.WaitForNotification();
                      return Look(txn);
                    }),
                IsOk());
  });
  inside.WaitForNotification();
  std::thread second([&] { EXPECT_THAT(Run(*pool, &Look), IsOk()); });
  release.Notify();
  first.join();
  second.join();
}

TEST_F(ReadPoolTest, ABodySeesOneMoment) {
  const std::unique_ptr<ReadPool> pool = Open(1, absl::Seconds(1));
  EXPECT_THAT(Run(*pool,
                  [&](ReadTxn& txn) {
                    EXPECT_THAT(txn.IsEmpty(), IsOkAndHolds(true));
                    EXPECT_THAT(
                        writer_->Execute("INSERT INTO accounts"
                                         " VALUES (zeroblob(16), zeroblob(9))"),
                        IsOk());
                    EXPECT_THAT(txn.IsEmpty(), IsOkAndHolds(true));
                    return absl::OkStatus();
                  }),
              IsOk());
  EXPECT_THAT(Run(*pool,
                  [](ReadTxn& txn) {
                    EXPECT_THAT(txn.IsEmpty(), IsOkAndHolds(false));
                    return absl::OkStatus();
                  }),
              IsOk());
}

TEST_F(ReadPoolTest, AReadErrorIsReportedAndDoesNotStay) {
  const std::unique_ptr<ReadPool> pool = Open(1, absl::Seconds(1));
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_IOERR_READ);
  EXPECT_THAT(Run(*pool, &Look), kStoreIsDown);
  // A body that swallows it does not get away with it.
  EXPECT_THAT(Run(*pool,
                  [](ReadTxn& txn) {
                    Look(txn).IgnoreError();
                    return absl::OkStatus();
                  }),
              kStoreIsDown);
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_OK);
  EXPECT_THAT(Run(*pool, &Look), IsOk());
}

TEST_F(ReadPoolTest, DamageIsReportedAsSuch) {
  const std::unique_ptr<ReadPool> pool = Open(1, absl::Seconds(1));
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_CORRUPT);
  EXPECT_THAT(Run(*pool, &Look), StatusIs(StatusCode::kDataLoss));
}

TEST_F(ReadPoolTest, CloseWaitsForBodiesAndRefusesMore) {
  const std::unique_ptr<ReadPool> pool = Open(2, absl::Seconds(60));
  absl::Notification inside;
  std::atomic<bool> finished = false;
  std::thread reader([&] {
    EXPECT_THAT(Run(*pool,
                    [&](ReadTxn& txn) {
                      inside.Notify();
                      absl::SleepFor(absl::Milliseconds(50));
                      finished = true;
                      return Look(txn);
                    }),
                IsOk());
  });
  inside.WaitForNotification();
  pool->Close();
  EXPECT_TRUE(finished);
  EXPECT_THAT(Run(*pool, &Look), kStoreIsDown);
  pool->Close();
  reader.join();
}

}  // namespace
}  // namespace signet
