// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Migration kFirst = {
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"};
constexpr Migration kSecond = {"ALTER TABLE notes ADD COLUMN read INTEGER;"};

// Two bits of work on rows, the second of which takes a row each time.
constexpr Migration::RowWork kReadThem[] = {
    {.what = "notes that are read",
     .next = "SELECT max(id), count(*) FROM (SELECT id FROM notes"
             " WHERE id > ifnull(?1, 0) ORDER BY id LIMIT 100)",
     .change = "UPDATE notes SET read = 1"
               " WHERE id > ifnull(?1, 0) AND id <= ?2 AND id % 2 = 0"}};
constexpr Migration kWorked = {
    .sql = "CREATE INDEX notes_read ON notes (read);",
    .work = kReadThem,
    .prepare = "ALTER TABLE notes ADD COLUMN read INTEGER;",
    .is_prepared =
        "SELECT count(*) FROM pragma_table_info('notes')"
        " WHERE name = 'read'"};

class DatabaseTest : public testing::Test {
 protected:
  absl::StatusOr<SqliteConnection> Open(std::vector<Migration> steps = {
                                            kFirst}) {
    return OpenDatabase({.connection = {.file = file_,
                                        .vfs = "",
                                        .busy_timeout = absl::Milliseconds(50)},
                         .check_time = absl::Seconds(60)},
                        steps);
  }

  // Makes the database, with some pages of rows, and closes it; what is in the
  // log is copied into it if `checkpoint`.
  void Make(bool checkpoint = true) {
    absl::StatusOr<SqliteConnection> connection = Open();
    ASSERT_THAT(connection, IsOk());
    ASSERT_THAT(connection->Execute(
                    "WITH RECURSIVE n (i) AS"
                    " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
                    " INSERT INTO notes SELECT i, printf('note %d', i) FROM n"),
                IsOk());
    if (checkpoint) {
      ASSERT_THAT(connection->Execute("PRAGMA wal_checkpoint (TRUNCATE)"),
                  IsOk());
    }
  }

  // A refusal names the file in one line, says what to do, and leaves every
  // byte as it was.
  void ExpectRefused(StatusCode code, const std::string& why,
                     std::vector<Migration> steps = {kFirst}) {
    const std::string before = Contents();
    const absl::Status status = Open(steps).status();
    EXPECT_THAT(status, StatusIs(code));
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(file_), HasSubstr(why), HasSubstr("; "),
                      Not(HasSubstr("\n"))));
    EXPECT_EQ(Contents(), before);
  }

  std::string Copy() const { return file_ + ".v1-backup"; }
  std::string Contents() const {
    if (!std::filesystem::is_regular_file(file_)) return "";
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void Overwrite(std::streamoff offset, const std::string& bytes) {
    std::fstream out(file_, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(offset);
    out << bytes;
    ASSERT_TRUE(out.good());
  }
  unsigned Mode(const std::string& file) {
    struct stat info;
    EXPECT_EQ(stat(file.c_str(), &info), 0) << file;
    return info.st_mode & 0777;
  }

  TempDir directory_;
  const std::string file_ = directory_.File("signet.db");
};

TEST_F(DatabaseTest, IsMadeWhereThereIsNone) {
  absl::StatusOr<SqliteConnection> connection = Open();
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT(connection->QueryInteger("PRAGMA application_id"),
              IsOkAndHolds(kApplicationId));
  EXPECT_THAT(SchemaVersion(*connection), IsOkAndHolds(1));
  EXPECT_THAT(connection->QueryText("PRAGMA journal_mode"),
              IsOkAndHolds("wal"));
  EXPECT_THAT(connection->QueryInteger("PRAGMA foreign_keys"), IsOkAndHolds(1));
}

TEST_F(DatabaseTest, IsForItsOwnerOnlyWhateverTheUmask) {
  const mode_t umask_before = umask(0);
  absl::StatusOr<SqliteConnection> connection = Open();
  ASSERT_THAT(connection, IsOk());
  ASSERT_THAT(connection->Execute("INSERT INTO notes VALUES (1, 'x')"), IsOk());
  EXPECT_EQ(Mode(file_), 0600u);
  EXPECT_EQ(Mode(file_ + "-wal"), 0600u);
  EXPECT_EQ(Mode(file_ + "-shm"), 0600u);
  umask(umask_before);
}

TEST_F(DatabaseTest, MakingItLeavesNothingElse) {
  { ASSERT_THAT(Open(), IsOk()); }
  for (const auto& entry :
       std::filesystem::directory_iterator(directory_.path())) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".new")));
  }
}

