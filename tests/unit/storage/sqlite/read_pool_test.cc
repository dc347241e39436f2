// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "base/error.h"
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

class ReadPoolTest : public testing::Test {
 protected:
  ReadPoolTest()
      : writer_(OpenDatabase(
            {.connection = options_, .check_time = absl::Seconds(60)},
            SchemaMigrations())) {
    EXPECT_THAT(writer_, IsOk());
  }

  std::unique_ptr<ReadPool> Open(int size, const ReadLimits& limits = {}) {
    absl::StatusOr<std::unique_ptr<ReadPool>> pool =
        ReadPool::Open(options_, size, limits);
    EXPECT_THAT(pool, IsOk());
    (*pool)->Start({.health = [this] { return health_; },
                    .on_damage =
                        [this](const absl::Status& damage) {
                          absl::MutexLock lock(&mutex_);
                          damage_ = damage;
                        }});
    return *std::move(pool);
  }
  static absl::Status Run(ReadPool& pool, storage::Store::ReadBody body,
                          storage::ReadKind kind = storage::ReadKind::kLookup) {
    absl::Status outcome;
    absl::Notification finished;
    pool.Submit(std::move(body),
                [&](absl::Status status) {
                  outcome = std::move(status);
                  finished.Notify();
                },
                {.kind = kind});
    finished.WaitForNotification();
    return outcome;
  }
  static absl::Status Look(storage::ReadTxn& txn) {
    return txn.IsEmpty().status();
  }

  TempDir directory_;
  FaultVfs vfs_;
  const ConnectionOptions options_ = {.file = directory_.File("signet.db"),
                                      .vfs = vfs_.name(),
                                      .busy_timeout = absl::Milliseconds(20)};
  absl::StatusOr<SqliteConnection> writer_;
  absl::Status health_;  // Set while nothing is read.
  absl::Mutex mutex_;
  absl::Status damage_ ABSL_GUARDED_BY(mutex_);
};

// Keeps a thread of a pool busy until it goes.
class BusyReader {
 public:
  BusyReader(ReadPool& pool, storage::ReadKind kind) {
    pool.Submit(
        [this](storage::ReadTxn&) {
          inside_.Notify();
          release_.WaitForNotification();
          return absl::OkStatus();
        },
        [this](const absl::Status& status) {
          EXPECT_THAT(status, IsOk());
          finished_.Notify();
        },
        {.kind = kind});
    inside_.WaitForNotification();
  }
  ~BusyReader() {
    release_.Notify();
    finished_.WaitForNotification();
  }

 private:
  absl::Notification inside_;
  absl::Notification release_;
  absl::Notification finished_;
};

TEST_F(ReadPoolTest, NothingRunsOnTheCallingThread) {
  const std::unique_ptr<ReadPool> pool = Open(2);
  std::thread::id body;
  std::thread::id done;
  absl::Notification finished;
  pool->Submit(
      [&](storage::ReadTxn& txn) {
        body = std::this_thread::get_id();
        return Look(txn);
      },
      [&](absl::Status) {
        done = std::this_thread::get_id();
        finished.Notify();
      },
      {});
  finished.WaitForNotification();
  EXPECT_NE(body, std::this_thread::get_id());
  EXPECT_EQ(body, done);
}

TEST_F(ReadPoolTest, LookupsDoNotWaitForScans) {
  const std::unique_ptr<ReadPool> pool = Open(2);
  std::atomic<int> scanned = 0;
  {
    const BusyReader busy(*pool, storage::ReadKind::kScan);
    for (int i = 0; i < 10; ++i) {
      pool->Submit([](storage::ReadTxn& txn) { return Look(txn); },
                   [&](absl::Status) { ++scanned; },
                   {.kind = storage::ReadKind::kScan});
    }
    EXPECT_THAT(Run(*pool, &Look), IsOk());
    EXPECT_THAT(Run(*pool, &Look, storage::ReadKind::kIdentify), IsOk());
    EXPECT_EQ(scanned, 0);
  }
  EXPECT_THAT(Run(*pool, &Look, storage::ReadKind::kScan), IsOk());
  EXPECT_EQ(scanned, 10);
}

