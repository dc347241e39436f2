// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/migration.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/rfc3339.h"
#include "storage/sqlite/read_txn.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr Migration kPeopleAndPets = {
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
    "CREATE TABLE pets (owner INTEGER REFERENCES people (id)) STRICT;"};
constexpr Migration kBorn = {"ALTER TABLE people ADD COLUMN born INTEGER;"};
// Rebuilds a table others refer to, as a changed constraint needs it.
constexpr Migration kRebuilt = {
    "CREATE TABLE renewed (id INTEGER PRIMARY KEY, name TEXT NOT NULL"
    " CHECK (name <> ''), born INTEGER) STRICT;"
    "INSERT INTO renewed SELECT id, name, born FROM people;"
    "DROP TABLE people;"
    "ALTER TABLE renewed RENAME TO people;"};
constexpr Migration kBroken = {
    "CREATE TABLE half (a INTEGER); INSERT INTO nowhere VALUES (1);"};
constexpr Migration kOrphaning = {"DELETE FROM people;"};

class MigrationTest : public testing::Test {
 protected:
  MigrationTest() {
    const std::string file = directory_.File("test.db");
    std::ofstream(file).close();
    absl::StatusOr<SqliteConnection> connection =
        SqliteConnection::Open({.file = file, .vfs = "", .busy_timeout = {}},
                               SqliteConnection::Access::kReadWrite);
    EXPECT_THAT(connection, IsOk());
    connection_.emplace(*std::move(connection));
  }

  absl::Status MigrateThrough(std::vector<Migration> steps) {
    return Migrate(*connection_, steps);
  }
  absl::Status Execute(const char* sql) { return connection_->Execute(sql); }
  absl::StatusOr<int64_t> Count(const std::string& what) {
    return connection_->QueryInteger("SELECT count(*) FROM " + what);
  }

  TempDir directory_;
  std::optional<SqliteConnection> connection_;
};

TEST_F(MigrationTest, TakesANewDatabaseThroughEveryStep) {
  ASSERT_THAT(MigrateThrough({kPeopleAndPets, kBorn, kRebuilt}), IsOk());
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(3));
  EXPECT_THAT(Execute("INSERT INTO people VALUES (1, 'Ada', 1815)"), IsOk());
}

TEST_F(MigrationTest, TakesAnOldDatabaseThroughTheStepsItLacks) {
  ASSERT_THAT(MigrateThrough({kPeopleAndPets}), IsOk());
  ASSERT_THAT(Execute("INSERT INTO people VALUES (1, 'Ada');"
                      "INSERT INTO pets VALUES (1)"),
              IsOk());
  ASSERT_THAT(MigrateThrough({kPeopleAndPets, kBorn, kRebuilt}), IsOk());
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(3));
  EXPECT_THAT(Count("people WHERE name = 'Ada' AND born IS NULL"),
              IsOkAndHolds(1));
  EXPECT_THAT(Count("pets"), IsOkAndHolds(1));
}

TEST_F(MigrationTest, AgainChangesNothing) {
  ASSERT_THAT(MigrateThrough({kPeopleAndPets, kBorn}), IsOk());
  EXPECT_THAT(MigrateThrough({kPeopleAndPets, kBorn}), IsOk());
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(2));
}

TEST_F(MigrationTest, AStepThatFailsLeavesTheVersionBeforeIt) {
  const absl::Status status =
      MigrateThrough({kPeopleAndPets, kBroken, kRebuilt});
  EXPECT_THAT(status, StatusIs(StatusCode::kInternal));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("migration to schema version 2"));
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(1));
  EXPECT_THAT(Count("sqlite_schema WHERE name = 'half'"), IsOkAndHolds(0));
  EXPECT_FALSE(connection_->InTransaction());
}

TEST_F(MigrationTest, AStepMustNotLeaveRowsThatReferToNothing) {
  ASSERT_THAT(MigrateThrough({kPeopleAndPets}), IsOk());
  ASSERT_THAT(Execute("INSERT INTO people VALUES (1, 'Ada');"
                      "INSERT INTO pets VALUES (1)"),
              IsOk());
  EXPECT_THAT(MigrateThrough({kPeopleAndPets, kOrphaning}),
              StatusIs(StatusCode::kInternal));
  EXPECT_THAT(Count("people"), IsOkAndHolds(1));
}

