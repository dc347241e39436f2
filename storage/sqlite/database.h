// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_DATABASE_H_
#define SIGNET_STORAGE_SQLITE_DATABASE_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/schema/migration.h"

namespace signet::sqlite {

// In the header of every database of ours (PRAGMA application_id): "Sgnt".
inline constexpr int kApplicationId = 0x53676e74;

struct DatabaseOptions {
  ConnectionOptions connection;
  // How much time the search for damage may take; a large file is searched as
  // far as that goes.
  absl::Duration check_time;
  bool refuse_malformed_rows = true;  // See CheckForDamage.
  Logger* logger = nullptr;           // Of a migration's progress. Not owned.
};

// Opens the one connection that writes, making the database if there is none.
// The caller holds the directory's lock.
//
// A new database is built beside its place and moved there when whole, so a
// file in that place always was one: nothing is ever made over an empty, cut or
// foreign file, nor over a write-ahead log that lost its database. An older
// schema is brought up to date, after a copy was left beside the file, under
// its name and `.v<version>-backup`. What a crash left in the log is made
// durable.
//
// Errors name the file and say what to do, in one line:
//   FAILED_PRECONDITION: not a database of ours, a newer schema, one that is
//     not what the migrations make (see CheckSchema), no right to write it, a
//     symbolic link, or a file of several names. The file is as it was.
//   DATA_LOSS: the file is damaged.
//   RESOURCE_EXHAUSTED: no room for that copy. The file is as it was.
//   UNAVAILABLE: locked by another process, or the disk failed.
absl::StatusOr<SqliteConnection> OpenDatabase(
    const DatabaseOptions& options, std::span<const Migration> migrations);

// A connection that only reads, to a database that OpenDatabase() would open,
// of any version, whether or not a server has it open. Does not search for
// damage, and changes nothing.
//   NOT_FOUND: there is none. Otherwise as OpenDatabase().
absl::StatusOr<SqliteConnection> OpenDatabaseToRead(
    const ConnectionOptions& options, std::span<const Migration> migrations);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_DATABASE_H_