TEST_F(ReadPoolTest, NorScansForLookups) {
  const std::unique_ptr<ReadPool> pool = Open(2);
  const BusyReader busy(*pool, storage::ReadKind::kLookup);
  EXPECT_THAT(Run(*pool, &Look, storage::ReadKind::kScan), IsOk());
}

// What is done with a page, in its `done`, too.
TEST_F(ReadPoolTest, ScansLeaveTheProcessorToOthers) {
  const std::unique_ptr<ReadPool> pool = Open(2);
  const auto niceness = [&](storage::ReadKind kind) {
    int found = 0;
    EXPECT_THAT(Run(
                    *pool,
                    [&](storage::ReadTxn&) {
                      found = getpriority(PRIO_PROCESS,
                                          static_cast<id_t>(gettid()));
                      return absl::OkStatus();
                    },
                    kind),
                IsOk());
    return found;
  };
  const int own = getpriority(PRIO_PROCESS, 0);
  EXPECT_EQ(niceness(storage::ReadKind::kLookup), own);
  EXPECT_EQ(niceness(storage::ReadKind::kScan), std::min(own + 10, 19));
}

TEST_F(ReadPoolTest, OneThreadDoesAllKinds) {
  const std::unique_ptr<ReadPool> pool = Open(1);
  for (const storage::ReadKind kind :
       {storage::ReadKind::kIdentify, storage::ReadKind::kLookup,
        storage::ReadKind::kScan}) {
    EXPECT_THAT(Run(*pool, &Look, kind), IsOk());
  }
}

TEST_F(ReadPoolTest, WhoAsksForTooMuchIsRefusedAtOnceAndNobodyElse) {
  const std::unique_ptr<ReadPool> pool = Open(
      2, {.scans = {.total = 9, .of_one_tenant = 3, .of_one_principal = 2}});
  const WorkFor greedy = {.tenant_id = SampleId(1),
                          .principal_id = SampleId(11)};
  const WorkFor modest = {.tenant_id = SampleId(2),
                          .principal_id = SampleId(21)};
  absl::BlockingCounter answered(4);
  struct {
    absl::Mutex mutex;
    std::vector<absl::Status> all ABSL_GUARDED_BY(mutex);
  } outcomes;
  const auto scan = [&](const WorkFor& work_for) {
    pool->Submit([](storage::ReadTxn& txn) { return Look(txn); },
                 [&](absl::Status status) {
                   absl::MutexLock lock(&outcomes.mutex);
                   outcomes.all.push_back(std::move(status));
                   answered.DecrementCount();
                 },
                 {.work_for = work_for, .kind = storage::ReadKind::kScan});
  };
  {
    const BusyReader busy(*pool, storage::ReadKind::kScan);
    for (int i = 0; i < 3; ++i) scan(greedy);
    scan(modest);
    absl::MutexLock lock(&outcomes.mutex);
    ASSERT_EQ(outcomes.all.size(), 1u);
    EXPECT_THAT(outcomes.all.front(),
                ErrorIs(StatusCode::kResourceExhausted, "READ_QUEUE_FULL"));
    EXPECT_TRUE(GetErrorDetail(outcomes.all.front()).retry_after >
                absl::ZeroDuration());
  }
  answered.Wait();
  absl::MutexLock lock(&outcomes.mutex);
  for (size_t i = 1; i < 4; ++i) EXPECT_THAT(outcomes.all[i], IsOk());
}

