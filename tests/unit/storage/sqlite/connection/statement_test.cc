// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/statement.h"

#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/connection/connection.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

using absl::StatusCode;

class StatementTest : public testing::Test {
 protected:
  StatementTest() : connection_(OpenEmpty(directory_.File("test.db"))) {}

  static SqliteConnection OpenEmpty(const std::string& file) {
    std::ofstream(file).close();
    absl::StatusOr<SqliteConnection> connection =
        SqliteConnection::Open({.file = file, .vfs = "", .busy_timeout = {}},
                               SqliteConnection::Access::kReadWrite);
    EXPECT_THAT(connection, IsOk());
    return *std::move(connection);
  }

  Statement Prepare(std::string_view sql) {
    Preparer prepare(connection_.handle());
    Statement statement = prepare(sql);
    EXPECT_THAT(prepare.status(), IsOk());
    return statement;
  }

  TempDir directory_;
  SqliteConnection connection_;
};

TEST_F(StatementTest, LabelsComeBackAsTheyWereBound) {
  Statement statement = Prepare("SELECT ?1");
  for (const std::map<std::string, std::string>& labels : {
           std::map<std::string, std::string>(),
           {{"", ""}},
           {{"team", "platform"}, {"empty", ""}, {"\u00e9", "\U0001F511"}},
           {{std::string("\0", 1), std::string("a\0\x01\"\\/b", 7)}},
       }) {
    const std::optional<std::string> bound = BindableLabels(labels);
    Rows rows = statement.Query(bound);
    ASSERT_TRUE(rows.Next());
    EXPECT_EQ(rows.Labels(0), labels);
    EXPECT_THAT(rows.status(), IsOk());
  }
}

TEST_F(StatementTest, LabelsThatAreNoObjectOfTextsAreDamage) {
  Statement statement = Prepare("SELECT ?1");
  for (const std::string json :
       {"", "{", "[]", "7", "{\"a\":1}", "{\"a\":null}", "{\"a\":{}}",
        "{\"a\":\"b\",\"a\":\"c\"}", "{\"a\":\"b\"} x"}) {
    Rows rows = statement.Query(json);
    ASSERT_TRUE(rows.Next());
    EXPECT_THAT(rows.Labels(0), testing::IsEmpty()) << json;
    EXPECT_THAT(rows.status(), StatusIs(StatusCode::kDataLoss)) << json;
  }
}

TEST_F(StatementTest, AnEmptyBlobIsNoNull) {
  Statement statement = Prepare("SELECT ?1");
  const std::span<const uint8_t> nothing;
  Rows rows = statement.Query(nothing);
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Bytes(0), "");
  EXPECT_THAT(rows.status(), IsOk());
}

TEST_F(StatementTest, BindsAndReadsEveryType) {
  const Uuid id = SampleId(7);
  const std::optional<Uuid> no_id;
  const std::optional<absl::Time> time = SampleTime();
  const std::optional<absl::Time> no_time;
  const std::string text("it's a\0 text", 12);
  const std::optional<std::string> no_text;
  const std::array<uint8_t, 4> blob = {1, 0, 2, 255};
  const int64_t least = std::numeric_limits<int64_t>::min();
  Statement statement = Prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9");
  Rows rows = statement.Query(least, text, id, SampleTime(1), blob, no_text,
                              no_id, no_time, time);
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.Integer(0), least);
  EXPECT_EQ(rows.Text(1), text);
  EXPECT_EQ(rows.Id(2), id);
  EXPECT_EQ(rows.Time(3), SampleTime(1));
  std::array<uint8_t, 4> read;
  rows.Blob(4, read);
  EXPECT_EQ(read, blob);
  EXPECT_EQ(rows.OptionalText(5), std::nullopt);
  EXPECT_EQ(rows.OptionalId(6), std::nullopt);
  EXPECT_EQ(rows.OptionalTime(7), std::nullopt);
  EXPECT_EQ(rows.OptionalTime(8), time);
  EXPECT_THAT(rows.status(), IsOk());
  EXPECT_FALSE(rows.Next());
  EXPECT_THAT(rows.status(), IsOk());
}

TEST_F(StatementTest, BindsAnEmptyTextAsATextAndNotAsNull) {
  Statement statement = Prepare("SELECT ?1");
  Rows rows = statement.Query(std::string_view());
  ASSERT_TRUE(rows.Next());
  EXPECT_EQ(rows.OptionalText(0), "");
}

