// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_error.h"

#include "absl/strings/str_cat.h"
#include "server/base/error.h"

namespace signet {

absl::Status SqliteError(sqlite3* db) {
  return SqliteError(sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

absl::Status SqliteError(int code, std::string_view detail) {
  const auto describe = [&] {
    return absl::StrCat("sqlite: ", std::string(detail), " (code ", code, ")");
  };
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      if (code == SQLITE_CONSTRAINT_FOREIGNKEY) {
        return absl::FailedPreconditionError("a row it refers to is missing");
      }
      if (code == SQLITE_CONSTRAINT_PRIMARYKEY ||
          code == SQLITE_CONSTRAINT_UNIQUE) {
        return absl::AlreadyExistsError("the row exists");
      }
      return absl::InternalError(describe());
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(describe());
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_INTERRUPT:
    case SQLITE_IOERR:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY:
      // Clients see this text: SQLite's fixed one, without names of files.
      return StorageUnavailable(absl::StrCat("storage: ", sqlite3_errstr(code),
                                             " (code ", code, ")"));
    default:
      return absl::InternalError(describe());
  }
}

absl::Status StorageUnavailable(std::string_view message) {
  return MakeError(absl::StatusCode::kUnavailable, message,
                   {.reason = "STORAGE_UNAVAILABLE"});
}

bool IsEngineFailure(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDataLoss(status);
}

}  // namespace signet
