// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_MIGRATION_H_
#define SIGNET_STORAGE_SQLITE_MIGRATION_H_

#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/connection.h"

namespace signet {

// One step of the schema's history. The step at position i of a list takes a
// database from version i to i + 1, so a list only ever grows at its end and a
// step that has been released never changes.
struct Migration {
  const char* sql;  // One or more statements.
};

// The steps of Signet's own schema.
std::span<const Migration> SchemaMigrations();

// The version the database is at: the number of steps it has been through.
absl::StatusOr<int> SchemaVersion(SqliteConnection& connection);

// Takes the database through the steps it lacks, each in a transaction with its
// version; a step that fails leaves the version before it. Steps may rebuild
// tables: foreign keys are off while they run and checked before each commit.
//   FAILED_PRECONDITION: the database is at a version beyond the list.
absl::Status Migrate(SqliteConnection& connection,
                     std::span<const Migration> migrations);

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_MIGRATION_H_
