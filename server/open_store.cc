// SPDX-License-Identifier: Apache-2.0
#include "server/open_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "storage/memory/memory_store.h"
#include "storage/sqlite/malformed_rows.h"
#include "storage/sqlite/sqlite_store.h"

namespace signet::server {
namespace {

// What to tell an operator about a database that does not open.
absl::Status Explain(const absl::Status& status) {
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kDataLoss:
    // Rows that a migration fails on: no server wrote them.
    case absl::StatusCode::kInternal:
      return DatabaseRefused(message);
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
      return config::FlagError("data_dir", message);
    default:
      return status;
  }
}

// Who may write there may put another database or other keys in place. OK
// where nothing is there yet.
absl::Status CheckDirectory(const std::string& directory) {
  struct stat found = {};
  if (directory.empty() || stat(directory.c_str(), &found) != 0) {
    return absl::OkStatus();
  }
  if (!S_ISDIR(found.st_mode)) {
    return config::FlagError("data_dir",
                             absl::StrCat(directory, " is not a directory"));
  }
  if (found.st_uid != geteuid() && found.st_uid != 0) {
    return DatabaseRefused(absl::StrCat(
        directory,
        ": belongs to another user, who could put another database or other "
        "keys there; chown to the user of this process: ",
        directory));
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return DatabaseRefused(absl::StrCat(
        directory,
        ": others than its owner may write there, who could put another "
        "database or other keys there; choose a directory of your own, or, if ",
        directory, " is Signet's alone, chmod go-w ", directory));
  }
  return absl::OkStatus();
}

std::string DatabaseFile(const config::ServerConfig& config) {
  return absl::StrCat(config.data_dir, "/signet.db");
}

bool IsMissing(const std::string& file) {
  return access(file.c_str(), F_OK) != 0 && errno == ENOENT;
}

// A database that was lost is not replaced by an empty one unseen: its owner
// would be a new one, and its tokens unknown. Keys are made after the database,
// so a first start that was broken off leaves none without it.
absl::Status CheckFirstStart(const config::ServerConfig& config,
                             Logger* logger) {
  const std::string file = DatabaseFile(config);
  const std::string keys = config.TokenKeysPath();
  if (!IsMissing(file)) {
    if (config.accept_new_database) {
      logger->Warning(
          "--accept_new_database was given, but there is a database: take the "
          "flag away");
    }
    return absl::OkStatus();
  }
  if (config.accept_new_database || IsMissing(keys)) return absl::OkStatus();
  return DatabaseRefused(absl::StrCat(
      file, ": is missing, but there are token keys in ", keys,
      ", so this is no first start; put the database back, or restore a "
      "backup. If you want a new one, with a new owner, start once with "
      "--accept_new_database"));
}

absl::StatusOr<std::unique_ptr<storage::Store>> Open(
    const config::ServerConfig& config, bool create_if_missing,
    MalformedRows malformed_rows, Logger* logger,
    absl::AnyInvocable<void()> on_checkpoint) {
  if (absl::Status status = CheckDirectory(config.data_dir); !status.ok()) {
    return status;
  }
  if (config.storage == config::StorageEngine::kMemory) {
    // Its keys may be there, as with any engine.
    if (!config.data_dir.empty() && mkdir(config.data_dir.c_str(), 0700) != 0 &&
        errno != EEXIST) {
      const absl::Status status = absl::ErrnoToStatus(
          errno, absl::StrCat("cannot make ", config.data_dir));
      return config::FlagError("data_dir", std::string(status.message()));
    }
    return std::make_unique<memory::MemoryStore>();
  }
  sqlite::SqliteOptions options;
  options.directory = config.data_dir;
  options.create_if_missing = create_if_missing;
  options.max_queued_writes = config.write_queue_limit;
  options.max_writes_per_commit = config.write_batch_limit;
  options.read_connections = config.read_connections;
  options.refuse_malformed_rows = malformed_rows == MalformedRows::kRefused;
  options.logger = logger;
  options.on_checkpoint = std::move(on_checkpoint);
  absl::StatusOr<std::unique_ptr<sqlite::SqliteStore>> store =
      sqlite::SqliteStore::Open(std::move(options));
  if (!store.ok()) return Explain(store.status());
  return std::move(*store);
}

}  // namespace

absl::StatusOr<std::unique_ptr<storage::Store>> OpenStore(
    const config::ServerConfig& config, Logger* logger,
    absl::AnyInvocable<void()> on_checkpoint) {
  if (config.storage == config::StorageEngine::kSqlite) {
    if (absl::Status s = CheckFirstStart(config, logger); !s.ok()) return s;
  }
  return Open(config, /*create_if_missing=*/true, MalformedRows::kRefused,
              logger, std::move(on_checkpoint));
}

absl::StatusOr<ExistingStore> OpenExistingStore(
    const config::ServerConfig& config, RandomSource& random, Logger* logger,
    MalformedRows malformed_rows) {
  // Before the keys, whose place follows from the directory.
  if (absl::Status status = CheckDirectory(config.data_dir); !status.ok()) {
    return status;
  }
  if (IsMissing(DatabaseFile(config))) {
    return config::FlagError(
        "data_dir", absl::StrCat(DatabaseFile(config),
                                 " is not there; choose the directory of a "
                                 "server that ran"));
  }
  absl::StatusOr<std::unique_ptr<crypto::MacKeyring>> keyring =
      crypto::MacKeyring::Load(config.TokenKeysPath(),
                               /*create_if_missing=*/false, random);
  if (!keyring.ok()) {
    return config::FlagError("token_keys_file",
                             std::string(keyring.status().message()));
  }
  absl::StatusOr<std::unique_ptr<storage::Store>> store = Open(
      config, /*create_if_missing=*/false, malformed_rows, logger, nullptr);
  if (!store.ok()) return store.status();
  return ExistingStore{.keyring = *std::move(keyring),
                       .store = *std::move(store)};
}

absl::Status ReportMalformedRows(
    const config::ServerConfig& config,
    absl::FunctionRef<void(const std::string& row)> report) {
  if (config.storage == config::StorageEngine::kMemory) return absl::OkStatus();
  return sqlite::FindMalformedRowsIn(
      config.data_dir, sqlite::SqliteOptions().busy_timeout, report);
}

}  // namespace signet::server