TEST_F(DatabaseTest, WhatAFirstStartLeftHalfMadeIsMadeAnew) {
  std::ofstream(file_ + ".new") << "half";
  std::ofstream(file_ + ".new-journal") << "half";
  EXPECT_THAT(Open(), IsOk());
}

TEST_F(DatabaseTest, KeepsItsRows) {
  Make();
  absl::StatusOr<SqliteConnection> connection = Open();
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT(connection->QueryInteger("SELECT count(*) FROM notes"),
              IsOkAndHolds(2000));
}

TEST_F(DatabaseTest, WhatIsOnlyInTheLogIsThereAndCopiedToTheDatabase) {
  Make(/*checkpoint=*/false);
  ASSERT_GT(std::filesystem::file_size(file_ + "-wal"), 0u);
  absl::StatusOr<SqliteConnection> connection = Open();
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT(connection->QueryInteger("SELECT count(*) FROM notes"),
              IsOkAndHolds(2000));
  EXPECT_EQ(std::filesystem::file_size(file_ + "-wal"), 0u);
}

TEST_F(DatabaseTest, AnOlderSchemaIsBroughtUpToDate) {
  Make();
  absl::StatusOr<SqliteConnection> connection = Open({kFirst, kSecond});
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT(SchemaVersion(*connection), IsOkAndHolds(2));
  EXPECT_THAT(
      connection->QueryInteger("SELECT count(*) FROM notes WHERE read IS NULL"),
      IsOkAndHolds(2000));
}

TEST_F(DatabaseTest, ANewerSchemaIsRefused) {
  { ASSERT_THAT(Open({kFirst, kSecond}), IsOk()); }
  ExpectRefused(StatusCode::kFailedPrecondition, "schema version: got 2");
}

TEST_F(DatabaseTest, ADatabaseOfAnotherApplicationIsRefused) {
  Make();
  Overwrite(68, "Else");
  ExpectRefused(StatusCode::kFailedPrecondition, "another application");
}

TEST_F(DatabaseTest, ADatabaseOfNoApplicationIsRefused) {
  Make();
  Overwrite(68, std::string(4, '\0'));
  ExpectRefused(StatusCode::kFailedPrecondition, "another application");
}

TEST_F(DatabaseTest, AnEmptyFileIsRefused) {
  std::ofstream(file_).close();
  ExpectRefused(StatusCode::kDataLoss, "cut short");
}

TEST_F(DatabaseTest, AFileOfAnotherKindIsRefused) {
  std::ofstream(file_) << std::string(5000, 'x');
  ExpectRefused(StatusCode::kDataLoss, "no SQLite header");
}

TEST_F(DatabaseTest, ADirectoryInItsPlaceIsRefused) {
  std::filesystem::create_directory(file_);
  ExpectRefused(StatusCode::kFailedPrecondition, "cannot be written");
}

TEST_F(DatabaseTest, ALinkIsRefusedWhereverItLeads) {
  std::filesystem::create_symlink(directory_.File("gone"), file_);
  ExpectRefused(StatusCode::kFailedPrecondition, "is a symbolic link");
  EXPECT_FALSE(std::filesystem::exists(directory_.File("gone")));
  std::filesystem::remove(file_);
  Make(/*checkpoint=*/true);
  std::filesystem::rename(file_, directory_.File("there"));
  std::filesystem::create_symlink(directory_.File("there"), file_);
  ExpectRefused(StatusCode::kFailedPrecondition, "is a symbolic link");
}

