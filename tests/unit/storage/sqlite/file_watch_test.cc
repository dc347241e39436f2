// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/file_watch.h"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

namespace fs = std::filesystem;
using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A data directory `data`, and beside it whatever else a test needs.
class FileWatchTest : public testing::Test {
 protected:
  FileWatchTest() { Fill("data"); }

  void Fill(const std::string& directory) {
    fs::create_directory(At(directory));
    for (const char* name :
         {"signet.db", "signet.db-wal", "signet.db-shm", "signet.lock"}) {
      std::ofstream(At(directory + "/" + name)) << name;
    }
  }
  std::string At(const std::string& name) const { return temp_.File(name); }
  void Move(const std::string& from, const std::string& to) {
    fs::rename(At(from), At(to));
  }
  void Remove(const std::string& name) {
    EXPECT_GT(fs::remove_all(At(name)), 0u);
  }

  // Watches `data`, by the name of `link` if there is one.
  std::unique_ptr<FileWatch> Begin(const std::string& name = "data") {
    absl::StatusOr<std::unique_ptr<FileWatch>> watch =
        FileWatch::Begin(At(name), At("data"));
    EXPECT_THAT(watch, IsOk());
    return *std::move(watch);
  }

  TempDir temp_;
};

TEST_F(FileWatchTest, WhatIsWrittenToTheFilesIsNoHarm) {
  const std::unique_ptr<FileWatch> watch = Begin();
  fs::permissions(At("data/signet.db"), fs::perms::owner_read);
  std::ofstream(At("data/signet.reserve")) << "new";
  fs::create_hard_link(At("data/signet.reserve"), At("data/copy"));
  EXPECT_THAT(watch->Look(), IsOk());
  EXPECT_FALSE(watch->OnlyTheLogIsLost());
}

