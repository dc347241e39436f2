// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_SQLITE_STORE_H_
#define SIGNET_STORAGE_SQLITE_SQLITE_STORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/steady_event.h"
#include "storage/change_publisher.h"
#include "storage/named_locks.h"
#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/directory_lock.h"
#include "storage/sqlite/file_watch.h"
#include "storage/sqlite/foreign_lock.h"
#include "storage/sqlite/group_commit.h"
#include "storage/sqlite/read_pool.h"
#include "storage/sqlite/reserve_file.h"
#include "storage/sqlite/revocation_reserve.h"
#include "storage/sqlite/write_queue.h"
#include "storage/store.h"

namespace signet::sqlite {

struct SqliteOptions {
  // Holds `signet.db`, its log, `signet.reserve` and `signet.lock`. Made (mode
  // 0700) if absent; its parent exists. On a local file system. Where it is a
  // symbolic link, the store is where that leads when it is opened.
  std::string directory;
  // Whether Open() makes what is not there.
  bool create_if_missing = true;

  // Writes that may wait, of one tenant half of them and of one principal a
  // quarter; one more is refused with WRITE_QUEUE_FULL.
  int max_queued_writes = 4096;
  // Writes that share one fsync.
  int max_writes_per_commit = 256;
  // Connections that read, hence reads at once; with one alone, scans keep all
  // others waiting. They share 48 MiB of memory for pages, beside the writer's
  // 32.
  int read_connections = 4;
  ReadLimits read_limits = {};
  // How long to wait for another process, say a backup, that locks the file.
  absl::Duration busy_timeout = absl::Seconds(5);
  // How long Open() waits for another instance to let go of the directory.
  absl::Duration lock_wait = absl::Seconds(2);
  // How long Open() may search for damage. About 100 MB are searched in that
  // time; damage behind them is found when it is met, which fails the store.
  absl::Duration check_time = absl::Milliseconds(500);
  // Whether what that search finds of rows keeps the database closed.
  bool refuse_malformed_rows = true;
  // The log is copied into the database when it has this many 4 KiB pages. The
  // more, the more often a page is written to the log only.
  int checkpoint_after_pages = 4000;
  // Of the room that the database keeps for revocations (see DatabaseRoom).
  int64_t most_spare_bytes = DatabaseRoom::kSpare;
  // How often a disk that was full is looked at for room.
  absl::Duration disk_look_interval = absl::Seconds(1);
  // How often it is looked at, beside before and after each commit, whether the
  // files are still there.
  absl::Duration file_look_interval = absl::Milliseconds(500);
  // The SQLite VFS to go through; empty: the default one. Tests inject faults.
  std::string vfs = {};

  // Receives warnings and failures. Not owned; null: nobody does.
  Logger* logger = nullptr;
  // Called once, on any thread, when the store fails for good, with the cause.
  // Must not block.
  absl::AnyInvocable<void(const absl::Status&)> on_failure = {};
  // Called on the writer's thread after the log was copied into the database.
  // Must not block.
  absl::AnyInvocable<void()> on_checkpoint = {};
};

// Signet's embedded default: an SQLite database in WAL mode, every acknowledged
// write on stable storage (synchronous=FULL). One thread writes: it gathers
// what waits into one transaction and answers when that is durable. Each
// connection that reads has a thread of its own, and a quarter of them do the
// scans, which the other reads never wait for. Thread-safe.
//
// Reads and writes that wait are served by tenant and principal in turn, and
// bounded for each of them too: see FairQueue.
//
// `done` is called on the thread that did the work, of a write on the one
// writer's: keep it short.
//
// Fail-stop: when a commit fails in a way that leaves its outcome open, damage
// is found, the files are not those any more that were opened (see FileWatch),
// or another process writes to them, the store refuses everything until it is
// opened anew. What it acknowledges is in files that are in their place. A full
// disk is no failure, nor is another process that holds the write lock: writes
// are refused, reads go on, and writes work again once there is space, or the
// lock is free. Revocations are stored even then, in room that the database
// holds behind its pages (DatabaseRoom) and that `signet.reserve` has kept,
// until both are used up.
class SqliteStore final : public storage::Store {
 public:
  // Opens the database in `options.directory`, or makes it. An error names the
  // file and the remedy in one line, and leaves the database as it was.
  //   NOT_FOUND: there is none, and none is to be made.
  //   FAILED_PRECONDITION: the directory cannot be written or another process
  //     uses it; the database is another application's or a newer release's, or
  //     its schema is not what Signet makes.
  //   DATA_LOSS: the database is damaged, cut short or incomplete.
  //   UNAVAILABLE: the disk failed, or another process holds a lock.
  //   INVALID_ARGUMENT: an option is out of range.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(
      SqliteOptions options);

