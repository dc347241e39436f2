// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "storage/sqlite/connection/sqlite_error.h"
#include "storage/sqlite/database.h"

namespace signet::sqlite {
namespace {

constexpr absl::Duration kQueueFullRetryAfter = absl::Seconds(1);

// For the pages that those who read keep in memory, all of them together.
constexpr int kReadCacheKib = 48 * 1024;

// The log's due length while only revocations are stored, so that it starts
// over before it needs much of the reserve.
constexpr int kPagesOnAFullDisk = 64;

constexpr absl::Duration kDiskFullRetryAfter = absl::Seconds(10);

absl::Status DiskFull() {
  return MakeError(
      absl::StatusCode::kUnavailable, "storage: the disk is full",
      {.reason = "STORAGE_UNAVAILABLE", .retry_after = kDiskFullRetryAfter});
}

// Leaves the revocations in the group and gives what it takes out.
std::vector<PendingWrite> TakeOthers(std::vector<PendingWrite>& group) {
  const auto others =
      std::stable_partition(group.begin(), group.end(),
                            [](const auto& write) { return write.revocation; });
  std::vector<PendingWrite> taken(std::make_move_iterator(others),
                                  std::make_move_iterator(group.end()));
  group.erase(others, group.end());
  return taken;
}

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

absl::Status QueueFull() {
  return MakeError(
      absl::StatusCode::kResourceExhausted,
      "too many writes are waiting; try again",
      {.reason = "WRITE_QUEUE_FULL", .retry_after = kQueueFullRetryAfter});
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
      .logger = options.logger,
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
      ReadPool::Open(reader, options.read_connections, options.read_limits);
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
      reserve_(absl::StrCat(options_.directory, "/signet.reserve"),
               options_.disk_look_interval, options_.logger),
      readers_(std::move(readers)),
      queue_(options_.max_queued_writes),
      writer_([this] { RunWriter(); }) {
  readers_->Start(
      {.health = [this] { return Health(); },
       .on_damage = [this](const absl::Status& damage) { Fail(damage); }});
}

SqliteStore::~SqliteStore() { Drain(); }

void SqliteStore::Read(ReadBody body, Done done, storage::ReadOptions options) {
  if (absl::Status s = Health(); !s.ok()) return std::move(done)(std::move(s));
  readers_->Submit(std::move(body), std::move(done), std::move(options));
}

void SqliteStore::Write(WriteBody body, Done done,
                        storage::WriteOptions options) {
  PendingWrite write = {.body = std::move(body),
                        .done = std::move(done),
                        .expired = std::move(options.expired),
                        .revocation = options.revocation,
                        .work_for = options.work_for};
  std::optional<PendingWrite> pushed_out;
  switch (queue_.Push(write, pushed_out)) {
    case WriteQueue::PushResult::kAccepted:
      if (pushed_out.has_value()) std::move(pushed_out->done)(QueueFull());
      return;
    case WriteQueue::PushResult::kFull:
      return std::move(write.done)(QueueFull());
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
  while (queue_.Take(group)) {
    RunGroup(group);
    group.clear();
  }
}

void SqliteStore::RunGroup(std::vector<PendingWrite>& group) {
  if (state_.load(std::memory_order_acquire) == State::kFailed) {
    for (PendingWrite& write : group) std::move(write.done)(Health());
    return;
  }
  WriteGathering gathering(queue_, group, options_.max_writes_per_commit);
  const GroupResult result = RunInWhatRoomThereIs(group, gathering);
  if (result.fatal) Fail(result.status);
  gathering.ForEachInTurn([](PendingWrite& write) {
    std::move(write.done)(std::move(write.outcome));
  });
  checkpointer_->SetAfterPages(
      reserve_.in_use() ? kPagesOnAFullDisk : options_.checkpoint_after_pages);
  const int checkpoints = checkpointer_->runs();
  const absl::Status disk =
      result.status.ok() ? checkpointer_->MaybeRun() : result.status;
  if (checkpointer_->runs() != checkpoints && options_.on_checkpoint) {
    options_.on_checkpoint();
  }
  if (disk.ok() && reserve_.in_use()) return;  // Only revocations are stored.
  NoteDisk(disk);
}

GroupResult SqliteStore::RunInWhatRoomThereIs(std::vector<PendingWrite>& group,
                                              WriteGathering& gathering) {
  GroupResult result;
  if (!reserve_.LookForRoom()) {
    result =
        group_commit_->Run(group, [&gathering] { return gathering.More(); });
    if (!result.disk_full) return result;
  }
  std::vector<PendingWrite> refused = TakeOthers(group);
  bool again = !result.disk_full || (!group.empty() && reserve_.MakeRoom());
  while (again && !group.empty()) {
    result = group_commit_->Run(group);
    again = result.disk_full && reserve_.MakeRoom();
  }
  for (PendingWrite& write : refused) {
    write.outcome = DiskFull();
    group.push_back(std::move(write));
  }
  return result;
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

}  // namespace signet::sqlite
