// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_DAMAGE_CHECK_H_
#define SIGNET_STORAGE_SQLITE_DAMAGE_CHECK_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

// Searches the database for damage until `limit` has passed, or until much is
// found. What was not searched counts as sound. Rows that are not as their
// table wants them (a value of another type, a NULL where none may be, a CHECK
// that fails) are damage if `refuse_malformed_rows`.
//   DATA_LOSS: there is damage.
absl::Status CheckForDamage(SqliteConnection& connection, absl::Duration limit,
                            bool refuse_malformed_rows);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_DAMAGE_CHECK_H_
