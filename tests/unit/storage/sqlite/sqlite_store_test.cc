// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_store.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/sqlite/fault_vfs.h"
#include "tests/unit/storage/sqlite/sqlite_store_fixture.h"
#include "tests/unit/storage/sqlite/store_errors.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(SqliteStoreTest, MakesADirectoryForItsOwnerOnly) {
  const mode_t umask_before = umask(0);
  const std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  umask(umask_before);
  EXPECT_EQ(Mode(directory_), 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    EXPECT_EQ(Mode(entry.path()), 0600u) << entry.path();
  }
}

TEST_F(SqliteStoreTest, KeepsWhatItHasAcknowledged) {
  const storage::ServiceAccountRecord record =
      SampleServiceAccount(SampleId(1), 10);
  {
    const std::unique_ptr<SqliteStore> store = Open();
    ASSERT_THAT(storage::WriteAndWait(
                    *store,
                    [&](storage::WriteTxn& txn) {
                      absl::Status s =
                          txn.EnsureAccount(SampleId(1), SampleTime());
                      return s.ok() ? txn.InsertServiceAccount(record) : s;
                    }),
                IsOk());
  }
  const std::unique_ptr<SqliteStore> store = Open();
  EXPECT_THAT(storage::ReadAndWait(*store,
                                   [&](storage::ReadTxn& txn) {
                                     EXPECT_THAT(txn.GetServiceAccount(
                                                     SampleId(1), record.id),
                                                 IsOkAndHolds(record));
                                     return absl::OkStatus();
                                   }),
              IsOk());
}

TEST_F(SqliteStoreTest, ACleanStopLeavesNoLog) {
  std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  EXPECT_TRUE(Exists("signet.db-wal"));
  store.reset();
  EXPECT_TRUE(Exists("signet.db"));
  EXPECT_FALSE(Exists("signet.db-wal"));
  EXPECT_FALSE(Exists("signet.db-shm"));
  EXPECT_THAT(logger_.lines(), IsEmpty());
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(SqliteStoreTest, ASecondInstanceIsRefusedWhileTheFirstLives) {
  std::unique_ptr<SqliteStore> first = Open();
  const absl::Status second = SqliteStore::Open(Options()).status();
  EXPECT_THAT(second, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(second.message()),
              AllOf(HasSubstr(directory_), HasSubstr("another process")));
  EXPECT_THAT(Ensure(*first, 1), IsOk());
  first.reset();
  EXPECT_THAT(SqliteStore::Open(Options()), IsOk());
}

TEST_F(SqliteStoreTest, MakesNothingUnlessItMay) {
  const auto open = [this] {
    SqliteOptions options = Options();
    options.create_if_missing = false;
    return SqliteStore::Open(std::move(options)).status();
  };
  std::filesystem::remove_all(directory_);
  EXPECT_THAT(open(), StatusIs(StatusCode::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(directory_));
  Open();
  EXPECT_THAT(open(), IsOk());
}

TEST_F(SqliteStoreTest, ADirectoryThatCannotBeMadeIsNamed) {
  SqliteOptions options = Options();
  options.directory = temp_.File("missing/data");
  const absl::Status status = SqliteStore::Open(std::move(options)).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()), HasSubstr("missing/data"));
}

