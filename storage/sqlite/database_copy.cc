// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/database_copy.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/file_sync.h"
#include "storage/sqlite/connection/page_rows.h"
#include "storage/sqlite/connection/sqlite_error.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/schema/migration.h"

namespace signet::sqlite {
namespace {

// Copied at once, between looks for an error.
constexpr int kPagesAtOnce = 4096;

std::string Reason() { return std::strerror(errno); }

std::string Megabytes(int64_t bytes) {
  return absl::StrCat((bytes + 999'999) / 1'000'000, " MB");
}

absl::Status CheckRoom(const std::string& target, int64_t bytes) {
  struct statvfs disk = {};
  if (statvfs(FolderOf(target).c_str(), &disk) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        target, ": cannot be made (", Reason(), "); choose another place"));
  }
  const auto room = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
  if (room >= bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(target, ": the disk has ", Megabytes(room), " left, want ",
                   Megabytes(bytes)));
}

// The descriptor of an empty file, in place of what a killed process may have
// left. As long as it is open, its flock(2) says that a copy is being made.
absl::StatusOr<int> MakeEmpty(const std::string& file) {
  const absl::Status busy = absl::AlreadyExistsError(absl::StrCat(
      file, ": is being written by another process; choose another place"));
  const int left =
      open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  const absl::Cleanup close_left = [left] {
    if (left >= 0) close(left);
  };
  if (left >= 0 && flock(left, LOCK_EX | LOCK_NB) != 0 &&
      errno == EWOULDBLOCK) {
    return busy;
  }
  unlink(file.c_str());
  const int fd = open(file.c_str(),
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        file, ": cannot be made (", Reason(), "); choose another place"));
  }
  struct stat made = {};
  const bool taken = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (taken || fstat(fd, &made) != 0 || made.st_nlink == 0) {
    close(fd);
    return busy;
  }
  return fd;
}

// Of a source in a transaction: a snapshot, so nothing has to begin anew.
absl::Status CopyPages(SqliteConnection& source, SqliteConnection& copy) {
  sqlite3_backup* backup =
      sqlite3_backup_init(copy.handle(), "main", source.handle(), "main");
  if (backup == nullptr) return SqliteError(copy.handle());
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(backup, kPagesAtOnce);
  const int finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE && finished == SQLITE_OK) return absl::OkStatus();
  code = code == SQLITE_DONE ? finished : code;
  return SqliteError(code, sqlite3_errstr(code));
}

absl::StatusOr<std::vector<std::string>> TablesOf(
    SqliteConnection& connection) {
  Preparer prepare(connection.handle());
  Statement tables = prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table'"
      " AND name NOT LIKE 'sqlite_%' ORDER BY name");
  if (!prepare.status().ok()) return prepare.status();
  return ReadAll(tables.Query(), [](Rows& rows) { return rows.Text(0); });
}

// `query` gives the same number in both.
absl::Status Compare(SqliteConnection& source, SqliteConnection& copy,
                     const std::string& query) {
  const absl::StatusOr<int64_t> want = source.QueryInteger(query);
  if (!want.ok()) return want.status();
  const absl::StatusOr<int64_t> got = copy.QueryInteger(query);
  if (!got.ok()) return got.status();
  if (*got == *want) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the copy differs: ", query, ": got ",
                                          *got, ", want ", *want));
}

