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
#include "storage/sqlite/connection/sqlite_error.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/page_rows.h"

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
    return absl::FailedPreconditionError(absl::StrCat(
        target, ": cannot be made (", Reason(), "); choose another place"));
  }
  const auto room = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
  if (room >= bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(target, ": the disk has ", Megabytes(room), " left, want ",
                   Megabytes(bytes)));
}

absl::Status BeingWritten(const std::string& file) {
  return absl::FailedPreconditionError(absl::StrCat(
      file,
      ": another copy is being written there; wait for it, or choose another "
      "place"));
}

// Takes away what a killed process may have left. Who is still at it holds the
// lock.
absl::Status RemoveLeftOver(const std::string& file) {
  const int fd =
      open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  absl::Cleanup close_file = [fd] {
    if (fd >= 0) close(fd);
  };
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) return BeingWritten(file);
  unlink(file.c_str());
  return absl::OkStatus();
}

// A new, empty file, which is this process's alone as long as the descriptor is
// open.
absl::StatusOr<int> MakeEmpty(const std::string& file) {
  if (absl::Status s = RemoveLeftOver(file); !s.ok()) return s;
  const int fd = open(file.c_str(),
                      O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        file, ": cannot be made (", Reason(), "); choose another place"));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  close(fd);
  return BeingWritten(file);
}

// Whether that is still the file's name: who locked it before we did may have
// taken it for a left-over one.
bool IsNamed(int fd, const std::string& file) {
  struct stat opened = {};
  struct stat named = {};
  return fstat(fd, &opened) == 0 && lstat(file.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
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
  if (*verdict != "ok") return absl::DataLossError(*verdict);
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
                                        : absl::StatusCode::kFailedPrecondition,
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
  const absl::StatusOr<int> fd = MakeEmpty(partial);
  if (!fd.ok()) return fd.status();
  absl::Cleanup close_file = [&fd] { close(*fd); };
  absl::Status status = CopyInto(source, partial);
  if (!IsNamed(*fd, partial)) return BeingWritten(partial);
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
  if (access(file.c_str(), F_OK) != 0 && errno == ENOENT) {
    return absl::NotFoundError(absl::StrCat(
        file, ": is not there; choose the directory of a server that ran"));
  }
  absl::StatusOr<SqliteConnection> source = SqliteConnection::Open(
      {.file = file, .vfs = "", .busy_timeout = busy_timeout},
      SqliteConnection::Access::kReadOnly);
  if (!source.ok()) return source.status();
  const absl::StatusOr<int64_t> application =
      source->QueryInteger("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*application != kApplicationId) {
    return absl::FailedPreconditionError(absl::StrCat(
        file,
        ": is a database of another application; choose the directory "
        "of a server that ran"));
  }
  return CopyDatabase(*source, target);
}

}  // namespace signet::sqlite