TEST_F(DatabaseTest, ItsConnectionTellsThatItHasMoved) {
  const absl::StatusOr<SqliteConnection> connection = Open();
  ASSERT_THAT(connection, IsOk());
  EXPECT_FALSE(connection->HasMoved());
  std::filesystem::copy_file(file_, directory_.File("other"));
  std::filesystem::rename(directory_.File("other"), file_);
  EXPECT_TRUE(connection->HasMoved());
}

TEST_F(DatabaseTest, AFileWithASecondNameIsRefused) {
  Make(/*checkpoint=*/true);
  std::filesystem::create_hard_link(file_, directory_.File("second"));
  ExpectRefused(StatusCode::kFailedPrecondition, "has 2 names (hard links)");
  std::filesystem::remove(directory_.File("second"));
  EXPECT_THAT(Open(), IsOk());
}

TEST_F(DatabaseTest, ALogWithoutItsDatabaseIsRefused) {
  Make(/*checkpoint=*/false);
  std::filesystem::remove(file_);
  ExpectRefused(StatusCode::kDataLoss, "is missing, but its log");
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_GT(std::filesystem::file_size(file_ + "-wal"), 0u);
}

TEST_F(DatabaseTest, ACutFileIsRefused) {
  Make();
  const auto size = std::filesystem::file_size(file_);
  for (auto kept : {size / 2, size - 4096, size - 1, uintmax_t{4096},
                    uintmax_t{100}, uintmax_t{99}}) {
    SCOPED_TRACE(kept);
    std::filesystem::resize_file(file_, kept);
    ExpectRefused(StatusCode::kDataLoss, "move the whole data directory aside");
    std::filesystem::resize_file(file_, size);
  }
}

TEST_F(DatabaseTest, ADamagedHeaderIsRefused) {
  Make();
  Overwrite(0, "Sqlite");
  ExpectRefused(StatusCode::kDataLoss, "no SQLite header");
  Overwrite(0, "SQLite");
  Overwrite(16, std::string("\x01\x23", 2));  // The page size.
  ExpectRefused(StatusCode::kDataLoss, "move the whole data directory aside");
}

TEST_F(DatabaseTest, ADamagedPageIsRefused) {
  Make();
  const std::string whole = Contents();
  constexpr size_t kPage = 4096;
  ASSERT_GT(whole.size(), 4 * kPage);
  for (size_t page = 0; page < whole.size() / kPage; ++page) {
    SCOPED_TRACE(page);
    // After the database header, on the first page.
    Overwrite(page * kPage + (page == 0 ? 100 : 0), std::string(64, '\x55'));
    ExpectRefused(StatusCode::kDataLoss, "is damaged");
    Overwrite(page * kPage, whole.substr(page * kPage, kPage));
  }
  EXPECT_THAT(Open(), IsOk());
}

// As where a backup was copied over a database whose log was left.
TEST_F(DatabaseTest, ADamagedDatabaseBesideALogTellsOfALogThatWasLeft) {
  Make();
  Overwrite(4096, std::string(64, '\x55'));
  EXPECT_THAT(std::string(Open().status().message()),
              Not(HasSubstr("remove signet.db-wal")));
  std::ofstream(file_ + "-wal") << "of another database";
  ExpectRefused(StatusCode::kDataLoss, "remove signet.db-wal");
}

TEST_F(DatabaseTest, ARowThatBreaksItsConstraintIsRefused) {
  Make();
  const size_t note = Contents().find("note 1234");
  ASSERT_NE(note, std::string::npos);
  // Turns the text before it into NULL: a serial type in the record's header.
  Overwrite(static_cast<std::streamoff>(note) - 1, std::string(1, '\0'));
  ExpectRefused(StatusCode::kDataLoss, "is damaged");
}

