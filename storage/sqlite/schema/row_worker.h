// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SCHEMA_ROW_WORKER_H_
#define SIGNET_STORAGE_SQLITE_SCHEMA_ROW_WORKER_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/connection/statement.h"
#include "storage/sqlite/schema/migration.h"

namespace signet::sqlite {

// Goes through a migration's work on rows. Not thread-safe.
class RowWorker {
 public:
  // `connection` is the one that writes, and outlives this.
  static absl::StatusOr<RowWorker> Create(SqliteConnection& connection,
                                          const Migration::RowWork& work);

  // Changes the next rows, in a transaction of its own, and keeps the log
  // short. False: there are no more. Errors are those of sqlite_error.h, with
  // nothing of it changed.
  absl::StatusOr<bool> RunOnce();

  int64_t rows() const { return rows_; }        // Looked at so far.
  int64_t changed() const { return changed_; }  // Of them.

 private:
  struct Free {
    void operator()(sqlite3_value* v) const { sqlite3_value_free(v); }
  };
  using Key = std::unique_ptr<sqlite3_value, Free>;

  RowWorker(SqliteConnection& connection, RawStatement next,
            RawStatement change)
      : connection_(connection),
        next_(std::move(next)),
        change_(std::move(change)) {}

  absl::Status Change(const sqlite3_value* last);

  SqliteConnection& connection_;
  RawStatement next_;
  RawStatement change_;
  Key position_;  // Null before the first rows.
  int64_t rows_ = 0;
  int64_t changed_ = 0;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SCHEMA_ROW_WORKER_H_
