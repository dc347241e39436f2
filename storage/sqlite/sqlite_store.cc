// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/sqlite_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
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

// Where `directory` leads, now and as long as the store is open.
absl::StatusOr<std::string> Resolve(const std::string& directory,
                                    Logger* logger) {
  std::error_code error;
  const std::string resolved = std::filesystem::canonical(directory, error);
  if (error) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": cannot be looked at (", error.message(),
                     "); give this user access to the data directory"));
  }
  if (logger != nullptr && std::filesystem::is_symlink(directory, error)) {
    logger->Info("the data directory is a symbolic link",
                 {{"link", std::string_view(directory)},
                  {"leads_to", std::string_view(resolved)}});
  }
  return resolved;
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
  const std::string name = options.directory;
  if (!options.create_if_missing) {
    if (absl::Status s = CheckExists(name + "/signet.db"); !s.ok()) return s;
  }
  if (absl::Status s = PrepareDirectory(name); !s.ok()) return s;
  absl::StatusOr<std::string> resolved = Resolve(name, options.logger);
  if (!resolved.ok()) return resolved.status();
  options.directory = *std::move(resolved);
  const std::string file = options.directory + "/signet.db";
  absl::StatusOr<DirectoryLock> lock =
      DirectoryLock::Acquire(options.directory, options.lock_wait);
  if (!lock.ok()) return lock.status();

  ReserveFile reserve(absl::StrCat(options.directory, "/signet.reserve"));
  const bool disk_full = reserve.GiveUpForStart();
  const DatabaseOptions database = {
      .connection = {.file = file,
                     .vfs = options.vfs,
                     .busy_timeout = options.busy_timeout},
      .check_time = options.check_time,
      .refuse_malformed_rows = options.refuse_malformed_rows,
      .logger = options.logger,
  };
  absl::StatusOr<SqliteConnection> connection =
      OpenDatabase(database, SchemaMigrations());
  if (!connection.ok()) return connection.status();
  absl::StatusOr<std::unique_ptr<FileWatch>> files =
      FileWatch::Begin(name, options.directory);
  if (!files.ok()) return files.status();
  if (connection->HasMoved()) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, ": was replaced while it was opened; start again"));
  }
  absl::StatusOr<std::unique_ptr<GroupCommit>> group_commit =
      absl::UnknownError("not made");
  WatchedFiles watched = {
      .look = [files = files->get()] { return files->Look(); },
      .write_database =
          [files = files->get()](absl::FunctionRef<void()> write) {
            files->WriteDatabase(write);
          },
      .most_spare = options.most_spare_bytes};
  (*files)->WriteLog([&] {  // Makes room for it.
    group_commit =
        GroupCommit::Create(*std::move(connection), std::move(watched));
  });
  if (!group_commit.ok()) return group_commit.status();
  ConnectionOptions reader = database.connection;
  reader.cache_kib = kReadCacheKib / options.read_connections;
  absl::StatusOr<std::unique_ptr<ReadPool>> readers =
      ReadPool::Open(reader, options.read_connections, options.read_limits);
  if (!readers.ok()) return readers.status();
  // What the readers have opened is what the writer has.
  if (absl::Status s = (*files)->Look(); !s.ok()) return s;
  RevocationReserve revocations(std::move(reserve), /*in_use=*/disk_full,
                                options.disk_look_interval, options.logger);
  return std::unique_ptr<SqliteStore>(new SqliteStore(
      std::move(options), *std::move(lock), *std::move(files),
      std::move(revocations), *std::move(group_commit), *std::move(readers)));
}

SqliteStore::SqliteStore(SqliteOptions options, DirectoryLock lock,
                         std::unique_ptr<FileWatch> files,
                         RevocationReserve reserve,
                         std::unique_ptr<GroupCommit> group_commit,
                         std::unique_ptr<ReadPool> readers)
    : options_(std::move(options)),
      lock_(std::move(lock)),
      files_(std::move(files)),
      group_commit_(std::move(group_commit)),
      checkpointer_(std::make_unique<Checkpointer>(
          &group_commit_->connection(), options_.checkpoint_after_pages,
          options_.busy_timeout)),
      foreign_lock_(&group_commit_->connection(), options_.busy_timeout,
                    options_.logger),
      reserve_(std::move(reserve)),
      readers_(std::move(readers)),
      queue_(options_.max_queued_writes),
      writer_([this] { RunWriter(); }),
      watcher_([this] { WatchFiles(); }) {
  readers_->Start(
      {.health = [this] { return Refusal(); },
       .on_damage = [this](const absl::Status& damage) { Fail(damage); }});
}

