// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/connection.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {

absl::StatusOr<SqliteConnection> SqliteConnection::Open(
    const ConnectionOptions& options, Access access) {
  // For the whole process, before SQLite's first use: its count of allocated
  // bytes, which nobody reads, would take a lock on every allocation.
  [[maybe_unused]] static const int configured =
      sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  // Each connection is used by one thread at a time, so SQLite need not lock.
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (access == Access::kReadOnly ? SQLITE_OPEN_READONLY
                                                 : SQLITE_OPEN_READWRITE);
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(options.file.c_str(), &db, flags,
                      options.vfs.empty() ? nullptr : options.vfs.c_str());
  SqliteConnection connection(db);  // SQLite gives a handle on failure too.
  if (code != SQLITE_OK) return SqliteError(code, sqlite3_errstr(code));
  // Asked to write a file that it may only read, SQLite opens it for reading.
  if (access == Access::kReadWrite && sqlite3_db_readonly(db, "main") != 0) {
    return SqliteError(SQLITE_READONLY, sqlite3_errstr(SQLITE_READONLY));
  }
  sqlite3_busy_timeout(
      db, static_cast<int>(absl::ToInt64Milliseconds(options.busy_timeout)));
  if (absl::Status s = connection.Harden(); !s.ok()) return s;
  // Less than zero: in KiB.
  const std::string cache_size =
      absl::StrCat("PRAGMA cache_size = -", options.cache_kib);
  if (absl::Status s = connection.Execute(cache_size.c_str()); !s.ok()) {
    return s;
  }
  return connection;
}

absl::Status SqliteConnection::Harden() {
  constexpr std::pair<int, int> kSettings[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
      {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      {SQLITE_DBCONFIG_DQS_DML, 0},
      {SQLITE_DBCONFIG_DQS_DDL, 0},
      // The writer checkpoints when it chooses to, never by closing.
      {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
  };
  for (const auto& [setting, value] : kSettings) {
    if (sqlite3_db_config(handle(), setting, value, nullptr) != SQLITE_OK) {
      return SqliteError(handle());
    }
  }
  return Execute(
      "PRAGMA synchronous = FULL;"
      "PRAGMA wal_autocheckpoint = 0;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA mmap_size = 0;"
      "PRAGMA cell_size_check = ON;");
}

absl::Status SqliteConnection::Execute(const char* sql) {
  if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return SqliteError(handle());
  }
  return absl::OkStatus();
}

bool SqliteConnection::HasMoved() const {
  int moved = 0;
  sqlite3_file_control(handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return moved != 0;
}

template <typename Read>
absl::Status SqliteConnection::QueryRow(std::string_view sql, Read read) {
  Preparer prepare(handle());
  Statement statement = prepare(sql);
  if (!prepare.status().ok()) return prepare.status();
  Rows rows = statement.Query();
  if (rows.Next()) {
    read(rows);
    return rows.status();
  }
  return rows.status().ok() ? absl::InternalError("no row") : rows.status();
}

absl::StatusOr<int64_t> SqliteConnection::QueryInteger(std::string_view sql) {
  int64_t value = 0;
  absl::Status status =
      QueryRow(sql, [&](Rows& rows) { value = rows.Integer(0); });
  if (!status.ok()) return status;
  return value;
}

absl::StatusOr<std::string> SqliteConnection::QueryText(std::string_view sql) {
  std::string value;
  absl::Status status =
      QueryRow(sql, [&](Rows& rows) { value = rows.Text(0); });
  if (!status.ok()) return status;
  return value;
}

}  // namespace signet::sqlite