TEST_F(StatementTest, AnUnexpectedColumnIsDamage) {
  const auto status_of = [&](const char* sql, auto read) {
    Statement statement = Prepare(sql);
    Rows rows = statement.Query();
    EXPECT_TRUE(rows.Next());
    read(rows);
    EXPECT_FALSE(rows.status().ok() && rows.Next());
    return rows.status();
  };
  const auto damage = StatusIs(StatusCode::kDataLoss);
  EXPECT_THAT(status_of("SELECT 'x'", [](Rows& r) { r.Integer(0); }), damage);
  EXPECT_THAT(status_of("SELECT NULL", [](Rows& r) { r.Text(0); }), damage);
  EXPECT_THAT(status_of("SELECT x'00'", [](Rows& r) { r.OptionalText(0); }),
              damage);
  EXPECT_THAT(status_of("SELECT zeroblob(15)", [](Rows& r) { r.Id(0); }),
              damage);
  EXPECT_THAT(
      status_of("SELECT zeroblob(17)", [](Rows& r) { r.OptionalId(0); }),
      damage);
  EXPECT_THAT(status_of("SELECT 7", [](Rows& r) { r.Time(0); }), damage);
  EXPECT_THAT(
      status_of("SELECT x'ffffffffffffffffff'", [](Rows& r) { r.Time(0); }),
      damage);
}

TEST_F(StatementTest, RunsAgainWithOtherValues) {
  ASSERT_THAT(connection_.Execute("CREATE TABLE t (a PRIMARY KEY) STRICT"),
              StatusIs(StatusCode::kInternal));  // STRICT wants types.
  ASSERT_THAT(
      connection_.Execute("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT"),
      IsOk());
  Statement insert = Prepare("INSERT INTO t VALUES (?1)");
  EXPECT_THAT(insert.Execute(int64_t{1}), IsOk());
  EXPECT_TRUE(insert.ChangedRows());
  EXPECT_THAT(insert.Execute(int64_t{1}), StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(insert.Execute(int64_t{2}), IsOk());
  EXPECT_THAT(connection_.QueryInteger("SELECT count(*) FROM t"),
              IsOkAndHolds(2));
}

TEST_F(StatementTest, KnowsWhetherItChangedAnyRow) {
  ASSERT_THAT(connection_.Execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"),
              IsOk());
  Statement insert =
      Prepare("INSERT INTO t VALUES (?1) ON CONFLICT DO NOTHING");
  ASSERT_THAT(insert.Execute(int64_t{1}), IsOk());
  EXPECT_TRUE(insert.ChangedRows());
  ASSERT_THAT(insert.Execute(int64_t{1}), IsOk());
  EXPECT_FALSE(insert.ChangedRows());
}

TEST_F(StatementTest, APreparerKeepsTheFirstError) {
  Preparer prepare(connection_.handle());
  prepare("SELECT 1");
  EXPECT_THAT(prepare.status(), IsOk());
  prepare("SELECT * FROM nowhere");
  prepare("SELECT 2");
  EXPECT_THAT(prepare.status(), StatusIs(StatusCode::kInternal));
}

TEST_F(StatementTest, ConnectionsAreHardened) {
  const auto setting = [&](const char* pragma) {
    return connection_.QueryInteger(absl::StrCat("PRAGMA ", pragma));
  };
  EXPECT_THAT(setting("foreign_keys"), IsOkAndHolds(1));
  EXPECT_THAT(setting("synchronous"), IsOkAndHolds(2));  // FULL.
  EXPECT_THAT(setting("trusted_schema"), IsOkAndHolds(0));
  EXPECT_THAT(setting("cell_size_check"), IsOkAndHolds(1));
  EXPECT_THAT(setting("wal_autocheckpoint"), IsOkAndHolds(0));
  EXPECT_THAT(setting("temp_store"), IsOkAndHolds(2));  // MEMORY.
  // Defensive mode.
  EXPECT_THAT(connection_.Execute("PRAGMA writable_schema = ON;"
                                  "DELETE FROM sqlite_schema"),
              StatusIs(StatusCode::kInternal));
}

TEST_F(StatementTest, AConnectionKeepsAsMuchAsItMayInMemory) {
  absl::StatusOr<SqliteConnection> small =
      SqliteConnection::Open({.file = directory_.File("test.db"),
                              .vfs = "",
                              .busy_timeout = {},
                              .cache_kib = 100},
                             SqliteConnection::Access::kReadOnly);
  ASSERT_THAT(small, IsOk());
  // Less than zero: in KiB.
  EXPECT_THAT(small->QueryInteger("PRAGMA cache_size"), IsOkAndHolds(-100));
}

TEST_F(StatementTest, AMissingFileIsNotMade) {
  const std::string missing = directory_.File("missing.db");
  EXPECT_THAT(
      SqliteConnection::Open({.file = missing, .vfs = "", .busy_timeout = {}},
                             SqliteConnection::Access::kReadWrite),
      StatusIs(StatusCode::kUnavailable));
  EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST_F(StatementTest, AReadOnlyConnectionRefusesToWrite) {
  absl::StatusOr<SqliteConnection> reader = SqliteConnection::Open(
      {.file = directory_.File("test.db"), .vfs = "", .busy_timeout = {}},
      SqliteConnection::Access::kReadOnly);
  ASSERT_THAT(reader, IsOk());
  EXPECT_THAT(reader->Execute("CREATE TABLE t (a)"),
              StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace signet::sqlite
