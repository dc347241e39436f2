// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/notification.h"
#include "base/file_sync.h"
#include "storage/sqlite/connection/sqlite_error.h"
#include "storage/sqlite/damage_check.h"
#include "storage/sqlite/database_copy.h"
#include "storage/sqlite/database_room.h"
#include "storage/sqlite/file_watch.h"
#include "storage/sqlite/schema/schema_check.h"

namespace signet::sqlite {
namespace {

constexpr std::string_view kRestore =
    "restore it from a backup, or move the whole data directory aside to start "
    "anew";

constexpr std::string_view kUndoChange =
    "undo that change, while no server runs, or restore a backup";

constexpr char kRestoredBeside[] =
    "; if you have just restored a backup, remove signet.db-wal and "
    "signet.db-shm first and copy the backup again";

absl::Status Refuse(absl::StatusCode code, const std::string& file,
                    std::string_view what, std::string_view remedy) {
  return absl::Status(code, absl::StrCat(file, ": ", std::string(what), "; ",
                                         std::string(remedy)));
}

// Adds the file and a remedy to an error met while opening it. `had_log`: a
// write-ahead log was beside it, perhaps another database's.
absl::Status Explain(const std::string& file, const absl::Status& error,
                     bool had_log = false) {
  const std::string_view message(error.message().data(),
                                 error.message().size());
  switch (error.code()) {
    case absl::StatusCode::kDataLoss:
      return Refuse(
          error.code(), file,
          absl::StrCat("is damaged (", error.message(), ")"),
          absl::StrCat(std::string(kRestore), had_log ? kRestoredBeside : ""));
    case absl::StatusCode::kFailedPrecondition:
      return Refuse(error.code(), file, message,
                    "run the release that wrote it, or a newer one");
    case absl::StatusCode::kAborted:
      return Refuse(absl::StatusCode::kFailedPrecondition, file, message,
                    kUndoChange);
    case absl::StatusCode::kPermissionDenied:
      return Refuse(absl::StatusCode::kFailedPrecondition, file, message,
                    "give this user write access to the data directory");
    case absl::StatusCode::kUnavailable:
      return Refuse(error.code(), file, message,
                    "check the disk, the file's owner and mode, and which "
                    "other processes have it open");
    case absl::StatusCode::kResourceExhausted:
      return Refuse(error.code(), file, message,
                    "make room for it, and start again");
    default:
      return Refuse(error.code(), file, message, "report this as a bug");
  }
}

std::string Errno() { return std::strerror(errno); }

bool Exists(const std::string& file) {
  struct stat info;
  return lstat(file.c_str(), &info) == 0;
}

bool HasContent(const std::string& file) {
  struct stat info;
  return lstat(file.c_str(), &info) == 0 && info.st_size > 0;
}

absl::Status RefuseForeign(const std::string& file) {
  return Refuse(absl::StatusCode::kFailedPrecondition, file,
                "is a database of another application",
                "choose another data directory");
}

using Header = std::array<uint8_t, 100>;

uint32_t Number(const Header& header, size_t offset) {
  uint32_t number = 0;
  for (size_t i = 0; i < sizeof number; ++i) {
    number = number << 8 | header[offset + i];
  }
  return number;
}

// Looks at the header (sqlite.org/fileformat.html section 1.3) before SQLite
// does: merely to open a foreign database may change it.
absl::Status CheckHeader(const std::string& file) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  constexpr size_t kFormatOffset = 44;
  constexpr uint32_t kNewestFormat = 4;
  constexpr size_t kApplicationIdOffset = 68;
  Header header;

  const int fd = open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && errno == ELOOP) {
    return Refuse(absl::StatusCode::kFailedPrecondition, file,
                  "is a symbolic link",
                  "make the data directory one, or name the one it leads to");
  }
  if (fd < 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, file,
                  absl::StrCat("cannot be written (", Errno(), ")"),
                  "give this user write access to the file");
  }
  absl::Cleanup close_file = [&] { close(fd); };
  struct stat info = {};
  if (fstat(fd, &info) == 0 && info.st_nlink > 1) {
    return SecondName(file, info.st_nlink);
  }
  if (pread(fd, header.data(), header.size(), 0) !=
      static_cast<ssize_t>(header.size())) {
    return Refuse(absl::StatusCode::kDataLoss, file,
                  "is empty or cut short; it is not a database any more",
                  kRestore);
  }
  if (std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) {
    return Refuse(absl::StatusCode::kDataLoss, file,
                  "has no SQLite header; it is damaged, encrypted or another "
                  "kind of file",
                  kRestore);
  }
  const uint32_t format = Number(header, kFormatOffset);
  if (format == 0 || format > kNewestFormat) {
    return Refuse(absl::StatusCode::kDataLoss, file,
                  "has a damaged header (no such format of a schema)",
                  kRestore);
  }
  if (Number(header, kApplicationIdOffset) != kApplicationId) {
    return RefuseForeign(file);
  }
  return absl::OkStatus();
}