SqliteStore::~SqliteStore() { Drain(); }

void SqliteStore::Read(ReadBody body, Done done, storage::ReadOptions options) {
  if (absl::Status s = Refusal(); !s.ok()) {
    return std::move(done)(std::move(s));
  }
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
      return std::move(write.done)(Refusal());
  }
}

void SqliteStore::Subscribe(std::optional<uint64_t> position,
                            storage::ChangeSink sink) {
  publisher_.Subscribe(position, std::move(sink));
}

absl::StatusOr<std::unique_ptr<storage::StoreLock>> SqliteStore::TryLock(
    std::string_view name) {
  return locks_.TryLock(name);  // No other process opens the directory.
}

storage::StoreHealth SqliteStore::Health() const {
  using State = storage::StoreHealth::State;
  absl::MutexLock lock(&mutex_);
  if (!ended_by_.ok()) return {.state = State::kFailed, .reason = ended_by_};
  if (!trouble_.ok()) return {.state = State::kDegraded, .reason = trouble_};
  return {};
}

absl::Status SqliteStore::Refusal() const {
  const State state = state_.load(std::memory_order_acquire);
  if (state == State::kServing) return absl::OkStatus();
  absl::Status reason = Health().reason;
  const bool failed = state_.load() == State::kFailed;
  return failed && !absl::IsDataLoss(reason) ? StorageFailed() : reason;
}

void SqliteStore::SetTrouble(const absl::Status& latest) {
  const absl::Status trouble = reserve_.in_use() ? DiskFull() : latest;
  absl::MutexLock lock(&mutex_);
  trouble_ = trouble;
}

void SqliteStore::WatchFiles() {
  while (!end_watch_.AwaitUntil(SteadyEvent::In(options_.file_look_interval))) {
    if (absl::Status s = files_->Look(); !s.ok()) return Fail(s);
    LookForForeignCommit();
  }
}

void SqliteStore::LookForForeignCommit() {
  // A group that is under way or was since the last look has looked itself.
  if (group_ran_.exchange(false) || empty_write_waits_.exchange(true)) return;
  Write([](storage::WriteTxn&) { return absl::OkStatus(); },
        [this](const absl::Status&) { empty_write_waits_ = false; }, {});
}

absl::Status SqliteStore::MaybeCheckpoint() {
  // Mostly none is due, and then the files need not be looked at.
  return checkpointer_->IsDue() ? Checkpoint(&Checkpointer::MaybeRun)
                                : checkpointer_->latest();
}

absl::Status SqliteStore::Checkpoint(absl::Status (Checkpointer::*call)()) {
  absl::Status status;
  files_->WriteLog([&] {
    files_->WriteDatabase([&] { status = (*checkpointer_.*call)(); });
  });
  return status;
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
    for (PendingWrite& write : group) std::move(write.done)(Refusal());
    return;
  }
  WriteGathering gathering(queue_, group, options_.max_writes_per_commit);
  const int checkpoints = checkpointer_->runs();
  group_ran_ = true;
  const GroupResult result = RunInWhatRoomThereIs(group, gathering);
  if (result.fatal) Fail(result.status);
  if (result.locked) {
    const absl::Status refusal = foreign_lock_.Refuse();
    SetTrouble(refusal);
    gathering.ForEachInTurn(
        [&refusal](PendingWrite& write) { std::move(write.done)(refusal); });
    return;
  }
  foreign_lock_.NoteFree();
  SetTrouble(result.status);
  // All of them before the first is acknowledged: who is served by then
  // may have read what another has changed.
  for (const PendingWrite& write : group) {
    if (write.outcome.ok() || result.outcome_unknown) {
      publisher_.Publish(write.journal.changes);
    }
  }
  gathering.ForEachInTurn([](PendingWrite& write) {
    std::move(write.done)(std::move(write.outcome));
  });
  if (result.fatal) return;  // Fail() has said why.
  checkpointer_->SetAfterPages(
      reserve_.in_use() ? kPagesOnAFullDisk : options_.checkpoint_after_pages);
  const absl::Status disk =
      result.status.ok() ? MaybeCheckpoint() : result.status;
  if (checkpointer_->runs() != checkpoints && options_.on_checkpoint) {
    options_.on_checkpoint();
  }
  SetTrouble(disk);
  if (disk.ok() && reserve_.in_use()) return;  // Only revocations are stored.
  // Who writes nothing, as LookForForeignCommit, tells nothing of the disk.
  if (!disk.ok() ||
      (disk_trouble_ && result.wrote && reserve_.HasRoomBeside())) {
    NoteDisk(disk);
  }
}