TEST_F(ReadPoolTest, WhoHasGoneWhileWaitingCostsNothing) {
  const std::unique_ptr<ReadPool> pool = Open(2);
  std::atomic<bool> gone = false;
  bool ran = false;
  absl::Status outcome;
  absl::Notification finished;
  {
    const BusyReader busy(*pool, storage::ReadKind::kScan);
    pool->Submit(
        [&](storage::ReadTxn&) {
          ran = true;
          return absl::OkStatus();
        },
        [&](absl::Status status) {
          outcome = std::move(status);
          finished.Notify();
        },
        {.kind = storage::ReadKind::kScan,
         .expired = [&] { return gone.load(); }});
    gone = true;
  }
  finished.WaitForNotification();
  EXPECT_FALSE(ran);
  EXPECT_THAT(outcome, StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(ReadPoolTest, ADoneMayReadAgain) {
  const std::unique_ptr<ReadPool> pool = Open(1);
  absl::Notification finished;
  pool->Submit([](storage::ReadTxn& txn) { return Look(txn); },
               [&](absl::Status) {
                 pool->Submit([](storage::ReadTxn& txn) { return Look(txn); },
                              [&](absl::Status status) {
                                EXPECT_THAT(status, IsOk());
                                finished.Notify();
                              },
                              {});
               },
               {});
  finished.WaitForNotification();
}

TEST_F(ReadPoolTest, NothingIsReadFromAStoreThatHasFailed) {
  health_ = absl::DataLossError("failed");
  const std::unique_ptr<ReadPool> pool = Open(2);
  EXPECT_THAT(Run(*pool,
                  [](storage::ReadTxn&) {
                    ADD_FAILURE();
                    return absl::OkStatus();
                  }),
              StatusIs(StatusCode::kDataLoss));
}

TEST_F(ReadPoolTest, ABodySeesOneMoment) {
  const std::unique_ptr<ReadPool> pool = Open(1);
  EXPECT_THAT(Run(*pool,
                  [&](storage::ReadTxn& txn) {
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
                  [](storage::ReadTxn& txn) {
                    EXPECT_THAT(txn.IsEmpty(), IsOkAndHolds(false));
                    return absl::OkStatus();
                  }),
              IsOk());
}

TEST_F(ReadPoolTest, AReadErrorIsReportedAndDoesNotStay) {
  const std::unique_ptr<ReadPool> pool = Open(1);
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_IOERR_READ);
  EXPECT_THAT(Run(*pool, &Look), kStoreIsDown);
  // A body that swallows it does not get away with it.
  EXPECT_THAT(Run(*pool,
                  [](storage::ReadTxn& txn) {
                    Look(txn).IgnoreError();
                    return absl::OkStatus();
                  }),
              kStoreIsDown);
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_OK);
  EXPECT_THAT(Run(*pool, &Look), IsOk());
}

TEST_F(ReadPoolTest, DamageIsReportedAsSuch) {
  const std::unique_ptr<ReadPool> pool = Open(1);
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_CORRUPT);
  EXPECT_THAT(Run(*pool, &Look), StatusIs(StatusCode::kDataLoss));
  absl::MutexLock lock(&mutex_);
  EXPECT_THAT(damage_, StatusIs(StatusCode::kDataLoss));
}

TEST_F(ReadPoolTest, CloseWaitsForWhatRunsAndRefusesTheRest) {
  const std::unique_ptr<ReadPool> pool = Open(2);
  absl::Notification inside;
  absl::Notification release;
  absl::Status running = absl::UnknownError("no answer");
  absl::Status waiting = absl::UnknownError("no answer");
  pool->Submit(
      [&](storage::ReadTxn& txn) {
        inside.Notify();
        release.WaitForNotification();
        return Look(txn);
      },
      [&](absl::Status status) { running = std::move(status); },
      {.kind = storage::ReadKind::kScan});
  inside.WaitForNotification();
  absl::Notification refused;
  pool->Submit([](storage::ReadTxn& txn) { return Look(txn); },
               [&](absl::Status status) {
                 waiting = std::move(status);
                 refused.Notify();
               },
               {.kind = storage::ReadKind::kScan});
  std::thread closer([&] { pool->Close(); });
  refused.WaitForNotification();
  release.Notify();
  closer.join();
  EXPECT_THAT(running, IsOk());
  EXPECT_THAT(waiting, kStoreIsDown);
  EXPECT_THAT(Run(*pool, &Look), kStoreIsDown);
  pool->Close();
}

}  // namespace
}  // namespace signet::sqlite
