// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/sqlite_error.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace signet::sqlite {

absl::Status SqliteError(sqlite3* db) {
  return SqliteError(sqlite3_extended_errcode(db), sqlite3_errmsg(db));
}

absl::Status SqliteError(int code, std::string_view detail) {
  const auto describe = [&] {
    return absl::StrCat("sqlite: ", std::string(detail), " (code ", code, ")");
  };
  // Clients see this text, so it is in our own words.
  const auto unavailable = [&](const char* what) {
    return StorageUnavailable(
        absl::StrCat("storage: ", what, " (code ", code, ")"));
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
      return absl::DataLossError(absl::StrCat(
          "a page or the schema of the database is malformed (code ", code,
          ")"));
    case SQLITE_NOTADB:
      return absl::DataLossError(absl::StrCat(
          "the database is encrypted or has a malformed header (code ", code,
          ")"));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unavailable("the database is locked");
    case SQLITE_FULL:
      return unavailable("the disk is full");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return unavailable("the database cannot be opened for writing");
    case SQLITE_IOERR:
      // No room for the index of the log.
      if (code == SQLITE_IOERR_SHMSIZE) return unavailable("the disk is full");
      return unavailable("the disk or the memory failed");
    case SQLITE_INTERRUPT:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return unavailable("the disk or the memory failed");
    default:
      return absl::InternalError(describe());
  }
}

absl::Status StorageUnavailable(std::string_view message) {
  return MakeError(absl::StatusCode::kUnavailable, message,
                   {.reason = "STORAGE_UNAVAILABLE"});
}

absl::Status StorageFailed() {
  return StorageUnavailable("storage has failed; restart needed");
}

bool IsEngineFailure(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDataLoss(status);
}

}  // namespace signet::sqlite
