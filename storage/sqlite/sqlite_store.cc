// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/sqlite_error.h"

namespace signet {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Seconds(1);

// For the pages that those who read keep in memory, all of them together.
constexpr int kReadCacheKib = 48 * 1024;

absl::Status CheckOptions(const SqliteOptions& options) {
  const auto positive = [](const char* name, int value) {
    return value >= 1 ? absl::OkStatus()
                      : absl::InvalidArgumentError(absl::StrCat(
                            name, ": got ", value, ", want at least 1"));
  };
  if (options.directory.empty()) {
    return absl::InvalidArgumentError("directory: got nothing, want a path");
  }
  for (absl::Status s : {
           positive("max_queued_writes", options.max_queued_writes),
           positive("max_writes_per_commit", options.max_writes_per_commit),
           positive("read_connections", options.read_connections),
           positive("checkpoint_after_pages", options.checkpoint_after_pages),
       }) {
    if (!s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status CheckExists(const std::string& file) {
  if (access(file.c_str(), F_OK) == 0 || errno != ENOENT) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(absl::StrCat(
      file, ": is not there; choose the directory of a server that ran"));
}

absl::Status PrepareDirectory(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": cannot be made (", std::strerror(errno),
                     "); make its parent writable, or choose another"));
  }
  if (access(directory.c_str(), R_OK | W_OK | X_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": cannot be written (", std::strerror(errno),
                     "); give this user write access to the data directory"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteStore>> SqliteStore::Open(
    SqliteOptions options) {
  if (absl::Status s = CheckOptions(options); !s.ok()) return s;
  const std::string file = absl::StrCat(options.directory, "/signet.db");
  if (!options.create_if_missing) {
    if (absl::Status s = CheckExists(file); !s.ok()) return s;
  }
  if (absl::Status s = PrepareDirectory(options.directory); !s.ok()) return s;
  absl::StatusOr<LockFile> lock = LockFile::Acquire(
      absl::StrCat(options.directory, "/signet.lock"), options.lock_wait);
  if (!lock.ok()) return lock.status();

  const DatabaseOptions database = {
      .connection = {.file = file,
                     .vfs = options.vfs,
                     .busy_timeout = options.busy_timeout},
      .check_time = options.check_time,
  };
  absl::StatusOr<SqliteConnection> connection =
      OpenDatabase(database, SchemaMigrations());
  if (!connection.ok()) return connection.status();
  absl::StatusOr<std::unique_ptr<GroupCommit>> group_commit =
      GroupCommit::Create(*std::move(connection));
  if (!group_commit.ok()) return group_commit.status();
  ConnectionOptions reader = database.connection;
  reader.cache_kib = kReadCacheKib / options.read_connections;
  absl::StatusOr<std::unique_ptr<ReadPool>> readers =
      ReadPool::Open(reader, options.read_connections, options.read_wait);
  if (!readers.ok()) return readers.status();
  return std::unique_ptr<SqliteStore>(
      new SqliteStore(std::move(options), *std::move(lock),
                      *std::move(group_commit), *std::move(readers)));
}

SqliteStore::SqliteStore(SqliteOptions options, LockFile lock,
                         std::unique_ptr<GroupCommit> group_commit,
                         std::unique_ptr<ReadPool> readers)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      group_commit_(std::move(group_commit)),
      checkpointer_(std::make_unique<Checkpointer>(
          &group_commit_->connection(), options_.checkpoint_after_pages,
          options_.busy_timeout)),
      readers_(std::move(readers)),
      queue_(options_.max_queued_writes),
      writer_([this] { RunWriter(); }) {}

SqliteStore::~SqliteStore() { Drain(); }

void SqliteStore::Read(ReadBody body, Done done, ReadOptions options) {
  if (absl::Status s = Health(); !s.ok()) return std::move(done)(std::move(s));
  if (options.expired != nullptr && options.expired()) {
    return std::move(done)(CallerGoneError());
  }
  absl::Status outcome = readers_->Run(body);
  if (absl::IsDataLoss(outcome)) Fail(outcome);
  std::move(done)(std::move(outcome));
}

void SqliteStore::Write(WriteBody body, Done done, WriteOptions options) {
  PendingWrite write = {.body = std::move(body),
                        .done = std::move(done),
                        .expired = std::move(options.expired)};
  switch (queue_.Push(write)) {
    case WriteQueue::PushResult::kAccepted:
      return;
    case WriteQueue::PushResult::kFull:
      return std::move(write.done)(MakeError(
          absl::StatusCode::kResourceExhausted,
          "too many writes are waiting; try again",
          {.reason = "WRITE_QUEUE_FULL", .retry_after = kQueueFullRetryAfter}));
    case WriteQueue::PushResult::kClosed:
      return std::move(write.done)(Health());
  }
}

absl::Status SqliteStore::Health() const {
  if (state_.load(std::memory_order_acquire) == State::kServing) {
    return absl::OkStatus();
  }
  absl::MutexLock lock(&mutex_);
  return refusal_;
}

void SqliteStore::RunWriter() {
  std::vector<PendingWrite> group;
  while (queue_.Take(options_.max_writes_per_commit, group)) {
    RunGroup(group);
    group.clear();
  }
}

void SqliteStore::RunGroup(std::span<PendingWrite> group) {
  if (state_.load(std::memory_order_acquire) == State::kFailed) {
    for (PendingWrite& write : group) std::move(write.done)(Health());
    return;
  }
  const GroupResult result = group_commit_->Run(group);
  if (result.fatal) Fail(result.status);
  for (PendingWrite& write : group) {
    std::move(write.done)(std::move(write.outcome));
  }
  const int checkpoints = checkpointer_->runs();
  NoteDisk(result.status.ok() ? checkpointer_->MaybeRun() : result.status);
  if (checkpointer_->runs() != checkpoints && options_.on_checkpoint) {
    options_.on_checkpoint();
  }
}

void SqliteStore::Fail(const absl::Status& cause) {
  {
    absl::MutexLock lock(&mutex_);
    if (state_.load() == State::kFailed) return;
    refusal_ = absl::IsDataLoss(cause)
                   ? cause
                   : StorageUnavailable("storage has failed; restart needed");
    state_.store(State::kFailed, std::memory_order_release);
  }
  if (options_.logger != nullptr) {
    options_.logger->Error("the store has failed and refuses everything",
                           {{"cause", cause.ToString()}});
  }
  if (options_.on_failure != nullptr) options_.on_failure(cause);
}

void SqliteStore::NoteDisk(const absl::Status& status) {
  if (disk_trouble_ == !status.ok()) return;
  disk_trouble_ = !status.ok();
  if (options_.logger == nullptr) return;
  if (disk_trouble_) {
    options_.logger->Warning(
        "writes are refused or checkpoints fail",
        {{"cause",
          status.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
  } else {
    options_.logger->Info("the disk is good again");
  }
}

void SqliteStore::Drain() {
  absl::MutexLock drain(&drain_mutex_);
  if (!writer_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    if (state_.load() == State::kServing) {
      refusal_ = StorageUnavailable("storage: stopped");
      state_.store(State::kDraining, std::memory_order_release);
    }
  }
  queue_.Close();
  writer_.join();
  readers_->Close();
  // After a failure the log is evidence, and what it holds is uncertain.
  if (state_.load() != State::kFailed) NoteDisk(checkpointer_->Finish());
  checkpointer_.reset();
  group_commit_.reset();
}

}  // namespace signet
