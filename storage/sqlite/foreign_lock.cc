// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/foreign_lock.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace signet::sqlite {
namespace {

constexpr absl::Duration kWaitWhileHeld = absl::Milliseconds(50);
constexpr absl::Duration kLockRetryAfter = absl::Seconds(5);

void SetBusyTimeout(SqliteConnection& connection, absl::Duration timeout) {
  sqlite3_busy_timeout(connection.handle(),
                       static_cast<int>(absl::ToInt64Milliseconds(timeout)));
}

}  // namespace

ForeignLock::ForeignLock(SqliteConnection* connection,
                         absl::Duration busy_timeout, Logger* logger)
    : connection_(connection), busy_timeout_(busy_timeout), logger_(logger) {}

absl::Status ForeignLock::Refuse() {
  if (!since_.has_value()) {
    since_ = std::chrono::steady_clock::now() -
             absl::ToChronoNanoseconds(busy_timeout_);
    SetBusyTimeout(*connection_, std::min(busy_timeout_, kWaitWhileHeld));
    if (logger_ != nullptr) {
      logger_->Error(
          "another process holds the write lock of signet.db; writes are "
          "refused until it lets go",
          {{"for_s", absl::ToInt64Seconds(Held())}});
    }
  }
  return MakeError(
      absl::StatusCode::kUnavailable,
      absl::StrCat("storage: another process holds the write lock of "
                   "signet.db, for ",
                   absl::ToInt64Seconds(Held()), " s so far"),
      {.reason = "STORAGE_UNAVAILABLE", .retry_after = kLockRetryAfter});
}

void ForeignLock::NoteFree() {
  if (!since_.has_value()) return;
  if (logger_ != nullptr) {
    logger_->Info("the write lock of signet.db is free again",
                  {{"held_s", absl::ToInt64Seconds(Held())}});
  }
  since_.reset();
  SetBusyTimeout(*connection_, busy_timeout_);
}

absl::Duration ForeignLock::Held() const {
  return absl::Trunc(
      absl::FromChrono(std::chrono::steady_clock::now() - *since_),
      absl::Seconds(1));
}

}  // namespace signet::sqlite
