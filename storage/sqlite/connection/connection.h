// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_CONNECTION_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_CONNECTION_H_

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection/statement.h"

namespace signet::sqlite {

struct ConnectionOptions {
  std::string file;
  std::string vfs;  // The SQLite VFS to go through; empty: the default one.
  absl::Duration busy_timeout;  // How long to wait for another process's lock.
  int cache_kib = 32 * 1024;    // Of pages kept in memory, at most.
};

// An open database file, hardened: defensive mode, no trusted schema, no
// extensions, no memory mapping, foreign keys enforced, synchronous=FULL, no
// checkpoint that was not asked for. Owns the handle. Not thread-safe, but may
// move between threads.
class SqliteConnection {
 public:
  enum class Access { kReadOnly, kReadWrite };

  // Opens an existing file; never creates one. A file that cannot be written
  // does not open for kReadWrite. Errors are those of sqlite_error.h.
  static absl::StatusOr<SqliteConnection> Open(const ConnectionOptions& options,
                                               Access access);

  // Runs one or more statements without parameters, ignoring rows.
  absl::Status Execute(const char* sql);

  // The first column of the first row of `sql`. INTERNAL: there is no row.
  absl::StatusOr<int64_t> QueryInteger(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  // Whether a transaction is open. SQLite ends one by itself on some errors.
  bool InTransaction() const { return !sqlite3_get_autocommit(db_.get()); }

  // Whether another file, or none, is where this one was opened. False where
  // the VFS cannot tell.
  bool HasMoved() const;

  sqlite3* handle() const { return db_.get(); }

 private:
  // close_v2: statements that are still about keep the handle until they go.
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };

  explicit SqliteConnection(sqlite3* db) : db_(db) {}
  absl::Status Harden();
  template <typename Read>
  absl::Status QueryRow(std::string_view sql, Read read);

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_CONNECTION_H_
