// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_DATABASE_COPY_H_
#define SIGNET_STORAGE_SQLITE_DATABASE_COPY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

struct DatabaseCopy {
  int64_t bytes = 0;
  int64_t schema_version = 0;
};

// What its pages take, free ones included.
absl::StatusOr<int64_t> DatabaseBytes(SqliteConnection& connection);

// Writes a copy of the database as it is now to `target`, mode 0600: one file
// without a log, which is there only once it is whole, compared with the
// original (damage, schema version, rows of each table) and on stable storage.
// A killed process may leave `target` + ".partial", which the next copy to
// there takes away. `source` may be one that reads only, while another process
// writes and checkpoints; it is in no transaction, and writes nothing.
//   ALREADY_EXISTS: `target` is there, or another process makes a copy to
//     there. It is as it was.
//   RESOURCE_EXHAUSTED: the disk has no room for it and for `spare_bytes` more.
//   PERMISSION_DENIED: the file cannot be made there.
//   DATA_LOSS: the original is damaged.
//   UNAVAILABLE: the disk failed, or another process holds a lock.
absl::StatusOr<DatabaseCopy> CopyDatabase(SqliteConnection& source,
                                          const std::string& target,
                                          int64_t spare_bytes = 0);

// The same of the database of a data directory, whether or not a server runs on
// it. Takes no lock and changes nothing there.
//   Otherwise, of the database, as OpenDatabaseToRead().
absl::StatusOr<DatabaseCopy> BackUpDirectory(const std::string& directory,
                                             const std::string& target,
                                             absl::Duration busy_timeout);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_DATABASE_COPY_H_