TEST_F(SqliteStoreTest, AFileInPlaceOfTheDirectoryIsRefused) {
  std::ofstream(directory_) << "x";
  EXPECT_THAT(SqliteStore::Open(Options()),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(SqliteStoreTest, OptionsOutOfRangeAreNamed) {
  const auto message = [&](auto spoil) {
    SqliteOptions options = Options();
    spoil(options);
    const absl::Status status = SqliteStore::Open(std::move(options)).status();
    EXPECT_THAT(status, StatusIs(StatusCode::kInvalidArgument));
    return std::string(status.message());
  };
  EXPECT_EQ(message([](SqliteOptions& o) { o.directory.clear(); }),
            "directory: got nothing, want a path");
  EXPECT_EQ(message([](SqliteOptions& o) { o.max_queued_writes = 0; }),
            "max_queued_writes: got 0, want at least 1");
  EXPECT_EQ(message([](SqliteOptions& o) { o.max_writes_per_commit = -1; }),
            "max_writes_per_commit: got -1, want at least 1");
  EXPECT_EQ(message([](SqliteOptions& o) { o.read_connections = 0; }),
            "read_connections: got 0, want at least 1");
  EXPECT_EQ(message([](SqliteOptions& o) { o.checkpoint_after_pages = 0; }),
            "checkpoint_after_pages: got 0, want at least 1");
}

// Holds the writer inside a body, and tells when it has got there.
class Gate {
 public:
  storage::Store::WriteBody Body() {
    return [this](storage::WriteTxn&) {
      if (!inside_.HasBeenNotified()) inside_.Notify();
      release_.WaitForNotification();
      return absl::OkStatus();
    };
  }
  void WaitUntilInside() { inside_.WaitForNotification(); }
  void Release() { release_.Notify(); }

 private:
  absl::Notification inside_;
  absl::Notification release_;
};

TEST_F(SqliteStoreTest, AFullQueueRefusesAtOnceWithAHint) {
  SqliteOptions options = Options();
  options.max_queued_writes = 2;
  const std::unique_ptr<SqliteStore> store = Open(std::move(options));
  Gate gate;
  store->Write(gate.Body(), [](absl::Status s) { EXPECT_THAT(s, IsOk()); });
  gate.WaitUntilInside();
  absl::BlockingCounter queued(2);
  for (uint32_t number : {1, 2}) {
    store->Write(
        [number](storage::WriteTxn& txn) {
          return txn.EnsureAccount(SampleId(number), SampleTime());
        },
        [&](absl::Status s) {
          EXPECT_THAT(s, IsOk());
          queued.DecrementCount();
        });
  }

  bool ran = false;
  std::optional<absl::Status> refusal;
  store->Write(
      [&](storage::WriteTxn&) {
        ran = true;
        return absl::OkStatus();
      },
      [&](absl::Status s) { refusal = std::move(s); });
  ASSERT_TRUE(refusal.has_value());
  EXPECT_THAT(*refusal,
              ErrorIs(StatusCode::kResourceExhausted, "WRITE_QUEUE_FULL"));
  EXPECT_GT(GetErrorDetail(*refusal).retry_after, absl::ZeroDuration());

  gate.Release();
  queued.Wait();
  EXPECT_FALSE(ran);
  EXPECT_THAT(Ensure(*store, 3), IsOk());
}

TEST_F(SqliteStoreTest, WhatWaitsSharesOneCommit) {
  const std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  Gate gate;
  store->Write(gate.Body(), [](absl::Status) {});
  gate.WaitUntilInside();
  const int before = vfs_.Count(FaultVfs::kLog, FaultVfs::kSync);
  constexpr int kWrites = 100;
  absl::BlockingCounter pending(kWrites);
  for (int i = 0; i < kWrites; ++i) {
    store->Write(
        [i](storage::WriteTxn& txn) {
          return txn.EnsureAccount(SampleId(100 + i), SampleTime());
        },
        [&](absl::Status s) {
          EXPECT_THAT(s, IsOk());
          pending.DecrementCount();
        });
  }
  gate.Release();
  pending.Wait();
  EXPECT_EQ(vfs_.Count(FaultVfs::kLog, FaultVfs::kSync), before + 1);
}

TEST_F(SqliteStoreTest, WhoComesBesideAFloodWaitsForOneBody) {
  const std::unique_ptr<SqliteStore> store = Open();
  Gate gate;
  const WorkFor flood = {.tenant_id = SampleId(1), .principal_id = SampleId(2)};
  const WorkFor late = {.tenant_id = SampleId(3), .principal_id = SampleId(4)};
  std::vector<std::string> order;  // Of bodies: the writer's thread's.
  absl::BlockingCounter pending(52);
  const auto write = [&](const char* name, const WorkFor& work_for,
                         storage::Store::WriteBody body) {
    store->Write(
        [&order, name, body = std::move(body)](storage::WriteTxn& txn) mutable {
          order.push_back(name);
          return body == nullptr ? absl::OkStatus() : body(txn);
        },
        [&pending](absl::Status s) {
          EXPECT_THAT(s, IsOk());
          pending.DecrementCount();
        },
        {.work_for = work_for});
  };
  write("flood", flood, gate.Body());
  gate.WaitUntilInside();
  for (int i = 0; i < 50; ++i) write("flood", flood, nullptr);
  write("late", late, nullptr);
  gate.Release();
  pending.Wait();
  EXPECT_THAT(std::vector(order.begin(), order.begin() + 3),
              ElementsAre("flood", "flood", "late"));
}

TEST_F(SqliteStoreTest, ReadsGoOnWhileTheWriterIsBusy) {
  const std::unique_ptr<SqliteStore> store = Open();
  Gate gate;
  absl::Notification done;
  store->Write(gate.Body(), [&](absl::Status) { done.Notify(); });
  gate.WaitUntilInside();
  EXPECT_THAT(HasNoAccount(*store), IsOkAndHolds(true));
  gate.Release();
  done.WaitForNotification();
}

TEST_F(SqliteStoreTest, AFullDiskRefusesWritesOnlyAndOnlyWhileItIsFull) {
  const std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  for (uint32_t number = 2; number < 5; ++number) {
    EXPECT_THAT(Ensure(*store, number), kStoreIsDown);
  }
  EXPECT_EQ(store->Health().state, storage::StoreHealth::State::kDegraded);
  EXPECT_THAT(store->Health().reason, kStoreIsDown);
  EXPECT_THAT(HasNoAccount(*store), IsOkAndHolds(false));

  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(Ensure(*store, 2), IsOk());
  EXPECT_EQ(store->Health().state, storage::StoreHealth::State::kServing);
  EXPECT_THAT(failures_, IsEmpty());

  store->Drain();
  const std::vector<RecordingLogger::Line> lines = logger_.lines();
  ASSERT_THAT(lines, SizeIs(2));  // Not one for each write.
  EXPECT_EQ(lines[0].level, LogLevel::kWarning);
  EXPECT_EQ(lines[0].fields.at("cause"),
            "UNAVAILABLE: storage: the disk is full (code 13)");
  EXPECT_EQ(lines[1].level, LogLevel::kInfo);
}

// The store itself writes nothing once in a while, to look at the files.
TEST_F(SqliteStoreTest, AFullDiskIsNotGoodAgainBecauseNothingWasWritten) {
  const std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  for (uint32_t number = 2; number < 5; ++number) {
    EXPECT_THAT(Ensure(*store, number), kStoreIsDown);
    EXPECT_THAT(
        storage::WriteAndWait(
            *store, [](storage::WriteTxn&) { return absl::OkStatus(); }),
        IsOk());
  }
  EXPECT_THAT(logger_.lines(), SizeIs(1));
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(Ensure(*store, 2), IsOk());
  EXPECT_THAT(Ensure(*store, 3), IsOk());
  store->Drain();
  ASSERT_THAT(logger_.lines(), SizeIs(2));
  EXPECT_EQ(logger_.lines()[1].message, "the disk is good again");
}

TEST_F(SqliteStoreTest, OnAFullDiskRevocationsGetWhatWasReserved) {
  SqliteOptions options = Options();
  options.disk_look_interval = absl::ZeroDuration();
  const std::unique_ptr<SqliteStore> store = Open(std::move(options));
  const std::string reserve = directory_ + "/signet.reserve";
  const auto whole = std::filesystem::file_size(reserve);
  EXPECT_THAT(Revoke(*store, 1), IsOk());
  EXPECT_EQ(std::filesystem::file_size(reserve), whole);

  // A slice for each time that the disk says so.
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  EXPECT_THAT(Ensure(*store, 2), kStoreIsDown);
  EXPECT_EQ(std::filesystem::file_size(reserve), whole);
  EXPECT_THAT(Revoke(*store, 3), kStoreIsDown);
  EXPECT_EQ(std::filesystem::file_size(reserve), 0u);
  EXPECT_EQ(store->Health().state, storage::StoreHealth::State::kDegraded);

  // This disk has room, so all is well at the next look.
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(Revoke(*store, 4), IsOk());
  EXPECT_EQ(std::filesystem::file_size(reserve), whole);
  EXPECT_THAT(Ensure(*store, 5), IsOk());
  EXPECT_THAT(failures_, IsEmpty());
  std::vector<std::string> said;
  for (const auto& line : logger_.lines()) {
    if (line.message.find("revocations") != std::string::npos) {
      said.push_back(line.message);
    }
  }
  EXPECT_THAT(said, ElementsAre(HasSubstr("only revocations are stored"),
                                HasSubstr("not even revocations"),
                                HasSubstr("is there again")));
}

TEST_F(SqliteStoreTest, AsLongAsTheReserveIsInUseNothingElseIsStored) {
  SqliteOptions options = Options();
  options.disk_look_interval = absl::Hours(1);
  const std::unique_ptr<SqliteStore> store = Open(std::move(options));
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  EXPECT_THAT(Revoke(*store, 2), kStoreIsDown);
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(Revoke(*store, 2), IsOk());
  const absl::Status refusal = Ensure(*store, 3);
  EXPECT_THAT(refusal, kStoreIsDown);
  EXPECT_EQ(store->Health().state, storage::StoreHealth::State::kDegraded);
  EXPECT_GT(GetErrorDetail(refusal).retry_after, absl::ZeroDuration());
  EXPECT_THAT(Revoke(*store, 3), IsOk());
}

TEST_F(SqliteStoreTest, AFailedSyncStopsTheStoreForGood) {
  std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kSync, SQLITE_IOERR_FSYNC);
  EXPECT_THAT(Ensure(*store, 2), kOutcomeUnknown);

  // Also once the disk is well again.
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kSync, SQLITE_OK);
  EXPECT_THAT(store->Health().failure(), kStoreIsDown);
  EXPECT_THAT(Ensure(*store, 3), kStoreIsDown);
  EXPECT_THAT(HasNoAccount(*store), kStoreIsDown);
  EXPECT_THAT(failures_, ElementsAre(kStoreIsDown));
  ASSERT_THAT(logger_.lines(), SizeIs(testing::Ge(1u)));
  EXPECT_EQ(logger_.lines()[0].level, LogLevel::kError);

  // The log is left for the next start to read.
  store.reset();
  EXPECT_TRUE(Exists("signet.db-wal"));
  store = Open();
  EXPECT_THAT(HasNoAccount(*store), IsOkAndHolds(false));
  EXPECT_THAT(Ensure(*store, 3), IsOk());
}

