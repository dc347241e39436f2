// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SCHEMA_SCHEMA_CHECK_H_
#define SIGNET_STORAGE_SQLITE_SCHEMA_SCHEMA_CHECK_H_

#include <span>

#include "absl/status/status.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/schema/migration.h"

namespace signet::sqlite {

// Compares the schema of a database with what `migrations` make of its version
// in an empty one: tables, columns, CHECKs, STRICT, WITHOUT ROWID and indexes
// are all there and as they were made, and there is no table, index, view or
// trigger besides. How a definition is laid out does not matter, nor do the
// tables that SQLite keeps for itself (sqlite_stat1, sqlite_sequence). A
// migration that is under way is no difference. Reads only.
//   FAILED_PRECONDITION: the database is at a version beyond the list.
//   ABORTED: a difference; the message has the first one, in one line.
//   DATA_LOSS: the schema cannot be read.
absl::Status CheckSchema(SqliteConnection& connection,
                         std::span<const Migration> migrations);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SCHEMA_SCHEMA_CHECK_H_
