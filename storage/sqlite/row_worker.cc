// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/row_worker.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "storage/sqlite/sqlite_error.h"

namespace signet {

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
  absl::Cleanup reset = [next] { sqlite3_reset(next); };
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
  std::move(reset).Invoke();
  if (absl::Status s = Change(last.get()); !s.ok()) return s;
  position_ = std::move(last);
  rows_ += found;
  return true;
}

absl::Status RowWorker::Change(const sqlite3_value* last) {
  sqlite3_stmt* const change = change_.get();
  absl::Cleanup reset = [change] { sqlite3_reset(change); };
  if (position_ != nullptr) sqlite3_bind_value(change, 1, position_.get());
  sqlite3_bind_value(change, 2, last);
  // A statement alone is a transaction.
  if (sqlite3_step(change) != SQLITE_DONE) {
    return SqliteError(connection_.handle());
  }
  const int changed = sqlite3_changes(connection_.handle());
  std::move(reset).Invoke();
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

}  // namespace signet