// Perhaps it was made all the same.
TEST_F(SqliteStoreTest, AChangeWhoseOutcomeIsUnknownIsToldOf) {
  const std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  std::vector<storage::TokenChanges> told;
  store->Subscribe(std::nullopt, [&](const storage::ChangeNotice& notice) {
    told.push_back(notice.changes);
  });
  const auto insert = [](storage::WriteTxn& txn) {
    return txn.InsertServiceAccount(SampleServiceAccount(SampleId(1), 2));
  };
  // Nothing is written.
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  EXPECT_THAT(storage::WriteAndWait(*store, insert), kStoreIsDown);
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_OK);
  EXPECT_THAT(told, IsEmpty());

  vfs_.Fail(FaultVfs::kLog, FaultVfs::kSync, SQLITE_IOERR_FSYNC);
  EXPECT_THAT(storage::WriteAndWait(*store, insert), kOutcomeUnknown);
  EXPECT_THAT(told,
              ElementsAre(storage::TokenChanges{{}, {SamplePublicId(2)}}));
}

TEST_F(SqliteStoreTest, WhatWaitsWhenTheStoreFailsIsNotWritten) {
  SqliteOptions options = Options();
  options.max_writes_per_commit = 1;
  const std::unique_ptr<SqliteStore> store = Open(std::move(options));
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  Gate gate;
  store->Write(gate.Body(), [](absl::Status) {});
  gate.WaitUntilInside();
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kSync, SQLITE_IOERR_FSYNC);
  std::vector<absl::Status> outcomes;
  for (uint32_t number : {2, 3, 4}) {
    store->Write(
        [number](storage::WriteTxn& txn) {
          return txn.EnsureAccount(SampleId(number), SampleTime());
        },
        [&](absl::Status s) { outcomes.push_back(std::move(s)); });
  }
  gate.Release();
  store->Drain();
  EXPECT_THAT(outcomes,
              ElementsAre(kOutcomeUnknown, kStoreIsDown, kStoreIsDown));
  EXPECT_THAT(failures_, SizeIs(1));
}

