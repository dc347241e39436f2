// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_GROUP_COMMIT_H_
#define SIGNET_STORAGE_SQLITE_GROUP_COMMIT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/database_room.h"
#include "storage/sqlite/write_txn.h"
#include "storage/store.h"

namespace signet::sqlite {

// One accepted Store::Write.
struct PendingWrite {
  storage::Store::WriteBody body;
  storage::Store::Done done;
  storage::Expired expired;   // May be null.
  bool revocation = false;    // This and `work_for` as in WriteOptions.
  absl::Status outcome = {};  // What `done` will be told.
  WorkFor work_for = {};
  storage::ChangeJournal journal = {};  // Of the latest run of the body.
};

// How the transaction of a group ended.
struct GroupResult {
  // OK, or the trouble with the medium that ended it.
  absl::Status status;
  // Whether the store must stop, because COMMIT left its outcome open, damage
  // was found, or the transaction could not be undone. Or, DATABASE_REFUSED,
  // because the files are not those any more that were opened, or another
  // connection has committed since this one was opened (PRAGMA data_version):
  // anyone who wrote there may have put back what had ended.
  bool fatal = false;
  // Whether the trouble is a full disk, at whatever step it was met: nothing is
  // written, and the same may be tried again once there is room.
  bool disk_full = false;
  // Whether the group may be stored though `status` is not OK.
  bool outcome_unknown = false;
  // Whether rows were changed, and the change is on the disk.
  bool wrote = false;
  // Whether the transaction could not begin because another process holds the
  // write lock, and did so for the connection's busy timeout.
  bool locked = false;
};

// What a FileWatch does here (each may be null), and how much room is kept.
struct WatchedFiles {
  // Whether what is committed will be found at the next start; if not, why.
  // Called before each group and, before it is acknowledged, after its
  // commit.
  absl::AnyInvocable<absl::Status()> look = nullptr;
  DatabaseRoom::WriteDatabase write_database = nullptr;
  int64_t most_spare = DatabaseRoom::kSpare;  // Of the DatabaseRoom.
};

// Owns the writing connection: makes many writes durable with one fsync. Not
// thread-safe; belongs to the writer's thread.
class GroupCommit {
 public:
  // `connection` is a writing one from OpenDatabase().
  static absl::StatusOr<std::unique_ptr<GroupCommit>> Create(
      SqliteConnection connection, WatchedFiles files = {});

  // Runs the bodies of `group`, in order, in one transaction and commits it.
  // When all have run, `more` may put one more at the end and says whether it
  // did, so that what comes meanwhile can still share the commit. In the end
  // each write's outcome is set, and none of the `done` has been called. A body
  // that fails is undone alone. When the medium fails every outcome is the
  // same:
  //   UNAVAILABLE / WRITE_OUTCOME_UNKNOWN: COMMIT failed in a way that leaves
  //     open whether the group is on the disk, or it went to files that the
  //     next start may not find.
  //   UNAVAILABLE / STORAGE_UNAVAILABLE, DATA_LOSS: nothing is written.
  //
  // Nearly every body that fails has changed nothing by then. So the bodies run
  // without savepoints, which saves a fifth of the work; when one fails after a
  // change, the transaction is rolled back and all run again, with savepoints.
  //
  // Commits only where there is the room that `need` asks for; else the disk is
  // full.
  GroupResult Run(std::vector<PendingWrite>& group,
                  absl::FunctionRef<bool()> more, const RoomNeed& need = {}) {
    return Run(group, more, need, /*savepoints=*/false);
  }
  GroupResult Run(std::vector<PendingWrite>& group, const RoomNeed& need = {}) {
    return Run(
        group, [] { return false; }, need);
  }

  SqliteConnection& connection() { return connection_; }

 private:
  GroupCommit(SqliteConnection connection, WatchedFiles files,
              SqliteWriteTxn txn, Statement begin, Statement commit,
              Statement rollback, Statement page_count, Statement data_version,
              int64_t own_version);

  GroupResult Run(std::vector<PendingWrite>& group,
                  absl::FunctionRef<bool()> more, const RoomNeed& need,
                  bool savepoints);
  GroupResult Commit(std::span<PendingWrite> group, const RoomNeed& need);
  // Undoes the transaction, if one is open, on account of `cause`: the error of
  // the connection's last statement.
  GroupResult Abandon(std::span<PendingWrite> group, const absl::Status& cause);
  // The same where the store must stop for `cause`, which callers are not told.
  GroupResult Refuse(std::span<PendingWrite> group, const absl::Status& cause);

  SqliteConnection connection_;  // First: what is below goes before it.
  absl::AnyInvocable<absl::Status()> look_;
  DatabaseRoom room_;
  SqliteWriteTxn txn_;
  Statement begin_;
  Statement commit_;
  Statement rollback_;
  Statement page_count_;
  Statement data_version_;
  int changes_ = 0;  // Of rows, as of the latest commit or rollback.
  // What data_version_ says as long as no other connection has committed.
  const int64_t own_version_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_GROUP_COMMIT_H_
