// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_FOREIGN_LOCK_H_
#define SIGNET_STORAGE_SQLITE_FOREIGN_LOCK_H_

#include <chrono>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

// Another process that holds the database's write lock for longer than the busy
// timeout: says so in the log and to those whose writes it refuses, and when it
// has let go. Meanwhile each write waits for it a moment only, so that nobody
// is answered later and later. Belongs to the writer's thread.
class ForeignLock {
 public:
  // `connection`, the one that writes, and `logger`, which may be null, are
  // borrowed. `busy_timeout` is the connection's own.
  ForeignLock(SqliteConnection* connection, absl::Duration busy_timeout,
              Logger* logger);

  // A transaction could not begin for it: UNAVAILABLE / STORAGE_UNAVAILABLE,
  // with how long the lock has been held, at least.
  absl::Status Refuse();

  // A transaction could begin.
  void NoteFree();

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  // At least; in whole seconds.
  absl::Duration Held() const;

  SqliteConnection* const connection_;
  const absl::Duration busy_timeout_;
  Logger* const logger_;
  std::optional<SteadyTime> since_;  // Absent: nobody else holds it.
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_FOREIGN_LOCK_H_
