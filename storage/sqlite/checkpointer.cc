// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/checkpointer.h"

#include <algorithm>

#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {
namespace {

// When readers have kept the log from starting over for this many times its
// due length, it is worth a short wait for them.
constexpr int kInsistAtMultiple = 4;
constexpr int kInsistMilliseconds = 20;

}  // namespace

Checkpointer::Checkpointer(SqliteConnection* connection, int after_pages,
                           absl::Duration busy_timeout)
    : connection_(connection),
      after_pages_(after_pages),
      busy_timeout_(busy_timeout),
      next_at_pages_(after_pages) {
  sqlite3_wal_hook(connection_->handle(), &OnCommit, this);
}

Checkpointer::~Checkpointer() {
  sqlite3_wal_hook(connection_->handle(), nullptr, nullptr);
}

int Checkpointer::OnCommit(void* self, sqlite3*, const char*, int log_pages) {
  auto* checkpointer = static_cast<Checkpointer*>(self);
  if (log_pages < checkpointer->log_pages_) {  // It has started over.
    checkpointer->next_at_pages_ = checkpointer->after_pages_;
  }
  checkpointer->log_pages_ = log_pages;
  return SQLITE_OK;
}

absl::Status Checkpointer::MaybeRun() {
  if (!IsDue()) return latest_;
  Run(/*insist=*/log_pages_ >= kInsistAtMultiple * after_pages_);
  return latest_;
}

void Checkpointer::StartOver() { Run(/*insist=*/true); }

void Checkpointer::Run(bool insist) {
  next_at_pages_ = log_pages_ + after_pages_;
  ++runs_;
  sqlite3* db = connection_->handle();
  if (insist) sqlite3_busy_timeout(db, kInsistMilliseconds);
  const int code = sqlite3_wal_checkpoint_v2(
      db, "main",
      insist ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, nullptr,
      nullptr);
  if (insist) {
    sqlite3_busy_timeout(
        db, static_cast<int>(absl::ToInt64Milliseconds(busy_timeout_)));
  }
  const bool fine = code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY;
  latest_ = fine ? absl::OkStatus() : SqliteError(db);
}

void Checkpointer::SetAfterPages(int pages) {
  if (pages == after_pages_) return;
  after_pages_ = pages;
  next_at_pages_ = std::min(next_at_pages_, pages);
}

absl::Status Checkpointer::CopyAll() {
  sqlite3* db = connection_->handle();
  if (sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                nullptr) != SQLITE_OK) {
    return SqliteError(db);
  }
  return absl::OkStatus();
}

absl::Status Checkpointer::Finish() {
  if (absl::Status s = CopyAll(); !s.ok()) return s;
  sqlite3* db = connection_->handle();
  if (sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr) !=
      SQLITE_OK) {
    return SqliteError(db);
  }
  return absl::OkStatus();
}

}  // namespace signet::sqlite