TEST_F(FileWatchTest, OnlyACheckpointWritesToTheDatabase) {
  const std::unique_ptr<FileWatch> watch = Begin();
  const auto write = [this] {
    std::ofstream(At("data/signet.db"), std::ios::app) << "more";
  };
  watch->WriteDatabase([&] {
    write();
    EXPECT_THAT(watch->Look(), IsOk());
  });
  EXPECT_THAT(watch->Look(), IsOk());
  write();
  EXPECT_THAT(watch->Look(),
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
}

TEST_F(FileWatchTest, AnotherTimeIsAWriteToo) {
  const std::unique_ptr<FileWatch> watch = Begin();
  fs::last_write_time(At("data/signet.db"),
                      fs::file_time_type() + std::chrono::hours(1));
  EXPECT_THAT(std::string(watch->Look().message()),
              HasSubstr("another process has written to the database"));
  fs::remove(At("data/signet.db-wal"));
  EXPECT_FALSE(watch->OnlyTheLogIsLost());
}

// SQLite never cuts it but in a checkpoint, and goes on in what is gone.
TEST_F(FileWatchTest, OnlyATransactionWritesToTheLog) {
  const std::unique_ptr<FileWatch> watch = Begin();
  watch->WriteLog([&] {
    std::ofstream(At("data/signet.db-wal"), std::ios::app) << "ours";
    watch->WriteDatabase([] {});
    EXPECT_THAT(watch->Look(), IsOk());
  });
  EXPECT_THAT(watch->Look(), IsOk());
  fs::resize_file(At("data/signet.db-wal"), 0);
  EXPECT_THAT(std::string(watch->Look().message()),
              HasSubstr("another process has written to the write-ahead log"));
  watch->WriteLog([&] {
    EXPECT_THAT(watch->Look(),
                ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"))
        << "before a transaction goes on in it";
  });
  EXPECT_FALSE(watch->OnlyTheLogIsLost());
}

// A checkpoint does not make it this process's own.
TEST_F(FileWatchTest, AForeignWriteIsNoticedAlsoBehindOneOfOurs) {
  const std::unique_ptr<FileWatch> watch = Begin();
  std::ofstream(At("data/signet.db"), std::ios::app) << "foreign";
  watch->WriteDatabase(
      [this] { std::ofstream(At("data/signet.db"), std::ios::app) << "ours"; });
  EXPECT_THAT(watch->Look(),
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
}

TEST_F(FileWatchTest, ALinkToTheDirectoryIsFollowed) {
  fs::create_directory_symlink("data", At("link"));
  EXPECT_THAT(Begin("link")->Look(), IsOk());
}

TEST_F(FileWatchTest, WhatIsNotThereCannotBeWatched) {
  Remove("data/signet.db-wal");
  const absl::Status status = FileWatch::Begin(At("data"), At("data")).status();
  EXPECT_THAT(status,
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
  EXPECT_THAT(std::string(status.message()),
              StartsWith(At("data/signet.db-wal: ")));
}

TEST_F(FileWatchTest, ALinkIsNotTakenForTheDatabase) {
  Move("data/signet.db", "elsewhere");
  fs::create_symlink(At("elsewhere"), At("data/signet.db"));
  EXPECT_THAT(FileWatch::Begin(At("data"), At("data")),
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
}

struct Harm {
  std::string name;
  std::function<void(const std::string& folder)> act;
  std::string file;  // The one that the message begins with.
  std::string said;
  bool only_the_log = false;
};

class HarmTest : public FileWatchTest,
                 public testing::WithParamInterface<Harm> {};

TEST_P(HarmTest, IsSeenAndTold) {
  fs::create_directory_symlink("data", At("link"));
  Fill("other");
  const std::unique_ptr<FileWatch> watch = Begin("link");
  GetParam().act(temp_.path() + "/");
  const absl::Status status = watch->Look();
  EXPECT_THAT(status,
              ErrorIs(StatusCode::kFailedPrecondition, "DATABASE_REFUSED"));
  EXPECT_THAT(std::string(status.message()),
              AllOf(StartsWith(At(GetParam().file) + ": "),
                    HasSubstr(GetParam().said)));
  EXPECT_EQ(watch->OnlyTheLogIsLost(), GetParam().only_the_log);
}

std::function<void(const std::string&)> Removing(const std::string& name) {
  return [name](const std::string& folder) { fs::remove_all(folder + name); };
}
std::function<void(const std::string&)> Moving(const std::string& from,
                                               const std::string& to) {
  return [=](const std::string& folder) {
    fs::rename(folder + from, folder + to);
  };
}

INSTANTIATE_TEST_SUITE_P(
    All, HarmTest,
    testing::Values(
        Harm{"DatabaseRemoved", Removing("data/signet.db"), "data/signet.db",
             "the database was removed while"},
        Harm{"DatabaseMoved", Moving("data/signet.db", "data/aside"),
             "data/signet.db", "the database was moved away while"},
        Harm{"DatabaseReplaced", Moving("other/signet.db", "data/signet.db"),
             "data/signet.db",
             "the database was removed, and another is in its place, while"},
        Harm{"DatabaseMovedAndReplaced",
             [](const std::string& folder) {
               fs::rename(folder + "data/signet.db", folder + "aside");
               fs::copy_file(folder + "aside", folder + "data/signet.db");
             },
             "data/signet.db",
             "the database was moved away, and another is in its place, while"},
        Harm{"DatabaseBehindALink",
             [](const std::string& folder) {
               fs::rename(folder + "data/signet.db", folder + "aside");
               fs::create_symlink(folder + "aside", folder + "data/signet.db");
             },
             "data/signet.db", "moved away, and another is in its place"},
        Harm{"DatabaseWithASecondName",
             [](const std::string& folder) {
               fs::create_hard_link(folder + "data/signet.db", folder + "2nd");
             },
             "data/signet.db", "has 2 names (hard links)"},
        Harm{"LogRemoved", Removing("data/signet.db-wal"), "data/signet.db-wal",
             "the write-ahead log was removed while", true},
        Harm{"LogReplaced", Moving("other/signet.db-wal", "data/signet.db-wal"),
             "data/signet.db-wal", "and another is in its place", true},
        Harm{"LogAndDatabaseRemoved",
             [](const std::string& folder) {
               fs::remove(folder + "data/signet.db");
               fs::remove(folder + "data/signet.db-wal");
             },
             "data/signet.db", "the database was removed"},
        Harm{"IndexRemoved", Removing("data/signet.db-shm"),
             "data/signet.db-shm", "the index of the write-ahead log was"},
        Harm{"LockRemoved", Removing("data/signet.lock"), "data/signet.lock",
             "the lock was removed while"},
        Harm{"LockReplaced", Moving("other/signet.lock", "data/signet.lock"),
             "data/signet.lock", "and another is in its place"},
        Harm{"DirectoryRemoved", Removing("data"), "link",
             "the data directory was removed while"},
        Harm{"DirectoryMoved", Moving("data", "aside"), "link",
             "the data directory was moved away while"},
        Harm{"DirectoryReplaced",
             [](const std::string& folder) {
               fs::rename(folder + "data", folder + "aside");
               fs::rename(folder + "other", folder + "data");
             },
             "link",
             "the data directory was moved away, and another is in its place"},
        Harm{"LinkLeadsElsewhere",
             [](const std::string& folder) {
               fs::remove(folder + "link");
               fs::create_directory_symlink("other", folder + "link");
             },
             "link", "and another is in its place"},
        Harm{"LinkFollowsTheDirectory",  // SQLite knows the files by old names.
             [](const std::string& folder) {
               fs::rename(folder + "data", folder + "aside");
               fs::remove(folder + "link");
               fs::create_directory_symlink("aside", folder + "link");
             },
             "data/signet.db", "the database was moved away while"},
        Harm{"FileInPlaceOfTheDirectory",
             [](const std::string& folder) {
               fs::rename(folder + "data", folder + "aside");
               std::ofstream(folder + "data") << "x";
             },
             "link", "and another is in its place"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace signet::sqlite
