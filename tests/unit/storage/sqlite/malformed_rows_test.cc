// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/malformed_rows.h"

#include <sqlite3.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class MalformedRowsTest : public testing::Test {
 protected:
  // Some rows of most tables.
  MalformedRowsTest() {
    absl::StatusOr<std::unique_ptr<SqliteStore>> store =
        SqliteStore::Open({.directory = directory_.path()});
    EXPECT_THAT(store, IsOk());
    EXPECT_THAT(storage::WriteAndWait(
                    **store,
                    [](storage::WriteTxn& txn) {
                      const Uuid account = SampleId(1);
                      absl::Status s = txn.EnsureAccount(account, SampleTime());
                      storage::ServiceAccountRecord record =
                          SampleServiceAccount(account, 2);
                      record.labels = {{"team", "mail"}};
                      s.Update(txn.InsertServiceAccount(record));
                      s.Update(txn.InsertAuthorization(SampleGrant(
                          account, 3, {storage::SubjectType::kUser, "x"},
                          storage::GrantKind::kAccountOwner)));
                      s.Update(txn.SetWatermark("time", SampleTime()));
                      return s;
                    }),
                IsOk());
  }

  // Past all constraints, as who has the file may.
  void Change(const std::string& sql) {
    absl::StatusOr<SqliteConnection> connection = SqliteConnection::Open(
        {.file = directory_.File("signet.db"), .vfs = "", .busy_timeout = {}},
        SqliteConnection::Access::kReadWrite);
    ASSERT_THAT(connection, IsOk());
    sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_DEFENSIVE, 0,
                      nullptr);
    ASSERT_THAT(connection->Execute(("PRAGMA ignore_check_constraints = ON;"
                                     "PRAGMA foreign_keys = OFF;" +
                                     sql)
                                        .c_str()),
                IsOk());
    ASSERT_EQ(sqlite3_changes(connection->handle()), 1) << sql;
  }
  std::vector<std::string> Find() {
    std::vector<std::string> rows;
    EXPECT_THAT(FindMalformedRowsIn(
                    directory_.path(), absl::Seconds(1),
                    [&](const std::string& row) { rows.push_back(row); }),
                IsOk());
    return rows;
  }
  std::string ServiceAccountRow() const {
    return "table service_accounts, row " + SampleId(1).ToString() + " " +
           SampleServiceAccount(SampleId(1), 2).id.ToString();
  }

  TempDir directory_;
};

TEST_F(MalformedRowsTest, WhatAServerWroteIsNot) {
  EXPECT_THAT(Find(), IsEmpty());
}

TEST_F(MalformedRowsTest, AMarkOfTime) {
  for (const char* bad : {"zeroblob(8)", "x'ffffffffffffffffff'", "x''",
                          "x'0e00000000ffffffff'"}) {
    Change(std::string("UPDATE watermarks SET time = ") + bad);
    EXPECT_THAT(Find(), ElementsAre("table watermarks, row time, column time"))
        << bad;
  }
}

TEST_F(MalformedRowsTest, ColumnsOfATable) {
  const struct {
    std::string column;
    std::string bad;
    std::string good;
  } kColumns[] = {{"labels", "'no object'", "NULL"},
                  {"labels", "'{\"a\":1}'", "NULL"},
                  {"revoke_reason", "5", "0"},
                  {"enabled", "2", "1"},
                  {"name", "''", "'n'"},
                  {"created_at", "zeroblob(10)", "updated_at"},
                  {"revoked_at", "x'00'", "NULL"},
                  {"created_by_user_id", "x'0102'", "NULL"},
                  {"seal", "zeroblob(35)", "NULL"}};
  for (const auto& [column, bad, good] : kColumns) {
    const std::string set = "UPDATE service_accounts SET " + column + " = ";
    Change(set + bad);
    EXPECT_THAT(Find(), ElementsAre(ServiceAccountRow() + ", column " + column))
        << bad;
    Change(set + good);
    EXPECT_THAT(Find(), IsEmpty()) << good;
  }
}

