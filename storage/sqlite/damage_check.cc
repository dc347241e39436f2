// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/damage_check.h"

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {
namespace {

// Finds up to so many faults: enough to see one of a page among those of rows.
constexpr char kQuickCheck[] = "PRAGMA quick_check (1000)";

constexpr char kSound[] = "ok";

// Of one line of kQuickCheck, which SQLite has in words only: "NULL value in
// T.C", "non-BLOB value in T.C", "CHECK constraint failed in T". Everything
// else is of pages and trees.
bool IsOfARow(std::string_view verdict) {
  return verdict.starts_with("CHECK constraint failed in ") ||
         ((verdict.starts_with("NULL ") || verdict.starts_with("non-")) &&
          verdict.find(" value in ") != std::string_view::npos);
}

std::string TableOf(std::string_view verdict_of_row) {
  const std::string_view place =
      verdict_of_row.substr(verdict_of_row.find(" in ") + 4);
  return std::string(place.substr(0, place.find('.')));
}

absl::Status FirstFault(const std::vector<std::string>& verdicts,
                        bool refuse_malformed_rows) {
  for (const std::string& verdict : verdicts) {
    if (verdict == kSound) continue;
    if (!IsOfARow(verdict)) {
      return absl::DataLossError("a page or an index is malformed");
    }
    if (!refuse_malformed_rows) continue;
    return absl::DataLossError(
        absl::StrCat("a row of the table ", TableOf(verdict),
                     " is malformed: --verify_audit names it, and "
                     "--set_time_mark=now mends a mark of time"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckForDamage(SqliteConnection& connection, absl::Duration limit,
                            bool refuse_malformed_rows) {
  Preparer prepare(connection.handle());
  Statement check = prepare(kQuickCheck);
  if (!prepare.status().ok()) return prepare.status();
  // A progress handler would not do: SQLite 3.40 calls none while it walks a
  // tree. An interruption before the first step is forgotten, hence more than
  // one.
  absl::Notification checked;
  std::thread timer([&connection, &checked, wait = limit]() mutable {
    while (!checked.WaitForNotificationWithTimeout(wait)) {
      sqlite3_interrupt(connection.handle());
      wait = absl::Milliseconds(10);
    }
  });
  std::vector<std::string> verdicts;
  absl::Status failure;
  {
    Rows rows = check.Query();
    while (rows.Next()) verdicts.push_back(rows.Text(0));
    failure = rows.status();
  }
  const bool out_of_time =
      sqlite3_errcode(connection.handle()) == SQLITE_INTERRUPT;
  checked.Notify();
  timer.join();
  if (!failure.ok() && !out_of_time) return failure;
  return FirstFault(verdicts, refuse_malformed_rows);
}

}  // namespace signet::sqlite