  // Drains.
  ~SqliteStore() override;

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override;
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override;
  void Subscribe(std::optional<uint64_t> position,
                 storage::ChangeSink sink) override;
  absl::StatusOr<std::unique_ptr<storage::StoreLock>> TryLock(
      std::string_view name) override;
  storage::StoreHealth Health() const override;

  // Leaves no log behind, unless the store has failed. Where only the log was
  // lost, what it holds is copied into the database.
  void Drain() override;

 private:
  SqliteStore(SqliteOptions options, DirectoryLock lock,
              std::unique_ptr<FileWatch> files, RevocationReserve reserve,
              std::unique_ptr<GroupCommit> group_commit,
              std::unique_ptr<ReadPool> readers);

  enum class State { kServing, kDraining, kFailed };

  // OK while the store serves; otherwise what callers are told.
  absl::Status Refusal() const;
  void RunWriter();
  void WatchFiles();
  // Has the writer look, where it has nothing to write, whether somebody else
  // has committed: it does before each group (see GroupCommit).
  void LookForForeignCommit();
  absl::Status MaybeCheckpoint();
  // What the checkpointer answers to `call`.
  absl::Status Checkpoint(absl::Status (Checkpointer::*call)());
  void RunGroup(std::vector<PendingWrite>& group);
  // The same, and again with what is to be stored even on a full disk.
  GroupResult RunInWhatRoomThereIs(std::vector<PendingWrite>& group,
                                   WriteGathering& gathering);
  // Stores revocations in what is kept for them. `disk_full`: they were already
  // refused once.
  GroupResult RunInReserve(std::vector<PendingWrite>& group, bool disk_full);
  // Refuses everything from now on. The first failure counts.
  void Fail(const absl::Status& cause);
  // Logs when the disk turns bad or good, not for each write between.
  void NoteDisk(const absl::Status& status);
  // Keeps for Health() what is wrong with the disk, of which `latest` is the
  // latest news.
  void SetTrouble(const absl::Status& latest);
  // The last of Drain().
  void FinishLog();

  SqliteOptions options_;
  const DirectoryLock lock_;
  const std::unique_ptr<FileWatch> files_;

  // The writer's own.
  std::unique_ptr<GroupCommit> group_commit_;
  std::unique_ptr<Checkpointer> checkpointer_;
  ForeignLock foreign_lock_;
  RevocationReserve reserve_;
  bool disk_trouble_ = false;
  std::atomic<bool> group_ran_ = false;  // Since the files were looked at.
  std::atomic<bool> empty_write_waits_ = false;

  std::unique_ptr<ReadPool> readers_;
  WriteQueue queue_;

  std::atomic<State> state_ = State::kServing;
  mutable absl::Mutex mutex_;
  absl::Status ended_by_ ABSL_GUARDED_BY(mutex_);  // OK while kServing.
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);   // As of the latest group.

  storage::ChangePublisher publisher_;
  storage::NamedLocks locks_;

  SteadyEvent end_watch_;
  absl::Mutex drain_mutex_;  // Held while draining.
  std::thread writer_ ABSL_GUARDED_BY(drain_mutex_);
  std::thread watcher_ ABSL_GUARDED_BY(drain_mutex_);
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_SQLITE_STORE_H_