GroupResult SqliteStore::RunInWhatRoomThereIs(std::vector<PendingWrite>& group,
                                              WriteGathering& gathering) {
  GroupResult result;
  if (!reserve_.LookForRoom()) {
    files_->WriteLog([&] {
      result =
          group_commit_->Run(group, [&gathering] { return gathering.More(); },
                             {.log_pages = checkpointer_->log_pages()});
    });
    if (!result.disk_full) return result;
  }
  std::vector<PendingWrite> refused = TakeOthers(group);
  if (!group.empty()) result = RunInReserve(group, result.disk_full);
  for (PendingWrite& write : refused) {
    write.outcome = DiskFull();
    group.push_back(std::move(write));
  }
  return result;
}

GroupResult SqliteStore::RunInReserve(std::vector<PendingWrite>& group,
                                      bool disk_full) {
  reserve_.Use();
  // A log that starts over needs no room at all.
  bool may_start_over = true;
  while (true) {
    if (disk_full && may_start_over) {
      files_->WriteDatabase([this] { checkpointer_->StartOver(); });
      may_start_over = false;
    } else if (disk_full && !reserve_.MakeRoom()) {
      return {.status = DiskFull(), .disk_full = true};
    }
    GroupResult result;
    files_->WriteLog([&] {
      result = group_commit_->Run(
          group,
          {.log_pages = checkpointer_->log_pages(), .leave_spare = false});
    });
    if (!result.disk_full) return result;
    disk_full = true;
  }
}

void SqliteStore::Fail(const absl::Status& cause) {
  {
    absl::MutexLock lock(&mutex_);
    if (state_.load() == State::kFailed) return;
    ended_by_ = cause;
    state_.store(State::kFailed, std::memory_order_release);
  }
  if (options_.logger != nullptr) {
    options_.logger->Error(
        "the store has failed and refuses everything",
        {{"cause",
          cause.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
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
      ended_by_ = StorageUnavailable("storage: stopped");
      state_.store(State::kDraining, std::memory_order_release);
    }
  }
  queue_.Close();
  writer_.join();
  readers_->Close();
  end_watch_.Set();
  watcher_.join();
  FinishLog();
  checkpointer_.reset();
  group_commit_.reset();
}

void SqliteStore::FinishLog() {
  // The connection removes the log by its name, which may be another's by now.
  if (state_.load() != State::kFailed) {
    if (absl::Status s = files_->Look(); !s.ok()) Fail(s);
  }
  if (state_.load() != State::kFailed) {
    const absl::Status disk = Checkpoint(&Checkpointer::Finish);
    if (!disk.ok()) NoteDisk(disk);
    return;
  }
  // After a failure the log is evidence, and what it holds is uncertain; but
  // not where it is the log that nobody will find.
  if (GetErrorDetail(Health().reason).reason != "DATABASE_REFUSED" ||
      !files_->OnlyTheLogIsLost()) {
    return;
  }
  const absl::Status copied = Checkpoint(&Checkpointer::CopyAll);
  if (options_.logger == nullptr) return;
  options_.logger->Warning(
      "the lost log was copied into the database",
      {{"outcome",
        copied.ToString(absl::StatusToStringMode::kWithNoExtraData)}});
}

}  // namespace signet::sqlite
