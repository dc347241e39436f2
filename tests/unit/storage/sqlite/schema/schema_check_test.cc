// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/schema_check.h"

#include <sqlite3.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/schema/row_worker.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// As who has the file and any program for it may change it.
absl::Status ChangeFreely(SqliteConnection& connection,
                          const std::string& sql) {
  for (const int setting :
       {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW}) {
    sqlite3_db_config(connection.handle(), setting, 1, nullptr);
  }
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
  return connection.Execute(("PRAGMA writable_schema = ON;" + sql).c_str());
}

class SchemaCheckTest : public testing::Test {
 protected:
  SchemaCheckTest() { std::ofstream(file_).close(); }

  SqliteConnection Connect() {
    absl::StatusOr<SqliteConnection> connection =
        SqliteConnection::Open({.file = file_, .vfs = "", .busy_timeout = {}},
                               SqliteConnection::Access::kReadWrite);
    EXPECT_THAT(connection, IsOk());
    return *std::move(connection);
  }
  // On a connection that has not seen what was there before.
  absl::Status Check() {
    SqliteConnection connection = Connect();
    return CheckSchema(connection, SchemaMigrations());
  }
  void MakeVersion(size_t version) {
    SqliteConnection connection = Connect();
    ASSERT_THAT(Migrate(connection, SchemaMigrations().first(version)), IsOk());
  }

  TempDir directory_;
  const std::string file_ = directory_.File("signet.db");
};

TEST_F(SchemaCheckTest, EveryVersionIsWhatItsStepsMake) {
  for (size_t version = 0; version <= SchemaMigrations().size(); ++version) {
    MakeVersion(version);
    EXPECT_THAT(Check(), IsOk()) << version;
  }
}

TEST_F(SchemaCheckTest, AnEarlierVersionMigratedIsLikeANewOne) {
  for (size_t first = 1; first < SchemaMigrations().size(); ++first) {
    std::ofstream(file_).close();
    MakeVersion(first);
    MakeVersion(SchemaMigrations().size());
    EXPECT_THAT(Check(), IsOk()) << first;
  }
}

TEST_F(SchemaCheckTest, AStoreOpensEveryEarlierVersionAndOpensItAgain) {
  for (size_t first = 1; first < SchemaMigrations().size(); ++first) {
    std::ofstream(file_).close();
    MakeVersion(first);
    ASSERT_THAT(
        Connect().Execute(
            absl::StrCat("PRAGMA application_id = ", kApplicationId).c_str()),
        IsOk());
    for (int times = 1; times <= 2; ++times) {
      EXPECT_THAT(SqliteStore::Open({.directory = directory_.path()}), IsOk())
          << first << " " << times;
    }
  }
}

TEST_F(SchemaCheckTest, AMigrationUnderWayIsNoDifference) {
  MakeVersion(2);
  SqliteConnection connection = Connect();
  const Migration& step = SchemaMigrations()[2];
  ASSERT_THAT(connection.Execute(step.prepare), IsOk());
  EXPECT_THAT(Check(), IsOk());
  for (const Migration::RowWork& work : step.work) {
    absl::StatusOr<RowWorker> worker = RowWorker::Create(connection, work);
    ASSERT_THAT(worker, IsOk());
    EXPECT_THAT(worker->RunOnce(), IsOk());
    EXPECT_THAT(Check(), IsOk());
  }
}