absl::Status Verify(SqliteConnection& source, SqliteConnection& copy) {
  const absl::StatusOr<std::string> verdict =
      copy.QueryText("PRAGMA quick_check(1)");
  if (!verdict.ok()) return verdict.status();
  if (*verdict != "ok") {
    return absl::DataLossError("a row, a page or an index is malformed");
  }
  std::vector<std::string> queries = {"PRAGMA application_id",
                                      "PRAGMA user_version"};
  const absl::StatusOr<std::vector<std::string>> tables = TablesOf(source);
  if (!tables.ok()) return tables.status();
  for (const std::string& table : *tables) {
    queries.push_back(absl::StrCat("SELECT count(*) FROM \"", table, "\""));
  }
  for (const std::string& query : queries) {
    if (absl::Status s = Compare(source, copy, query); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// Into `file`, which is empty. `source` is in a transaction.
absl::Status CopyInto(SqliteConnection& source, const std::string& file) {
  absl::StatusOr<SqliteConnection> copy = SqliteConnection::Open(
      {.file = file, .vfs = "", .busy_timeout = absl::ZeroDuration()},
      SqliteConnection::Access::kReadWrite);
  if (!copy.ok()) return copy.status();
  // Nobody knows the file yet, and it is synced when it is whole.
  absl::Status status =
      copy->Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  if (status.ok()) status = CopyPages(source, *copy);
  if (status.ok()) status = copy->Execute("PRAGMA journal_mode = DELETE");
  if (status.ok()) status = Verify(source, *copy);
  return status;
}

// link(2), as rename(2) would replace what has come to be there.
absl::Status PutInPlace(const std::string& file, const std::string& target) {
  if (absl::Status s = SyncFile(file); !s.ok()) return s;
  if (link(file.c_str(), target.c_str()) != 0) {
    return absl::Status(errno == EEXIST ? absl::StatusCode::kAlreadyExists
                                        : absl::StatusCode::kPermissionDenied,
                        absl::StrCat(target, ": cannot be put in place (",
                                     Reason(), "); choose another place"));
  }
  unlink(file.c_str());
  return SyncFolder(FolderOf(target));
}

}  // namespace

absl::StatusOr<int64_t> DatabaseBytes(SqliteConnection& connection) {
  const absl::StatusOr<int64_t> pages =
      connection.QueryInteger("PRAGMA page_count");
  if (!pages.ok()) return pages.status();
  const absl::StatusOr<int64_t> page_size =
      connection.QueryInteger("PRAGMA page_size");
  if (!page_size.ok()) return page_size.status();
  return *pages * *page_size;
}

absl::StatusOr<DatabaseCopy> CopyDatabase(SqliteConnection& source,
                                          const std::string& target,
                                          int64_t spare_bytes) {
  struct stat found = {};
  if (lstat(target.c_str(), &found) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat(target, ": is there already; choose another place"));
  }
  if (absl::Status s = source.Execute("BEGIN"); !s.ok()) return s;
  absl::Cleanup end = [&] { source.Execute("ROLLBACK").IgnoreError(); };
  // The first read makes the snapshot.
  const absl::StatusOr<int64_t> version =
      source.QueryInteger("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const absl::StatusOr<int64_t> bytes = DatabaseBytes(source);
  if (!bytes.ok()) return bytes.status();
  if (absl::Status s = CheckRoom(target, *bytes + spare_bytes); !s.ok()) {
    return s;
  }
  const std::string partial = target + ".partial";
  const absl::StatusOr<int> made = MakeEmpty(partial);
  if (!made.ok()) return made.status();
  // Last: it would take away locks that SQLite has on the file.
  const absl::Cleanup close_made = [&made] { close(*made); };
  absl::Status status = CopyInto(source, partial);
  if (status.ok()) status = PutInPlace(partial, target);
  if (!status.ok()) {
    unlink(partial.c_str());
    return status;
  }
  return DatabaseCopy{.bytes = *bytes, .schema_version = *version};
}

absl::StatusOr<DatabaseCopy> BackUpDirectory(const std::string& directory,
                                             const std::string& target,
                                             absl::Duration busy_timeout) {
  const std::string file = absl::StrCat(directory, "/signet.db");
  absl::StatusOr<SqliteConnection> source = OpenDatabaseToRead(
      {.file = file, .vfs = "", .busy_timeout = busy_timeout},
      SchemaMigrations());
  if (!source.ok()) return source.status();
  absl::StatusOr<DatabaseCopy> copy = CopyDatabase(*source, target);
  if (!absl::IsDataLoss(copy.status())) return copy;
  return absl::DataLossError(
      absl::StrCat(file, ": is damaged (", copy.status().message(),
                   "); --verify_audit names malformed rows; restore a backup"));
}

}  // namespace signet::sqlite
