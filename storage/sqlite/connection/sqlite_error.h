// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CONNECTION_SQLITE_ERROR_H_
#define SIGNET_STORAGE_SQLITE_CONNECTION_SQLITE_ERROR_H_

#include <sqlite3.h>

#include <string_view>

#include "absl/status/status.h"

namespace signet::sqlite {

// The status of the call on `db` that has just failed; the one place where
// SQLite's result codes (sqlite.org/rescode.html) become ours.
//   ALREADY_EXISTS: a primary key or unique constraint.
//   FAILED_PRECONDITION: a foreign key.
//   DATA_LOSS: the file is damaged or no database.
//   UNAVAILABLE / STORAGE_UNAVAILABLE: disk full, I/O error, locked, no memory.
//   INTERNAL: anything else; a mistake of ours.
absl::Status SqliteError(sqlite3* db);

// The same for a call whose extended result code is at hand.
absl::Status SqliteError(int code, std::string_view detail);

// UNAVAILABLE / STORAGE_UNAVAILABLE, for refusals of the engine's own.
absl::Status StorageUnavailable(std::string_view message);

// What callers are told when the store has failed for good, but for damage:
// UNAVAILABLE / STORAGE_UNAVAILABLE. The cause may name files.
absl::Status StorageFailed();

// Whether `status` tells of the medium and not of what was asked: UNAVAILABLE
// or DATA_LOSS.
bool IsEngineFailure(const absl::Status& status);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CONNECTION_SQLITE_ERROR_H_
