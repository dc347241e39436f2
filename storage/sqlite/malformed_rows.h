// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_MALFORMED_ROWS_H_
#define SIGNET_STORAGE_SQLITE_MALFORMED_ROWS_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

// Calls `report` with a name for each row of the database that this server
// cannot have written: a value of another type than its column's, a NULL where
// none may be, a CHECK that fails, a UUID, time or set of labels that is none.
// The name has the table, the row's key and, where it is one, the column: in
// one line, "table tokens, row 0VQe3rT9a1B2c3D4, column mac". The schema is as
// CheckSchema() wants it. Looks at every row; memory does not grow with them.
//   DATA_LOSS: a page is malformed; what was reported stands.
//   UNAVAILABLE: the disk failed.
absl::Status FindMalformedRows(
    SqliteConnection& connection,
    absl::FunctionRef<void(const std::string& row)> report);

// The same of the database of a data directory, which a store may have open.
absl::Status FindMalformedRowsIn(
    const std::string& directory, absl::Duration busy_timeout,
    absl::FunctionRef<void(const std::string& row)> report);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_MALFORMED_ROWS_H_