TEST_F(MigrationTest, ANewerDatabaseIsRefusedAndUntouched) {
  ASSERT_THAT(MigrateThrough({kPeopleAndPets, kBorn}), IsOk());
  const absl::Status status = MigrateThrough({kPeopleAndPets});
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("got 2, want at most 1"));
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(2));
}

TEST_F(MigrationTest, ForeignKeysAreEnforcedAfterwards) {
  ASSERT_THAT(MigrateThrough({kPeopleAndPets}), IsOk());
  EXPECT_THAT(Execute("INSERT INTO pets VALUES (7)"),
              StatusIs(StatusCode::kFailedPrecondition));
}

// A step that has been released must stay as it is: databases that went
// through it will not go through it again.
TEST_F(MigrationTest, OwnSchemaKeepsItsConstraints) {
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations()), IsOk());
  EXPECT_THAT(Count("pragma_table_list WHERE schema = 'main' AND strict = 0"
                    " AND name NOT LIKE 'sqlite_%'"),
              IsOkAndHolds(0));
  EXPECT_THAT(Count("pragma_table_list WHERE schema = 'main' AND strict = 1"),
              IsOkAndHolds(8));
  for (
      const char* bad : {
          "INSERT INTO accounts VALUES (zeroblob(15), zeroblob(9))",
          "INSERT INTO accounts VALUES (zeroblob(16), zeroblob(8))",
          "INSERT INTO accounts VALUES (zeroblob(16), 7)",
          "INSERT INTO accounts VALUES (NULL, zeroblob(9))",
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 2, 1,"
          " 'someone', 'auth.manage', NULL, NULL, zeroblob(9), NULL)",
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 4, 1,"
          " 'someone', NULL, NULL, NULL, zeroblob(9), NULL)",
      }) {
    EXPECT_THAT(Execute(bad), StatusIs(StatusCode::kInternal)) << bad;
  }
}

// What a database of version 1 holds is all there afterwards.
TEST_F(MigrationTest, OwnSchemaTakesAlongTheRowsOfVersion1) {
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations().first(1)), IsOk());
  ASSERT_THAT(
      Execute(
          "INSERT INTO accounts VALUES (zeroblob(16), zeroblob(9));"
          "INSERT INTO service_accounts VALUES (zeroblob(16), zeroblob(16),"
          " 'n', 'p', zeroblob(9), zeroblob(9), NULL, NULL, zeroblob(9),"
          " zeroblob(16));"
          "INSERT INTO tokens VALUES ('p', zeroblob(16), zeroblob(16),"
          " 'hbx_sa', 'a1B2', 7, zeroblob(32), zeroblob(9),"
          " x'0e0000000000000001');"
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 2,"
          " 1, 'someone', NULL, NULL, NULL, zeroblob(9), NULL);"),
      IsOk());
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations()), IsOk());
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(2));

  absl::StatusOr<ReadStatements> statements =
      ReadStatements::Prepare(*connection_);
  ASSERT_THAT(statements, IsOk());
  const absl::StatusOr<TokenOwner> found =
      SqliteReadTxn(*std::move(statements)).FindToken("p");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->owner.name, "n");
  EXPECT_EQ(found->owner.revoked_at, MinTimestamp());
  EXPECT_EQ(found->owner.revoke_reason, RevokeReason::kUnspecified);
  EXPECT_EQ(found->owner.revoke_comment, "");
  EXPECT_EQ(found->owner.description, "");
  EXPECT_THAT(found->owner.labels, testing::IsEmpty());
  EXPECT_TRUE(found->owner.enabled);
  EXPECT_EQ(found->owner.revision, 1u);
  EXPECT_EQ(found->token, found->owner.token);
  EXPECT_EQ(found->token.prefix, "hbx_sa");
  EXPECT_EQ(found->token.last4, "a1B2");
  EXPECT_EQ(found->token.key_version, 7u);
  EXPECT_EQ(found->token.expires_at, MinTimestamp() +
                                         absl::Seconds(int64_t{0x0e} << 32) +
                                         absl::Nanoseconds(1));
  EXPECT_EQ(found->token.retires_at, std::nullopt);
  EXPECT_THAT(Count("authorizations"), IsOkAndHolds(1));
}

}  // namespace
}  // namespace signet