TEST_F(DatabaseTest, ASchemaThatIsNotWhatTheStepsMakeIsRefused) {
  Make();
  {
    absl::StatusOr<SqliteConnection> connection = Open();
    ASSERT_THAT(connection->Execute("CREATE INDEX mine ON notes (text);"
                                    "PRAGMA wal_checkpoint (TRUNCATE)"),
                IsOk());
  }
  ExpectRefused(StatusCode::kFailedPrecondition,
                "the index mine on notes is not Signet's");
  // And is not migrated either.
  ExpectRefused(StatusCode::kFailedPrecondition,
                "the index mine on notes is not Signet's", {kFirst, kSecond});
  EXPECT_FALSE(std::filesystem::exists(Copy()));
}

TEST_F(DatabaseTest, AFormatOfTheSchemaThatThereIsNotIsRefused) {
  Make();
  for (const char format : {'\0', '\5'}) {
    Overwrite(47, std::string(1, format));
    ExpectRefused(StatusCode::kDataLoss, "damaged header");
  }
}

TEST_F(DatabaseTest, ALockedDatabaseIsReportedAsSuch) {
  Make();
  absl::StatusOr<SqliteConnection> holder = SqliteConnection::Open(
      {.file = file_, .vfs = "", .busy_timeout = absl::ZeroDuration()},
      SqliteConnection::Access::kReadWrite);
  ASSERT_THAT(holder, IsOk());
  ASSERT_THAT(holder->Execute("PRAGMA locking_mode = EXCLUSIVE;"
                              "INSERT INTO notes VALUES (9999, 'x');"),
              IsOk());
  const absl::Status status = Open().status();
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(file_), HasSubstr("locked")));
}

TEST_F(DatabaseTest, TheSearchForDamageEndsInTime) {
  Make();
  {
    absl::StatusOr<SqliteConnection> connection = Open();
    ASSERT_THAT(connection, IsOk());
    // A tree of thirty thousand pages, which takes long to walk.
    ASSERT_THAT(connection->Execute(
                    "WITH RECURSIVE n (i) AS"
                    " (SELECT 3000 UNION ALL"
                    "  SELECT i + 1 FROM n WHERE i < 33000)"
                    " INSERT INTO notes SELECT i, printf('%4000c', 'x') FROM n;"
                    "PRAGMA wal_checkpoint (TRUNCATE)"),
                IsOk());
  }
  // The first rows, to which the walk comes last.
  Overwrite(3 * 4096, std::string(64, '\x55'));
  DatabaseOptions options = {
      .connection = {.file = file_,
                     .vfs = "",
                     .busy_timeout = absl::Milliseconds(50)},
      .check_time = absl::ZeroDuration(),
  };
  const std::vector<Migration> steps = {kFirst};
  {
    absl::StatusOr<SqliteConnection> connection = OpenDatabase(options, steps);
    ASSERT_THAT(connection, IsOk());
    // And leaves the connection as good as new.
    EXPECT_THAT(connection->QueryInteger("SELECT count(*) FROM notes"
                                         " WHERE id > 32000"),
                IsOkAndHolds(1000));
  }
  options.check_time = absl::Minutes(5);
  EXPECT_THAT(OpenDatabase(options, steps).status(),
              StatusIs(StatusCode::kDataLoss));
}