TEST_F(SqliteStoreTest, DamageMetByAReadStopsTheStore) {
  const std::unique_ptr<SqliteStore> store = Open();
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_CORRUPT);
  EXPECT_THAT(HasNoAccount(*store), StatusIs(StatusCode::kDataLoss));
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_OK);
  EXPECT_THAT(store->Health().failure(), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(HasNoAccount(*store), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(Ensure(*store, 1), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(failures_, ElementsAre(StatusIs(StatusCode::kDataLoss)));
}

TEST_F(SqliteStoreTest, AReadErrorPasses) {
  const std::unique_ptr<SqliteStore> store = Open();
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_IOERR_READ);
  EXPECT_THAT(HasNoAccount(*store), kStoreIsDown);
  vfs_.Fail(FaultVfs::kDatabase, FaultVfs::kRead, SQLITE_OK);
  EXPECT_THAT(HasNoAccount(*store), IsOkAndHolds(true));
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(SqliteStoreTest, TheLogStaysShortUnderLoad) {
  SqliteOptions options = Options();
  options.checkpoint_after_pages = 20;
  // Neither commits nor checkpoints look like files that are gone.
  options.file_look_interval = absl::ZeroDuration();
  const std::unique_ptr<SqliteStore> store = Open(std::move(options));
  for (uint32_t number = 0; number < 300; ++number) {
    ASSERT_THAT(Ensure(*store, number), IsOk());
  }
  EXPECT_LT(std::filesystem::file_size(directory_ + "/signet.db-wal"),
            60u * 4096);
}

TEST_F(SqliteStoreTest, WithoutLoggerOrCallbackItFailsInSilence) {
  SqliteOptions options = Options();
  options.logger = nullptr;
  options.on_failure = nullptr;
  const std::unique_ptr<SqliteStore> store = Open(std::move(options));
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_FULL);
  EXPECT_THAT(Ensure(*store, 2), kStoreIsDown);
  vfs_.Fail(FaultVfs::kLog, FaultVfs::kWrite, SQLITE_IOERR_WRITE);
  EXPECT_THAT(Ensure(*store, 3), kOutcomeUnknown);
}

}  // namespace
}  // namespace signet::sqlite
