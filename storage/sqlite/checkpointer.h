// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_CHECKPOINTER_H_
#define SIGNET_STORAGE_SQLITE_CHECKPOINTER_H_

#include <sqlite3.h>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "storage/sqlite/connection/connection.h"

namespace signet::sqlite {

// Copies the write-ahead log into the database once it has grown, so that it
// can start over (sqlite.org/wal.html). Works on the writing connection,
// because SQLite up to 3.51.2 may corrupt a database that one connection writes
// while another checkpoints. Not thread-safe; belongs to the writer's thread.
class Checkpointer {
 public:
  // `connection` outlives this object. `busy_timeout` is its own, which some
  // checkpoints shorten for a moment.
  Checkpointer(SqliteConnection* connection, int after_pages,
               absl::Duration busy_timeout);
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;
  ~Checkpointer();

  // Call between transactions. Most calls do nothing; one that finds the log at
  // `after_pages` takes a few milliseconds. A reader keeps the log from
  // starting over while it is at it; if that goes on until the log is several
  // times as long, readers are waited for, for some milliseconds more. An error
  // leaves the log as it is, good for another try when it has grown by as much
  // again. Returns how the latest try ended.
  absl::Status MaybeRun();

  // Whether MaybeRun() would try one now.
  bool IsDue() const { return log_pages_ >= next_at_pages_; }

  // How the latest try ended.
  const absl::Status& latest() const { return latest_; }

  // From now on that many pages are the due length.
  void SetAfterPages(int pages);

  // Copies the log, and waits a little for readers so that the next commit
  // starts it over. What keeps it from that is no error.
  void StartOver();

  // How often a checkpoint was tried.
  int runs() const { return runs_; }

  // The log's length as of the latest commit.
  int log_pages() const { return log_pages_; }

  // Copies all of the log, which is left behind, empty.
  absl::Status CopyAll();

  // The same, and lets the connection remove the log when it closes.
  absl::Status Finish();

 private:
  static int OnCommit(void* self, sqlite3*, const char*, int log_pages);
  // With a short wait for readers, or none.
  void Run(bool insist);

  SqliteConnection* const connection_;
  int after_pages_;
  const absl::Duration busy_timeout_;
  int log_pages_ = 0;  // As of the latest commit.
  int next_at_pages_;
  int runs_ = 0;
  absl::Status latest_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_CHECKPOINTER_H_
