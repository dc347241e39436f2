// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/migration.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/rfc3339.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/records.h"
#include "storage/sqlite/read_txn.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
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
              IsOkAndHolds(9));
  for (
      const char* bad : {
          "INSERT INTO accounts VALUES (zeroblob(15), zeroblob(9))",
          "INSERT INTO accounts VALUES (zeroblob(16), zeroblob(8))",
          "INSERT INTO accounts VALUES (zeroblob(16), 7)",
          "INSERT INTO accounts VALUES (NULL, zeroblob(9))",
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 2, 1,"
          " 'someone', 'auth.manage', NULL, NULL, zeroblob(9), NULL, NULL,"
          " NULL)",
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 4, 1,"
          " 'someone', NULL, NULL, NULL, zeroblob(9), NULL, NULL, NULL)",
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 2, 1,"
          " 'someone', NULL, NULL, NULL, zeroblob(9), NULL, NULL,"
          " zeroblob(35))",
          "INSERT INTO authorizations VALUES (zeroblob(16), zeroblob(16), 2, 1,"
          " 'someone', NULL, NULL, NULL, zeroblob(9), NULL, '', NULL)",
          "INSERT INTO audit_heads VALUES ('', -1, 0, x'')",
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
  EXPECT_THAT(SchemaVersion(*connection_), IsOkAndHolds(3));

  absl::StatusOr<ReadStatements> statements =
      ReadStatements::Prepare(*connection_);
  ASSERT_THAT(statements, IsOk());
  const absl::StatusOr<storage::TokenOwner> found =
      SqliteReadTxn(*std::move(statements)).FindToken("p");
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->owner.name, "n");
  EXPECT_EQ(found->owner.revoked_at, MinTimestamp());
  EXPECT_EQ(found->owner.revoke_reason, storage::RevokeReason::kUnspecified);
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

TEST_F(MigrationTest, OwnSchemaEndsTheTokensOfVersion2WhoseTimeIsSurelyOver) {
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations().first(2)), IsOk());
  // Last changed at the time 5: what retired then or before is over.
  ASSERT_THAT(
      Execute(
          "INSERT INTO accounts VALUES (zeroblob(16), zeroblob(9));"
          "INSERT INTO service_accounts (account_id, id, name, token_public_id,"
          " created_at, updated_at) VALUES (zeroblob(16), zeroblob(16), 'n',"
          " 'now', zeroblob(9), x'000000000000000005');"
          "WITH old (public_id, at) AS (VALUES ('now', NULL),"
          " ('before', x'000000000000000004'), ('then', x'000000000000000005'),"
          " ('after', x'000000000000000006'))"
          "INSERT INTO tokens SELECT public_id, zeroblob(16), zeroblob(16),"
          " 'hbx_sa', 'a1B2', 7, zeroblob(32), zeroblob(9), NULL, at FROM old"),
      IsOk());
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations()), IsOk());
  EXPECT_THAT(Count("tokens WHERE ended"), IsOkAndHolds(2));
  EXPECT_THAT(Count("tokens WHERE ended AND public_id IN ('before', 'then')"),
              IsOkAndHolds(2));
}

TEST_F(MigrationTest, OwnSchemaKeepsTheOldestOfEqualGrantsOfVersion2InForce) {
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations().first(2)), IsOk());
  // The same twice, in words and by a resource; the same revoked; others.
  ASSERT_THAT(
      Execute(
          "INSERT INTO accounts VALUES (zeroblob(16), zeroblob(9));"
          "WITH g (n, kind, subject, capability, resource, id, revoked) AS"
          " (VALUES (1, 1, 's', 'a', NULL, NULL, NULL),"
          " (2, 1, 's', 'a', NULL, NULL, NULL),"
          " (3, 1, 's', 'a', 'r', zeroblob(16), NULL),"
          " (4, 1, 's', 'a', 'r', zeroblob(16), NULL),"
          " (5, 1, 's', 'a', 'r', zeroblob(16), NULL),"
          " (6, 1, 's', 'a', 'r', NULL, NULL),"
          " (7, 1, 's', 'b', NULL, NULL, x'000000000000000009'),"
          " (8, 1, 's', 'b', NULL, NULL, NULL),"
          " (9, 1, 't', 'a', NULL, NULL, NULL),"
          " (10, 2, 's', NULL, NULL, NULL, NULL),"
          " (11, 2, 's', NULL, NULL, NULL, NULL))"
          "INSERT INTO authorizations SELECT CAST(printf('%016d', n) AS BLOB),"
          " zeroblob(16), kind, 1, subject, capability, resource, id,"
          " CAST(printf('%09d', n) AS BLOB), revoked FROM g"),
      IsOk());
  ASSERT_THAT(Migrate(*connection_, SchemaMigrations()), IsOk());
  const std::string numbers = "CAST(substr(CAST(id AS TEXT), 9) AS INTEGER)";
  EXPECT_THAT(Count("authorizations WHERE revoked_at IS NULL AND " + numbers +
                    " IN (1, 3, 6, 8, 9, 10)"),
              IsOkAndHolds(6));
  EXPECT_THAT(Count("authorizations WHERE revoked_at IS NULL"),
              IsOkAndHolds(6));
  // As if they had never been.
  EXPECT_THAT(Count("authorizations WHERE revoked_at = created_at"),
              IsOkAndHolds(4));
}

}  // namespace
}  // namespace signet::sqlite