TEST_F(DatabaseTest, AnOlderSchemaIsCopiedBeforeItChanges) {
  Make();
  ASSERT_THAT(Open({kFirst, kSecond}), IsOk());
  struct stat info = {};
  ASSERT_EQ(stat(Copy().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  for (const char* suffix : {".partial", "-wal", "-shm", "-journal"}) {
    EXPECT_FALSE(std::filesystem::exists(Copy() + suffix)) << suffix;
  }
  // It is what was, in one file that serves in the place of the database.
  std::filesystem::copy_file(Copy(), file_,
                             std::filesystem::copy_options::overwrite_existing);
  for (const char* suffix : {"-wal", "-shm"}) {
    std::filesystem::remove(file_ + suffix);
  }
  absl::StatusOr<SqliteConnection> restored = Open({kFirst});
  ASSERT_THAT(restored, IsOk());
  EXPECT_THAT(restored->QueryInteger("SELECT count(*) FROM notes"),
              IsOkAndHolds(2000));
  EXPECT_THAT(restored->QueryInteger("PRAGMA user_version"), IsOkAndHolds(1));
  EXPECT_THAT(restored->QueryText("PRAGMA integrity_check"),
              IsOkAndHolds("ok"));
}

TEST_F(DatabaseTest, WhatWasInTheLogIsInTheCopyToo) {
  Make(/*checkpoint=*/false);
  ASSERT_THAT(Open({kFirst, kSecond}), IsOk());
  absl::StatusOr<SqliteConnection> copy =
      SqliteConnection::Open({.file = Copy(), .vfs = "", .busy_timeout = {}},
                             SqliteConnection::Access::kReadOnly);
  ASSERT_THAT(copy, IsOk());
  EXPECT_THAT(copy->QueryInteger("SELECT count(*) FROM notes"),
              IsOkAndHolds(2000));
}

TEST_F(DatabaseTest, NoCopyIsMadeOfANewDatabaseNorWithoutAChange) {
  Make();
  ASSERT_THAT(Open({kFirst}), IsOk());
  EXPECT_FALSE(std::filesystem::exists(file_ + ".v0-backup"));
  EXPECT_FALSE(std::filesystem::exists(Copy()));
}

TEST_F(DatabaseTest, AnOlderCopyStaysWhereItIs) {
  Make();
  std::ofstream(Copy()) << "precious";
  ASSERT_THAT(Open({kFirst, kSecond}), IsOk());
  std::ifstream in(Copy());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "precious");
  EXPECT_TRUE(std::filesystem::exists(Copy() + ".2"));
}

TEST_F(DatabaseTest, ADatabaseThatCannotBeCopiedIsNotChanged) {
  Make();
  std::filesystem::create_directory(Copy() + ".partial");
  EXPECT_THAT(Open({kFirst, kSecond}).status(),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Open({kFirst})->QueryInteger("PRAGMA user_version"),
              IsOkAndHolds(1));
}

TEST_F(DatabaseTest, WorkOnRowsIsDoneBitByBit) {
  Make();
  absl::StatusOr<SqliteConnection> connection = Open({kFirst, kWorked});
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT(connection->QueryInteger("PRAGMA user_version"), IsOkAndHolds(2));
  EXPECT_THAT(
      connection->QueryInteger("SELECT count(*) FROM notes WHERE read = 1"),
      IsOkAndHolds(1000));
  // The log was emptied in between.
  EXPECT_LT(std::filesystem::file_size(file_ + "-wal"), 300'000u);
}

// Whatever it was that stopped it.
TEST_F(DatabaseTest, AMigrationThatWasInterruptedGoesOnAndIsNotCopiedAgain) {
  Make();
  Migration broken = kWorked;
  broken.sql = "CREATE INDEX notes_read ON nothing (read);";
  EXPECT_THAT(Open({kFirst, broken}).status(), StatusIs(StatusCode::kInternal));
  // The release before is told that this is not its schema.
  EXPECT_THAT(std::string(Open({kFirst}).status().message()),
              HasSubstr("`read integer`, which is not Signet's"));
  {
    absl::StatusOr<SqliteConnection> connection = SqliteConnection::Open(
        {.file = file_, .vfs = "", .busy_timeout = absl::ZeroDuration()},
        SqliteConnection::Access::kReadWrite);
    ASSERT_THAT(connection, IsOk());
    EXPECT_THAT(
        connection->QueryInteger("SELECT count(*) FROM notes WHERE read = 1"),
        IsOkAndHolds(1000));
    ASSERT_THAT(
        connection->Execute("INSERT INTO notes (id, text) VALUES (3000, 'x')"),
        IsOk());
  }
  absl::StatusOr<SqliteConnection> connection = Open({kFirst, kWorked});
  ASSERT_THAT(connection, IsOk());
  EXPECT_THAT(
      connection->QueryInteger("SELECT count(*) FROM notes WHERE read = 1"),
      IsOkAndHolds(1001));
  EXPECT_TRUE(std::filesystem::exists(Copy()));
  EXPECT_FALSE(std::filesystem::exists(Copy() + ".2"));
}

}  // namespace
}  // namespace signet::sqlite
