// SPDX-License-Identifier: Apache-2.0
// What the store does when its files do not stay in their places.
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/storage/sqlite/sqlite_store_fixture.h"
#include "tests/unit/storage/sqlite/store_errors.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

using SqliteStoreFilesTest = SqliteStoreTest;

TEST_F(SqliteStoreFilesTest, ASecondInstanceIsRefusedWithoutTheLockFileToo) {
  const std::unique_ptr<SqliteStore> first = Open();
  std::filesystem::remove(directory_ + "/signet.lock");
  const absl::Status second = SqliteStore::Open(Options()).status();
  EXPECT_THAT(second, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(second.message()),
              HasSubstr("Do not remove signet.lock"));
}

TEST_F(SqliteStoreFilesTest, ADirectoryBehindALinkIsResolvedOnce) {
  std::filesystem::create_directory(temp_.File("real"));
  std::filesystem::create_directory_symlink("real", directory_);
  const std::unique_ptr<SqliteStore> store = Open();
  EXPECT_THAT(Ensure(*store, 1), IsOk());
  EXPECT_EQ(logger_.lines()[0].message,
            "the data directory is a symbolic link");
  EXPECT_EQ(logger_.lines()[0].fields.at("leads_to"),
            std::filesystem::canonical(temp_.File("real")));
  // By whatever name it is called.
  SqliteOptions options = Options();
  options.directory = temp_.File("real");
  EXPECT_THAT(SqliteStore::Open(std::move(options)),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(SqliteStoreFilesTest, WithoutItsDatabaseItFailsThoughNobodyWrites) {
  SqliteOptions options = Options();
  options.file_look_interval = absl::Milliseconds(1);
  absl::Notification failed;
  options.on_failure = [&](const absl::Status& cause) {
    failures_.push_back(cause);
    failed.Notify();
  };
  std::unique_ptr<SqliteStore> store = Open(std::move(options));
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  std::filesystem::remove(directory_ + "/signet.db");
  failed.WaitForNotification();
  EXPECT_THAT(failures_, ElementsAre(ErrorIs(StatusCode::kFailedPrecondition,
                                             "DATABASE_REFUSED")));
  EXPECT_EQ(store->Health().failure(), failures_[0]);
  // Callers are told no more than that.
  EXPECT_THAT(HasNoAccount(*store), kStoreIsDown);
  EXPECT_THAT(Revoke(*store, 2), kStoreIsDown);
  store.reset();
  EXPECT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_THAT(logger_.lines()[0].fields.at("cause"),
              HasSubstr("signet.db: the database was removed"));
}

// A revocation, too.
TEST_F(SqliteStoreFilesTest, WithoutItsFilesNothingIsAcknowledged) {
  for (const char* file :
       {"signet.db", "signet.db-wal", "signet.db-shm", "signet.lock", "."}) {
    std::filesystem::remove_all(directory_);
    SqliteOptions options = Options();
    options.file_look_interval = absl::InfiniteDuration();
    const std::unique_ptr<SqliteStore> store = Open(std::move(options));
    ASSERT_THAT(Ensure(*store, 1), IsOk());
    std::filesystem::rename(std::filesystem::canonical(directory_ + "/" + file),
                            temp_.File("aside"));
    EXPECT_THAT(store->Health().reason, IsOk());
    EXPECT_THAT(Revoke(*store, 2), kStoreIsDown) << file;
    EXPECT_THAT(store->Health().failure(),
                ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
    std::filesystem::remove_all(temp_.File("aside"));
  }
}

TEST_F(SqliteStoreFilesTest, WhatOnlyALostLogHeldIsSaved) {
  std::unique_ptr<SqliteStore> store = Open();
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  std::filesystem::remove(directory_ + "/signet.db-wal");
  EXPECT_THAT(Ensure(*store, 2), kStoreIsDown);
  store.reset();
  EXPECT_EQ(logger_.lines().back().message,
            "the lost log was copied into the database");
  EXPECT_EQ(logger_.lines().back().fields.at("outcome"), "OK");
  store = Open();
  EXPECT_THAT(HasNoAccount(*store), IsOkAndHolds(false));
}

// Which a stop would remove by its name.
TEST_F(SqliteStoreFilesTest, TheLogOfAnotherDirectoryIsLeftAlone) {
  SqliteOptions options = Options();
  options.file_look_interval = absl::InfiniteDuration();
  std::unique_ptr<SqliteStore> store = Open(std::move(options));
  ASSERT_THAT(Ensure(*store, 1), IsOk());
  std::filesystem::rename(directory_, temp_.File("aside"));
  std::filesystem::create_directory(directory_);
  std::ofstream(directory_ + "/signet.db-wal") << "another's";
  store->Drain();
  EXPECT_THAT(store->Health().failure(),
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
  EXPECT_EQ(std::filesystem::file_size(directory_ + "/signet.db-wal"), 9u);
  EXPECT_GT(std::filesystem::file_size(temp_.File("aside/signet.db-wal")), 0u);
}

}  // namespace
}  // namespace signet::sqlite
