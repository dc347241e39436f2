// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/row_worker.h"

#include <memory>
#include <utility>

#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {
namespace {

// A statement that is reset when it goes, or earlier by reset().
struct ResetStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_reset(statement); }
};
using Running = std::unique_ptr<sqlite3_stmt, ResetStatement>;

}  // namespace

absl::StatusOr<RowWorker> RowWorker::Create(SqliteConnection& connection,
                                            const Migration::RowWork& work) {
  RawStatement statements[2];
  const char* const texts[2] = {work.next, work.change};
  for (int i = 0; i < 2; ++i) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection.handle(), texts[i], -1,
                                        &statement, nullptr);
    statements[i].reset(statement);
    if (code != SQLITE_OK) return SqliteError(connection.handle());
  }
  return RowWorker(connection, std::move(statements[0]),
                   std::move(statements[1]));
}

absl::StatusOr<bool> RowWorker::RunOnce() {
  sqlite3_stmt* const next = next_.get();
  Running running(next);
  if (position_ != nullptr) sqlite3_bind_value(next, 1, position_.get());
  if (sqlite3_step(next) != SQLITE_ROW) {
    return SqliteError(connection_.handle());
  }
  if (sqlite3_column_type(next, 0) == SQLITE_NULL) return false;
  Key last(sqlite3_value_dup(sqlite3_column_value(next, 0)));
  if (last == nullptr) {
    return SqliteError(SQLITE_NOMEM, sqlite3_errstr(SQLITE_NOMEM));
  }
  const int64_t found = sqlite3_column_int64(next, 1);
  running.reset();
  if (absl::Status s = Change(last.get()); !s.ok()) return s;
  position_ = std::move(last);
  rows_ += found;
  return true;
}

absl::Status RowWorker::Change(const sqlite3_value* last) {
  sqlite3_stmt* const change = change_.get();
  Running running(change);
  if (position_ != nullptr) sqlite3_bind_value(change, 1, position_.get());
  sqlite3_bind_value(change, 2, last);
  // A statement alone is a transaction.
  if (sqlite3_step(change) != SQLITE_DONE) {
    return SqliteError(connection_.handle());
  }
  const int changed = sqlite3_changes(connection_.handle());
  running.reset();
  changed_ += changed;
  if (changed == 0) return absl::OkStatus();
  const int code =
      sqlite3_wal_checkpoint_v2(connection_.handle(), "main",
                                SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  // One who reads, a backup say, is in the way until it is done.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) {
    return absl::OkStatus();
  }
  return SqliteError(connection_.handle());
}

}  // namespace signet::sqlite
