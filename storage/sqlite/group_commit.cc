// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/group_commit.h"

#include <sqlite3.h>

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {
namespace {

// Whether a COMMIT that ended with `code` has certainly left no trace. Disk
// full is met while the log is being written, before the record that commits;
// locked, before anything is written. Any other error may come after that
// record: an fsync may fail and yet have written it, and the log's index is
// filled in after it (see DatabaseRoom).
bool CommitLeftNoTrace(int code) {
  return (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_BUSY;
}

absl::Status OutcomeUnknown(const absl::Status& cause) {
  return MakeError(absl::StatusCode::kUnavailable,
                   absl::IsUnavailable(cause)
                       ? absl::StrCat("the write may or may not be stored; ",
                                      cause.message())
                       : "the write may or may not be stored",
                   {.reason = "WRITE_OUTCOME_UNKNOWN"});
}

absl::StatusOr<int64_t> ReadInteger(Statement& statement) {
  return ReadOne(statement.Query(), "no value",
                 [](Rows& rows) { return rows.Integer(0); });
}

absl::Status ForeignCommit() {
  return DatabaseRefused(
      "another process has written to the database; nothing that this one "
      "remembers of it holds any more");
}

void SetOutcomes(std::span<PendingWrite> group, const absl::Status& outcome) {
  for (PendingWrite& write : group) write.outcome = outcome;
}

}  // namespace

absl::StatusOr<std::unique_ptr<GroupCommit>> GroupCommit::Create(
    SqliteConnection connection, WatchedFiles files) {
  // A body never sees half-written pages on the disk, so keep them in memory.
  if (absl::Status s = connection.Execute("PRAGMA cache_spill = OFF");
      !s.ok()) {
    return s;
  }
  Preparer prepare(connection.handle());
  Statement begin = prepare("BEGIN IMMEDIATE");
  Statement commit = prepare("COMMIT");
  Statement rollback = prepare("ROLLBACK");
  Statement page_count = prepare("PRAGMA page_count");
  Statement data_version = prepare("PRAGMA data_version");
  if (!prepare.status().ok()) return prepare.status();
  const absl::StatusOr<int64_t> version = ReadInteger(data_version);
  if (!version.ok()) return version.status();
  absl::StatusOr<SqliteWriteTxn> txn = SqliteWriteTxn::Create(connection);
  if (!txn.ok()) return txn.status();
  return std::unique_ptr<GroupCommit>(new GroupCommit(
      std::move(connection), std::move(files), *std::move(txn),
      std::move(begin), std::move(commit), std::move(rollback),
      std::move(page_count), std::move(data_version), *version));
}

GroupCommit::GroupCommit(SqliteConnection connection, WatchedFiles files,
                         SqliteWriteTxn txn, Statement begin, Statement commit,
                         Statement rollback, Statement page_count,
                         Statement data_version, int64_t own_version)
    : connection_(std::move(connection)),
      look_(std::move(files.look)),
      room_(&connection_, std::move(files.write_database), files.most_spare),
      txn_(std::move(txn)),
      begin_(std::move(begin)),
      commit_(std::move(commit)),
      rollback_(std::move(rollback)),
      page_count_(std::move(page_count)),
      data_version_(std::move(data_version)),
      own_version_(own_version) {}

GroupResult GroupCommit::Run(std::vector<PendingWrite>& group,
                             absl::FunctionRef<bool()> more,
                             const RoomNeed& need, bool savepoints) {
  if (look_ != nullptr) {
    if (absl::Status s = look_(); !s.ok()) return Refuse(group, s);
  }
  if (absl::Status s = begin_.Execute(); !s.ok()) {
    const int code = sqlite3_extended_errcode(connection_.handle());
    GroupResult result = Abandon(group, s);
    result.locked = (code & 0xff) == SQLITE_BUSY;
    return result;
  }
  const absl::StatusOr<int64_t> version = ReadInteger(data_version_);
  if (!version.ok()) return Abandon(group, version.status());
  if (*version != own_version_) return Refuse(group, ForeignCommit());
  for (size_t i = 0; i < group.size() || more(); ++i) {
    PendingWrite& write = group[i];
    if (write.expired != nullptr && write.expired()) {
      write.outcome = storage::CallerGoneError();
      continue;
    }
    write.outcome = savepoints ? txn_.RunInSavepoint(write.body, write.journal)
                               : txn_.Run(write.body, write.journal);
    if (!txn_.engine_failure().ok()) {
      return Abandon(group, txn_.engine_failure());
    }
    if (txn_.must_undo()) {
      if (absl::Status s = rollback_.Execute(); !s.ok()) {
        return Abandon(group, s);
      }
      return Run(
          group, [] { return false; }, need, /*savepoints=*/true);
    }
  }
  return Commit(group, need);
}

GroupResult GroupCommit::Commit(std::span<PendingWrite> group,
                                const RoomNeed& need) {
  const int changes = sqlite3_total_changes(connection_.handle());
  if (changes != changes_) {  // Else there is nothing to write.
    const absl::StatusOr<int64_t> pages = ReadInteger(page_count_);
    if (!pages.ok()) return Abandon(group, pages.status());
    if (!room_.Ensure(*pages, need)) {
      GroupResult result =
          Abandon(group, StorageUnavailable("storage: the disk is full"));
      result.disk_full = !result.fatal;
      return result;
    }
  }
  const absl::Status status = commit_.Execute();
  if (status.ok()) {
    const bool wrote = changes != std::exchange(changes_, changes);
    const absl::Status files = look_ == nullptr ? absl::OkStatus() : look_();
    if (files.ok()) return {.status = files, .wrote = wrote};
    SetOutcomes(group, OutcomeUnknown(StorageFailed()));
    return {.status = files, .fatal = true, .outcome_unknown = true};
  }
  const int code = sqlite3_extended_errcode(connection_.handle());
  if (CommitLeftNoTrace(code)) return Abandon(group, status);
  SetOutcomes(group, OutcomeUnknown(status));
  return {.status = status, .fatal = true, .outcome_unknown = true};
}

GroupResult GroupCommit::Abandon(std::span<PendingWrite> group,
                                 const absl::Status& cause) {
  // Before anything else is done on the connection.
  const int code = sqlite3_extended_errcode(connection_.handle());
  SetOutcomes(group, cause);
  bool fatal = absl::IsDataLoss(cause);
  if (connection_.InTransaction()) fatal |= !rollback_.Execute().ok();
  // SQLite counts what was rolled back as well.
  changes_ = sqlite3_total_changes(connection_.handle());
  const bool full =
      (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE;
  return {.status = cause, .fatal = fatal, .disk_full = !fatal && full};
}

GroupResult GroupCommit::Refuse(std::span<PendingWrite> group,
                                const absl::Status& cause) {
  Abandon(group, StorageFailed());
  return {.status = cause, .fatal = true};
}

}  // namespace signet::sqlite
