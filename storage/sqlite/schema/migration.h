// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SCHEMA_MIGRATION_H_
#define SIGNET_STORAGE_SQLITE_SCHEMA_MIGRATION_H_

#include <span>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/log.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

// One step of the schema's history. The step at position i of a list takes a
// database from version i to i + 1, so a list only ever grows at its end and a
// step that has been released never changes.
struct Migration {
  const char* sql;  // One or more statements.

  // Before that, where many rows change: they do so bit by bit, each bit in a
  // transaction of its own. A process killed on the way leaves the version
  // before, and the next one goes on.
  struct RowWork {
    const char* what;  // For the log.
    // The last key of the next rows behind the key ?1, which is NULL at first,
    // and their number.
    const char* next;
    const char* change;  // Of the rows behind ?1 up to ?2.
  };
  std::span<const RowWork> work = {};
  // What `work` needs. An older release refuses the schema from then on.
  const char* prepare = nullptr;
  const char* is_prepared = nullptr;  // A query: 1 if `prepare` has been run.
};

struct MigrateOptions {
  // Called before a database that has a version is changed, with that version.
  // Not called again where a migration goes on. Null: nothing is.
  absl::AnyInvocable<absl::Status(int version)> before_change = nullptr;
  Logger* logger = nullptr;  // Of the progress; null: nobody's. Not owned.
};

// The steps of Signet's own schema.
std::span<const Migration> SchemaMigrations();

// The version the database is at: the number of steps it has been through.
absl::StatusOr<int> SchemaVersion(SqliteConnection& connection);

// The same, of a database that `migrations` can take further.
//   FAILED_PRECONDITION: it is at a version beyond the list.
absl::StatusOr<int> KnownSchemaVersion(SqliteConnection& connection,
                                       std::span<const Migration> migrations);

// Whether `step.prepare` has been run on the database.
absl::StatusOr<bool> IsPrepared(SqliteConnection& connection,
                                const Migration& step);

// Takes the database through the steps it lacks, each in a transaction with its
// version; a step that fails leaves the version before it. Steps may rebuild
// tables: foreign keys are off while they run and checked before each commit.
//   FAILED_PRECONDITION: the database is at a version beyond the list.
// Errors of `options.before_change` come back as they are.
absl::Status Migrate(SqliteConnection& connection,
                     std::span<const Migration> migrations,
                     MigrateOptions options = {});

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SCHEMA_MIGRATION_H_
