// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/migration.h"

#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace signet {
namespace {

absl::Status RunStep(SqliteConnection& connection, const Migration& step,
                     int version) {
  if (absl::Status s = connection.Execute("BEGIN IMMEDIATE"); !s.ok()) return s;
  absl::Cleanup rollback = [&] {
    if (connection.InTransaction())
      connection.Execute("ROLLBACK").IgnoreError();
  };
  if (absl::Status s = connection.Execute(step.sql); !s.ok()) return s;
  const absl::StatusOr<int64_t> orphans =
      connection.QueryInteger("SELECT count(*) FROM pragma_foreign_key_check");
  if (!orphans.ok()) return orphans.status();
  if (*orphans != 0) {
    return absl::InternalError(
        absl::StrCat("rows refer to missing ones: got ", *orphans, ", want 0"));
  }
  const std::string bump = absl::StrCat("PRAGMA user_version = ", version);
  if (absl::Status s = connection.Execute(bump.c_str()); !s.ok()) return s;
  return connection.Execute("COMMIT");
}

}  // namespace

absl::StatusOr<int> SchemaVersion(SqliteConnection& connection) {
  const absl::StatusOr<int64_t> version =
      connection.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return static_cast<int>(*version);
}

absl::Status Migrate(SqliteConnection& connection,
                     std::span<const Migration> migrations) {
  const absl::StatusOr<int> version = SchemaVersion(connection);
  if (!version.ok()) return version.status();
  const int newest = static_cast<int>(migrations.size());
  if (*version < 0 || *version > newest) {
    return absl::FailedPreconditionError(absl::StrCat(
        "schema version: got ", *version, ", want at most ", newest));
  }
  // SQLite ignores a change of foreign_keys inside a transaction.
  if (absl::Status s = connection.Execute("PRAGMA foreign_keys = OFF");
      !s.ok()) {
    return s;
  }
  for (int from = *version; from < newest; ++from) {
    absl::Status s = RunStep(connection, migrations[from], from + 1);
    if (!s.ok()) {
      return absl::Status(s.code(), absl::StrCat("migration to schema version ",
                                                 from + 1, ": ", s.message()));
    }
  }
  return connection.Execute("PRAGMA foreign_keys = ON");
}

}  // namespace signet