TEST_F(SchemaCheckTest, SqlitesOwnTablesAreFine) {
  MakeVersion(3);
  {
    SqliteConnection connection = Connect();
    ASSERT_THAT(connection.Execute("INSERT INTO accounts VALUES (zeroblob(16),"
                                   " zeroblob(9)); ANALYZE"),
                IsOk());
    EXPECT_THAT(connection.QueryInteger("SELECT count(*) FROM sqlite_schema"
                                        " WHERE name = 'sqlite_stat1'"),
                IsOkAndHolds(1));
  }
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(SchemaCheckTest, LayoutIsNoDifference) {
  MakeVersion(3);
  {
    SqliteConnection connection = Connect();
    ASSERT_THAT(ChangeFreely(connection,
                             "UPDATE sqlite_schema SET sql ="
                             " replace(sql, char(10), '  /* x */ ')"),
                IsOk());
  }
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(SchemaCheckTest, ANewerVersionIsRefusedAsSuch) {
  MakeVersion(3);
  ASSERT_THAT(Connect().Execute("PRAGMA user_version = 4"), IsOk());
  EXPECT_THAT(Check(), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_THAT(Connect().Execute("PRAGMA user_version = -1"), IsOk());
  EXPECT_THAT(Check(), StatusIs(StatusCode::kFailedPrecondition));
}

struct SchemaChange {
  const char* name;
  std::string sql;
  const char* told;
};

// In the text of a table.
std::string Replaced(const std::string& table, const std::string& from,
                     const std::string& to) {
  return "UPDATE sqlite_schema SET sql = replace(sql, '" + from + "', '" + to +
         "') WHERE name = '" + table + "'";
}

const SchemaChange kSchemaChanges[] = {
    {"Trigger",
     "CREATE TRIGGER spy AFTER INSERT ON tokens BEGIN DELETE FROM accounts;"
     " END",
     "the trigger spy on tokens is not Signet's"},
    {"TriggerOfANameOfSqlites",
     "INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_stat1', 'tokens', 0,"
     " 'CREATE TRIGGER sqlite_stat1 AFTER INSERT ON tokens BEGIN"
     " DELETE FROM accounts; END')",
     "the trigger sqlite_stat1 on tokens is not Signet's"},
    {"View", "CREATE VIEW v AS SELECT * FROM tokens",
     "the view v is not Signet's"},
    {"Table", "CREATE TABLE notes (a)", "the table notes is not Signet's"},
    {"Index", "CREATE INDEX mine ON tokens (last4)",
     "the index mine on tokens is not Signet's"},
    {"NameOfSeveralLines", "CREATE TABLE \"a\nb\x01\" (a)",
     "the table a?b? is not Signet's"},
    {"IndexDropped", "DROP INDEX tokens_expiring",
     "the index tokens_expiring is missing"},
    {"IndexNotUnique",
     "DROP INDEX authorizations_in_force;"
     "CREATE INDEX authorizations_in_force ON authorizations (subject_id)",
     "the index authorizations_in_force has `create index"
     " authorizations_in_force on authorizations` in place of `create unique"
     " index authorizations_in_force on authorizations`"},
    {"IndexOfOtherColumns",
     "DROP INDEX replays_by_age; CREATE INDEX replays_by_age ON replays"
     " (lookup)",
     "the index replays_by_age has `lookup` in place of `created_at`"},
    {"IndexOfOtherRows",
     "DROP INDEX owners_in_force; CREATE INDEX owners_in_force ON"
     " authorizations (account_id, id) WHERE grant_kind = 2",
     "the index owners_in_force ends with `where grant_kind = 2` in place of"
     " `where grant_kind = 2 and revoked_at is null`"},
    {"IndexOfAnotherTable",
     "DROP INDEX tokens_expiring; CREATE INDEX tokens_expiring ON replays"
     " (created_at)",
     "the index tokens_expiring is on replays in place of tokens"},
    {"TableDropped", "DROP TABLE watermarks",
     "the table watermarks is missing"},
    {"ColumnAdded", "ALTER TABLE tokens ADD COLUMN note TEXT",
     "the table tokens has `note text`, which is not Signet's"},
    {"ColumnDropped", "ALTER TABLE accounts DROP COLUMN created_at",
     "the table accounts lacks `created_at blob not null check (length"
     " (created_at) = 9)`"},
    {"ColumnRenamed", "ALTER TABLE watermarks RENAME COLUMN time TO tijd",
     "the table watermarks has `tijd blob"},
    {"TypeChanged", Replaced("tokens", "last4 TEXT", "last4 BLOB"),
     "the table tokens has `last4 blob not null` in place of `last4 text not"
     " null`"},
    {"NotNullDropped", Replaced("tokens", "last4 TEXT NOT NULL", "last4 TEXT"),
     "the table tokens has `last4 text` in place of `last4 text not null`"},
    {"CheckDropped",
     Replaced("tokens", "mac BLOB NOT NULL CHECK (length(mac) = 32)",
              "mac BLOB NOT NULL"),
     "the table tokens has `mac blob not null` in place of `mac blob not null"
     " check (length (mac) = 32)`"},
    {"CheckOfTheTableDropped",
     Replaced("authorizations",
              "CHECK ((grant_kind = 1) = (capability_key IS NOT NULL))",
              "CHECK (1)"),
     "the table authorizations has `check (1)` in place of `check"},
    {"NotStrict", Replaced("tokens", "STRICT, WITHOUT", "WITHOUT"),
     "the table tokens ends with `without rowid` in place of `strict, without"
     " rowid`"},
    {"WithRowid",
     "DROP TABLE watermarks; CREATE TABLE watermarks (name TEXT NOT NULL"
     " PRIMARY KEY, time BLOB NOT NULL CHECK (length(time) = 9)) STRICT",
     "the table watermarks ends with `strict` in place of `strict, without"
     " rowid`"},
    {"VersionSetBack", "PRAGMA user_version = 2",
     "the table service_accounts has `owner text check (owner <> '')`, which is"
     " not Signet's"},
    {"VersionSetToNone", "PRAGMA user_version = 0",
     "the table accounts is not Signet's"},
};

class SchemaDifference : public SchemaCheckTest,
                         public testing::WithParamInterface<SchemaChange> {};

TEST_P(SchemaDifference, IsTold) {
  MakeVersion(3);
  {
    SqliteConnection connection = Connect();
    ASSERT_THAT(ChangeFreely(connection, GetParam().sql), IsOk());
  }
  const absl::Status status = Check();
  EXPECT_THAT(status, StatusIs(StatusCode::kAborted));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("its schema is not what Signet makes: "),
                    HasSubstr(GetParam().told), Not(HasSubstr("\n")),
                    Not(HasSubstr("sqlite: "))));
}

INSTANTIATE_TEST_SUITE_P(, SchemaDifference, testing::ValuesIn(kSchemaChanges),
                         [](const auto& info) { return info.param.name; });

TEST_F(SchemaCheckTest, WhatIsChangedBeforeAMigrationIsTold) {
  MakeVersion(1);
  ASSERT_THAT(Connect().Execute("DROP INDEX super_admins_in_force"), IsOk());
  EXPECT_THAT(std::string(Check().message()),
              HasSubstr("the index super_admins_in_force is missing"));
}

TEST_F(SchemaCheckTest, ASchemaThatNobodyCanReadIsDamage) {
  MakeVersion(3);
  {
    SqliteConnection connection = Connect();
    ASSERT_THAT(ChangeFreely(connection,
                             "UPDATE sqlite_schema SET sql = 'CREATE nonsense'"
                             " WHERE name = 'tokens'"),
                IsOk());
  }
  const absl::Status status =
      OpenDatabaseToRead({.file = file_, .vfs = "", .busy_timeout = {}},
                         SchemaMigrations())
          .status();
  EXPECT_THAT(status, StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("nonsense")));
}

}  // namespace
}  // namespace signet::sqlite