TEST_F(MalformedRowsTest, AKey) {
  Change("UPDATE accounts SET id = x'0102'");
  EXPECT_THAT(Find(), Contains("table accounts, row 0102, column id"));
  Change("UPDATE tokens SET public_id = 'a' || char(10) || 'b', last4 = ''");
  EXPECT_THAT(Find(), Not(Contains(HasSubstr("table tokens"))));
  Change("UPDATE tokens SET key_version = -1");
  EXPECT_THAT(Find(), Contains("table tokens, row a\\nb, column key_version"));
}

TEST_F(MalformedRowsTest, AConstraintOfTheWholeRow) {
  Change("UPDATE authorizations SET capability_key = 'mail.send'");
  EXPECT_THAT(Find(),
              ElementsAre("table authorizations, row " +
                          SampleGrant(SampleId(1), 3,
                                      {storage::SubjectType::kUser, "x"},
                                      storage::GrantKind::kAccountOwner)
                              .id.ToString()));
}

// A STRICT table takes neither, but one that was not STRICT for a while did.
TEST_F(MalformedRowsTest, ATypeAndANullWhereNoneMayBe) {
  const std::string schema =
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
      "replace(sql,";
  Change(schema + "'STRICT, WITHOUT', 'WITHOUT') WHERE name = 'tokens'");
  Change(schema + "'last4 TEXT NOT NULL', 'last4 TEXT') WHERE name = 'tokens'");
  Change("UPDATE tokens SET mac = printf('%032d', 1), last4 = NULL");
  Change(schema + "'last4 TEXT', 'last4 TEXT NOT NULL') WHERE name = 'tokens'");
  Change(schema + "'WITHOUT', 'STRICT, WITHOUT') WHERE name = 'tokens'");
  const std::string row = "table tokens, row " + SamplePublicId(2);
  EXPECT_THAT(Find(), ElementsAre(row + ", column last4"));
}

// As an errand that looks for them opens it, and a server does not.
TEST_F(MalformedRowsTest, KeepTheDatabaseClosedUnlessTheyAreLeft) {
  Change("UPDATE watermarks SET time = zeroblob(8)");
  const absl::Status refused =
      SqliteStore::Open({.directory = directory_.path()}).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(refused.message()),
              AllOf(HasSubstr("a row of the table watermarks is malformed"),
                    HasSubstr("--verify_audit")));
  EXPECT_THAT(SqliteStore::Open({.directory = directory_.path(),
                                 .refuse_malformed_rows = false}),
              IsOk());
}

TEST_F(MalformedRowsTest, AMarkOfTimeThatIsNoneCanBeSetAnew) {
  Change("UPDATE watermarks SET time = x'ffffffffffffffffff'");
  absl::StatusOr<std::unique_ptr<SqliteStore>> store =
      SqliteStore::Open({.directory = directory_.path()});
  ASSERT_THAT(store, IsOk());
  const auto read = [&] {
    return storage::ReadAndWait(**store, [](storage::ReadTxn& txn) {
      return txn.GetWatermark("time").status();
    });
  };
  EXPECT_THAT(read(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT((*store)->Health().reason, IsOk());
  EXPECT_THAT(storage::WriteAndWait(**store,
                                    [](storage::WriteTxn& txn) {
                                      return txn.SetWatermark("time",
                                                              SampleTime());
                                    }),
              IsOk());
  EXPECT_THAT(read(), IsOk());
}

TEST_F(MalformedRowsTest, APageThatIsNoneEndsTheSearch) {
  const std::string file = directory_.File("signet.db");
  int64_t root = 0;
  {
    absl::StatusOr<SqliteConnection> connection =
        SqliteConnection::Open({.file = file, .vfs = "", .busy_timeout = {}},
                               SqliteConnection::Access::kReadOnly);
    ASSERT_THAT(connection, IsOk());
    const absl::StatusOr<int64_t> found = connection->QueryInteger(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'tokens'");
    ASSERT_THAT(found, IsOk());
    root = *found;
  }
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp((root - 1) * 4096);
  out << std::string(64, '\x55');
  out.close();
  EXPECT_THAT(FindMalformedRowsIn(directory_.path(), absl::Seconds(1),
                                  [](const std::string&) {}),
              StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace signet::sqlite
