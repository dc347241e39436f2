// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/schema/migration.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite/schema/row_worker.h"

namespace signet::sqlite {
namespace {

// Rows of a step's work between two lines of the log.
constexpr int64_t kRowsPerLine = 1'000'000;

// Of `sql`, and `then` if given, in one transaction.
absl::Status RunInTransaction(SqliteConnection& connection, const char* sql,
                              absl::FunctionRef<absl::Status()> then) {
  if (absl::Status s = connection.Execute("BEGIN IMMEDIATE"); !s.ok()) return s;
  absl::Cleanup rollback = [&] {
    if (connection.InTransaction())
      connection.Execute("ROLLBACK").IgnoreError();
  };
  if (absl::Status s = connection.Execute(sql); !s.ok()) return s;
  if (absl::Status s = then(); !s.ok()) return s;
  return connection.Execute("COMMIT");
}

absl::Status FinishStep(SqliteConnection& connection, int version) {
  const absl::StatusOr<int64_t> orphans =
      connection.QueryInteger("SELECT count(*) FROM pragma_foreign_key_check");
  if (!orphans.ok()) return orphans.status();
  if (*orphans != 0) {
    return absl::InternalError(
        absl::StrCat("rows refer to missing ones: got ", *orphans, ", want 0"));
  }
  return connection.Execute(
      absl::StrCat("PRAGMA user_version = ", version).c_str());
}

absl::Status RunStep(SqliteConnection& connection, const Migration& step,
                     int version, Logger* logger) {
  const absl::StatusOr<bool> prepared = IsPrepared(connection, step);
  if (!prepared.ok()) return prepared.status();
  if (step.prepare != nullptr && !*prepared) {
    absl::Status status = RunInTransaction(connection, step.prepare,
                                           [] { return absl::OkStatus(); });
    if (!status.ok()) return status;
  }
  for (const Migration::RowWork& work : step.work) {
    absl::StatusOr<RowWorker> worker = RowWorker::Create(connection, work);
    if (!worker.ok()) return worker.status();
    int64_t next_line = kRowsPerLine;
    for (bool more = true; more;) {
      const absl::StatusOr<bool> done = worker->RunOnce();
      if (!done.ok()) return done.status();
      more = *done;
      if (logger == nullptr || (more && worker->rows() < next_line)) continue;
      next_line = worker->rows() + kRowsPerLine;
      logger->Info(more ? "a migration goes on" : "a migration's step is done",
                   {{"step", std::string_view(work.what)},
                    {"rows", worker->rows()},
                    {"changed", worker->changed()}});
    }
  }
  return RunInTransaction(connection, step.sql,
                          [&] { return FinishStep(connection, version); });
}

}  // namespace

absl::StatusOr<int> SchemaVersion(SqliteConnection& connection) {
  const absl::StatusOr<int64_t> version =
      connection.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return static_cast<int>(*version);
}

absl::StatusOr<int> KnownSchemaVersion(SqliteConnection& connection,
                                       std::span<const Migration> migrations) {
  const absl::StatusOr<int> version = SchemaVersion(connection);
  const int newest = static_cast<int>(migrations.size());
  if (version.ok() && (*version < 0 || *version > newest)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "schema version: got ", *version, ", want at most ", newest));
  }
  return version;
}

absl::StatusOr<bool> IsPrepared(SqliteConnection& connection,
                                const Migration& step) {
  if (step.is_prepared == nullptr) return false;
  const absl::StatusOr<int64_t> prepared =
      connection.QueryInteger(step.is_prepared);
  if (!prepared.ok()) return prepared.status();
  return *prepared != 0;
}

absl::Status Migrate(SqliteConnection& connection,
                     std::span<const Migration> migrations,
                     MigrateOptions options) {
  const absl::StatusOr<int> version =
      KnownSchemaVersion(connection, migrations);
  if (!version.ok()) return version.status();
  const int newest = static_cast<int>(migrations.size());
  if (*version == newest) return absl::OkStatus();
  if (*version > 0 && options.before_change != nullptr) {
    const absl::StatusOr<bool> begun =
        IsPrepared(connection, migrations[*version]);
    if (!begun.ok()) return begun.status();
    if (!*begun) {
      absl::Status status = options.before_change(*version);
      if (!status.ok()) return status;
    }
  }
  // SQLite ignores a change of foreign_keys inside a transaction. What an index
  // is sorted in may be larger than the memory.
  if (absl::Status s = connection.Execute(
          "PRAGMA foreign_keys = OFF; PRAGMA temp_store = FILE");
      !s.ok()) {
    return s;
  }
  for (int from = *version; from < newest; ++from) {
    absl::Status s =
        RunStep(connection, migrations[from], from + 1, options.logger);
    if (!s.ok()) {
      return absl::Status(s.code(), absl::StrCat("migration to schema version ",
                                                 from + 1, ": ", s.message()));
    }
    if (options.logger != nullptr && *version > 0) {
      options.logger->Info(
          "the schema is of another version",
          {{"from", int64_t{from}}, {"to", int64_t{from + 1}}});
    }
  }
  return connection.Execute(
      "PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON");
}

}  // namespace signet::sqlite