absl::Status UseWriteAheadLog(SqliteConnection& connection) {
  const absl::StatusOr<std::string> mode =
      connection.QueryText("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (*mode == "wal") return absl::OkStatus();
  return StorageUnavailable(absl::StrCat("journal mode: got ", *mode,
                                         ", want wal; the file system lacks "
                                         "shared memory"));
}

// Beside the database, under the first such name that is free.
absl::Status LeaveCopy(const DatabaseOptions& options,
                       SqliteConnection& connection, int version) {
  const std::string& file = options.connection.file;
  std::string target = absl::StrCat(file, ".v", version, "-backup");
  for (int i = 2; Exists(target); ++i) {
    target = absl::StrCat(file, ".v", version, "-backup.", i);
  }
  if (options.logger != nullptr) {
    options.logger->Info("the database is copied before its schema changes",
                         {{"copy", std::string_view(target)}});
  }
  // The migration may write as much again to the log.
  const absl::StatusOr<int64_t> bytes = DatabaseBytes(connection);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<DatabaseCopy> copy =
      CopyDatabase(connection, target, /*spare_bytes=*/*bytes);
  if (!copy.ok()) return copy.status();
  if (options.logger != nullptr) {
    options.logger->Info(
        "the copy is whole",
        {{"copy", std::string_view(target)}, {"bytes", copy->bytes}});
  }
  return absl::OkStatus();
}

absl::Status Create(const DatabaseOptions& options,
                    std::span<const Migration> migrations) {
  const std::string& file = options.connection.file;
  ConnectionOptions building = options.connection;
  building.file += ".new";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    unlink(absl::StrCat(building.file, suffix).c_str());
  }
  // SQLite would follow the umask; its log files take the mode of this one.
  const int fd =
      open(building.file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, building.file,
                  absl::StrCat("cannot be made (", Errno(), ")"),
                  "give this user write access to the data directory");
  }
  close(fd);
  {
    absl::StatusOr<SqliteConnection> connection =
        SqliteConnection::Open(building, SqliteConnection::Access::kReadWrite);
    if (!connection.ok()) return Explain(building.file, connection.status());
    const std::string stamp =
        absl::StrCat("PRAGMA application_id = ", kApplicationId);
    absl::Status status = connection->Execute(stamp.c_str());
    if (status.ok()) status = Migrate(*connection, migrations);
    // Last, so that everything so far is in the file itself.
    if (status.ok()) status = UseWriteAheadLog(*connection);
    if (!status.ok()) return Explain(building.file, status);
  }
  if (rename(building.file.c_str(), file.c_str()) != 0) {
    return Refuse(absl::StatusCode::kFailedPrecondition, file,
                  absl::StrCat("cannot be put in place (", Errno(), ")"),
                  "give this user write access to the data directory");
  }
  return SyncFolder(FolderOf(file));
}

}  // namespace

absl::StatusOr<SqliteConnection> OpenDatabase(
    const DatabaseOptions& options, std::span<const Migration> migrations) {
  const std::string& file = options.connection.file;
  if (!Exists(file)) {
    const std::string log = file + "-wal";
    if (Exists(log)) {
      return Refuse(absl::StatusCode::kDataLoss, file,
                    absl::StrCat("is missing, but its log ", log, " is there"),
                    kRestore);
    }
    if (absl::Status s = Create(options, migrations); !s.ok()) return s;
  }
  if (absl::Status s = CheckHeader(file); !s.ok()) return s;
  const bool had_log = HasContent(file + "-wal");

  absl::StatusOr<SqliteConnection> connection = SqliteConnection::Open(
      options.connection, SqliteConnection::Access::kReadWrite);
  if (!connection.ok()) return Explain(file, connection.status(), had_log);
  // First of all, so that what was done to a table is not taken for damage to
  // its rows.
  absl::Status status = CheckSchema(*connection, migrations);
  if (status.ok()) {
    status = CheckForDamage(*connection, options.check_time,
                            options.refuse_malformed_rows);
  }
  if (status.ok()) status = UseWriteAheadLog(*connection);
  if (status.ok()) {
    status = Migrate(*connection, migrations,
                     {.before_change =
                          [&](int version) {
                            return LeaveCopy(options, *connection, version);
                          },
                      .logger = options.logger});
  }
  if (!status.ok()) return Explain(file, status, had_log);

  // After an fsync that failed, the log may be read back from memory and yet
  // not be on the disk: copied into the database it is written afresh. A disk
  // too full for that still serves reads.
  DatabaseRoom::KeepLength(*connection);
  sqlite3_wal_checkpoint_v2(connection->handle(), "main",
                            SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  DatabaseRoom::LetLengthGo(*connection);
  return connection;
}

absl::StatusOr<SqliteConnection> OpenDatabaseToRead(
    const ConnectionOptions& options, std::span<const Migration> migrations) {
  const std::string& file = options.file;
  if (!Exists(file)) {
    return absl::NotFoundError(absl::StrCat(
        file, ": is not there; choose the directory of a server that ran"));
  }
  // By SQLite alone: to close a descriptor of one's own takes away the locks
  // that a store in this process has on the file.
  absl::StatusOr<SqliteConnection> connection =
      SqliteConnection::Open(options, SqliteConnection::Access::kReadOnly);
  if (!connection.ok()) return Explain(file, connection.status());
  const absl::StatusOr<int64_t> application =
      connection->QueryInteger("PRAGMA application_id");
  if (!application.ok()) return Explain(file, application.status());
  if (*application != kApplicationId) return RefuseForeign(file);
  const absl::Status status = CheckSchema(*connection, migrations);
  if (!status.ok()) return Explain(file, status);
  return connection;
}

}  // namespace signet::sqlite
