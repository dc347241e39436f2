// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/schema/migration.h"
#include "storage/sqlite/write_txn.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::sqlite {
namespace {

class QueryPlanTest : public testing::Test {
 protected:
  QueryPlanTest()
      : connection_(
            OpenDatabase({.connection = {.file = directory_.File("s.db"),
                                         .vfs = "",
                                         .busy_timeout = {}},
                          .check_time = absl::Seconds(60)},
                         SchemaMigrations())) {
    EXPECT_THAT(connection_, IsOk());
    absl::StatusOr<SqliteWriteTxn> txn = SqliteWriteTxn::Create(*connection_);
    EXPECT_THAT(txn, IsOk());
    txn_.emplace(*std::move(txn));
  }

  // Every statement a transaction is made of.
  std::set<std::string> Statements() {
    std::set<std::string> all;
    for (sqlite3_stmt* s = sqlite3_next_stmt(connection_->handle(), nullptr);
         s != nullptr; s = sqlite3_next_stmt(connection_->handle(), s)) {
      all.insert(sqlite3_sql(s));
    }
    return all;
  }

  // How SQLite goes about it, a line for each step.
  std::vector<std::string> PlanOf(const std::string& sql) {
    std::vector<std::string> plan;
    sqlite3_stmt* explain = nullptr;
    EXPECT_EQ(
        sqlite3_prepare_v2(connection_->handle(),
                           absl::StrCat("EXPLAIN QUERY PLAN ", sql).data(), -1,
                           &explain, nullptr),
        SQLITE_OK)
        << sql;
    while (sqlite3_step(explain) == SQLITE_ROW) {
      plan.emplace_back(
          reinterpret_cast<const char*>(sqlite3_column_text(explain, 3)));
    }
    sqlite3_finalize(explain);
    return plan;
  }

  TempDir directory_;
  absl::StatusOr<SqliteConnection> connection_;
  std::optional<SqliteWriteTxn> txn_;
};

TEST_F(QueryPlanTest, NothingSortsOrGoesThroughAWholeTable) {
  int planned = 0;
  for (const std::string& sql : Statements()) {
    const std::vector<std::string> plan = PlanOf(sql);
    planned += !plan.empty();
    for (const std::string& step : plan) {
      EXPECT_FALSE(absl::StrContains(step, "TEMP B-TREE")) << sql << step;
      // Any row will do, so it stops at the first.
      if (sql == "SELECT EXISTS (SELECT 1 FROM accounts)") continue;
      // One row for each who writes.
      if (step == "SCAN audit_heads") continue;
      // One for each account of a subject's.
      if (step == "SCAN held_on") continue;
      EXPECT_FALSE(absl::StartsWith(step, "SCAN ") &&
                   step != "SCAN CONSTANT ROW")
          << sql << ": " << step;
    }
  }
  EXPECT_GT(planned, 25);
}

// Of an order that an index keeps, both columns bound where a page begins.
TEST_F(QueryPlanTest, APageBeginsAtItsPosition) {
  int listings = 0;
  for (const std::string& sql : Statements()) {
    if (!absl::StrContains(sql, "ORDER BY s.name") &&
        !absl::StrContains(sql, "ORDER BY s.last_use")) {
      continue;
    }
    ++listings;
    const bool down = absl::StrContains(sql, "DESC");
    EXPECT_THAT(PlanOf(sql)[0],
                testing::HasSubstr(down ? ",id)<(?,?)" : ",id)>(?,?)"))
        << sql;
    if (absl::StrContains(sql, "ORDER BY s.name")) {
      EXPECT_THAT(PlanOf(sql)[0],
                  testing::HasSubstr(down ? "name>?" : "name<?"))
          << sql;
    }
  }
  EXPECT_EQ(listings, 4);
}

// However often a service account was rotated.
TEST_F(QueryPlanTest, TokensInUseAreFoundWithoutThoseThatHaveEnded) {
  int looked_up = 0;
  for (const std::string& sql : Statements()) {
    if (!absl::StrContains(sql, "t.ended = 0")) continue;
    ++looked_up;
    EXPECT_THAT(PlanOf(sql), testing::Contains(testing::HasSubstr(
                                 "USING INDEX tokens_overlapping")));
  }
  EXPECT_EQ(looked_up, 1);
}

// By the index that keeps a grant from being given twice.
TEST_F(QueryPlanTest, WhatASubjectHoldsIsFoundByTheSubjectAndTheAccount) {
  int looked_up = 0;
  for (const std::string& sql : Statements()) {
    if (!absl::StrContains(sql, "account_id <> ?3")) continue;
    ++looked_up;
    EXPECT_THAT(
        PlanOf(sql),
        testing::IsSupersetOf(
            {testing::HasSubstr("authorizations_in_force (subject_type=? AND "
                                "subject_id=? AND account_id=?"),
             testing::HasSubstr("super_admins_in_force")}));
  }
  EXPECT_EQ(looked_up, 2);
}

// One equal to another, and what bears on a question, however much is held.
TEST_F(QueryPlanTest, AGrantIsFoundByAllThatItGrants) {
  int looked_up = 0;
  for (const std::string& sql : Statements()) {
    if (!absl::StrContains(sql, "ifnull(capability_key, '') =")) continue;
    ++looked_up;
    EXPECT_THAT(PlanOf(sql),
                testing::Contains(testing::HasSubstr(
                    "authorizations_in_force (subject_type=? AND subject_id=? "
                    "AND account_id=? AND grant_kind=? AND <expr>=? AND "
                    "<expr>=? AND <expr>=?")));
  }
  EXPECT_EQ(looked_up, 2);
}

// However much there is on other accounts, or of other kinds.
TEST_F(QueryPlanTest, OwnersAndWhoseTheyAreAreFoundAtOnce) {
  int looked_up = 0;
  for (const std::string& sql : Statements()) {
    for (const auto& [part, index] :
         {std::pair("owners_in_force", "owners_in_force (account_id=?)"),
          std::pair("held_on",
                    "authorizations_in_force (subject_type=? AND "
                    "subject_id=? AND account_id=? AND grant_kind=? "
                    "AND <expr>>? AND <expr><?)"),
          std::pair("WHERE s.id = ?1", "service_accounts_by_id (id=?)")}) {
      if (!absl::StrContains(sql, part)) continue;
      ++looked_up;
      EXPECT_THAT(PlanOf(sql), testing::Contains(testing::HasSubstr(index)));
    }
  }
  EXPECT_EQ(looked_up, 3);
}

// The create path is what the service is measured by. The one by id costs
// little, as ids rise.
TEST_F(QueryPlanTest, AServiceAccountIsInThreeIndexesATokenInOneIfItExpires) {
  ASSERT_THAT(connection_->QueryInteger(
                  "SELECT count(*) FROM pragma_index_list('service_accounts')"
                  " WHERE origin = 'c' AND partial = 0"),
              IsOkAndHolds(3));
  ASSERT_THAT(connection_->QueryInteger(
                  "SELECT count(*) FROM pragma_index_list('tokens')"
                  " WHERE origin = 'c' AND partial = 0"),
              IsOkAndHolds(0));
}

}  // namespace
}  // namespace signet::sqlite
