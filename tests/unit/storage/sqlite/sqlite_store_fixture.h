// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_STORAGE_SQLITE_SQLITE_STORE_FIXTURE_H_
#define SIGNET_TESTS_UNIT_STORAGE_SQLITE_SQLITE_STORE_FIXTURE_H_

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage/sqlite/fault_vfs.h"

namespace signet::sqlite {

// Stores in a directory of their own, on a disk that fails on command.
class SqliteStoreTest : public testing::Test {
 protected:
  // Options for a store through the faulty disk, with nobody else about.
  SqliteOptions Options() {
    SqliteOptions options;
    options.directory = directory_;
    options.busy_timeout = absl::Milliseconds(20);
    options.lock_wait = absl::ZeroDuration();
    options.vfs = vfs_.name();
    options.logger = &logger_;
    options.on_failure = [this](const absl::Status& cause) {
      failures_.push_back(cause);
    };
    return options;
  }
  std::unique_ptr<SqliteStore> Open() { return Open(Options()); }
  static std::unique_ptr<SqliteStore> Open(SqliteOptions options) {
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Open(std::move(options));
    EXPECT_THAT(store, IsOk());
    return store.ok() ? *std::move(store) : nullptr;
  }

  // A write that is told to be a revocation.
  static absl::Status Revoke(storage::Store& store, uint32_t number) {
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
        {.revocation = true});
    finished.WaitForNotification();
    return outcome;
  }
  static absl::Status Ensure(storage::Store& store, uint32_t number) {
    return storage::WriteAndWait(store, [number](storage::WriteTxn& txn) {
      return txn.EnsureAccount(SampleId(number), SampleTime());
    });
  }
  static absl::StatusOr<bool> HasNoAccount(storage::Store& store) {
    absl::StatusOr<bool> empty = false;
    absl::Status status =
        storage::ReadAndWait(store, [&](storage::ReadTxn& txn) {
          empty = txn.IsEmpty();
          return empty.status();
        });
    if (!status.ok()) return status;
    return empty;
  }
  bool Exists(const std::string& file) const {
    return std::filesystem::exists(directory_ + "/" + file);
  }
  unsigned Mode(const std::string& file) const {
    struct stat info = {};
    EXPECT_EQ(stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 0777;
  }

  TempDir temp_;
  const std::string directory_ = temp_.File("data");
  FaultVfs vfs_;
  RecordingLogger logger_;
  std::vector<absl::Status> failures_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_TESTS_UNIT_STORAGE_SQLITE_SQLITE_STORE_FIXTURE_H_
