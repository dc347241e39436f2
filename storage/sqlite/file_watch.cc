// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/file_watch.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "storage/sqlite/directory_lock.h"

namespace signet::sqlite {
namespace {

constexpr char kStartAgain[] = "nothing is lost with it: start again";

std::string CannotLook() {
  return absl::StrCat("cannot be looked at (", std::strerror(errno), ")");
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileWatch>> FileWatch::Begin(
    const std::string& name, const std::string& directory) {
  const std::string database = directory + "/signet.db";
  std::unique_ptr<FileWatch> watch(new FileWatch());
  std::vector<Watched>& files = watch->files_;
  files.resize(kFiles);
  files[kDirectory] = {.path = directory,
                       .what = "the data directory",
                       .remedy = "put it back before the next start"};
  files[kDatabase] = {
      .path = database,
      .what = "the database",
      .remedy = "put it back, or restore a backup, before the next start",
      .one_name = true};
  files[kLog] = {
      .path = database + "-wal",
      .what = "the write-ahead log",
      .remedy =
          "if the database is in its place, what the log held is copied "
          "into that now; then start again"};
  files[kIndex] = {.path = database + "-shm",
                   .what = "the index of the write-ahead log",
                   .remedy = kStartAgain};
  files[kLock] = {.path = absl::StrCat(directory, "/", kLockFileName),
                  .what = "the lock",
                  .remedy = kStartAgain};
  for (Watched& file : files) {
    // O_PATH: to close any other descriptor of the database would end the locks
    // that SQLite has on it (sqlite.org/howtocorrupt.html section 2.2).
    file.held =
        Descriptor(open(file.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!file.held.is_open() || fstat(file.held.get(), &file.info) != 0) {
      return NotOurs(file, CannotLook());
    }
    // A link that was put there meanwhile, which SQLite follows.
    if (S_ISLNK(file.info.st_mode)) return NotOurs(file, "was replaced");
  }
  // Where the operator will look for it.
  files[kDirectory].path = name;
  watch->database_.Begin(&files[kDatabase]);
  watch->log_.Begin(&files[kLog]);
  if (absl::Status s = watch->Look(); !s.ok()) return s;
  return watch;
}

absl::Status FileWatch::NotOurs(const Watched& file, const std::string& fate) {
  return DatabaseRefused(absl::StrCat(file.path, ": ", file.what, " ", fate,
                                      " while this process used it, which ends "
                                      "now; ",
                                      file.remedy));
}

absl::Status FileWatch::Look() const {
  for (const Watched& watched : files_) {
    if (absl::Status s = LookAt(watched); !s.ok()) return s;
  }
  for (const auto& [content, file] : {std::pair{&database_, &files_[kDatabase]},
                                      std::pair{&log_, &files_[kLog]}}) {
    if (!content->IsOwn()) {
      return DatabaseRefused(absl::StrCat(
          file->path, ": another process has written to ", file->what,
          " while this one used it, which ends now; stop the other, check the "
          "database with --verify_audit, and start again or restore a "
          "backup"));
    }
  }
  return absl::OkStatus();
}

void FileWatch::WriteDatabase(absl::FunctionRef<void()> write) {
  database_.Write(write);
}

void FileWatch::WriteLog(absl::FunctionRef<void()> write) { log_.Write(write); }

bool FileWatch::OnlyTheLogIsLost() const {
  return LookAt(files_[kDirectory]).ok() && LookAt(files_[kDatabase]).ok() &&
         database_.IsOwn() && !LookAt(files_[kLog]).ok();
}

void FileWatch::OwnContent::Begin(const Watched* file) {
  absl::MutexLock lock(&mutex_);
  file_ = file;
  content_ = Now();
}

void FileWatch::OwnContent::Write(absl::FunctionRef<void()> write) {
  absl::MutexLock lock(&mutex_);
  if (Now() != content_) foreign_ = true;
  write();
  content_ = Now();
}

bool FileWatch::OwnContent::IsOwn() const {
  if (foreign_) return false;
  // It is being written, or another thread looks.
  if (!mutex_.TryLock()) return true;
  const bool own = Now() == content_;
  mutex_.Unlock();
  return own;
}

FileWatch::Content FileWatch::OwnContent::Now() const {
  // Where it is not to be had, nothing is compared. Not stat(2), whose times
  // libfaketime bends, which tests set the clock with.
  struct statx now = {};
  statx(file_->held.get(), "", AT_EMPTY_PATH, STATX_SIZE | STATX_MTIME, &now);
  return {.size = now.stx_size,
          .modified_seconds = now.stx_mtime.tv_sec,
          .modified_nanos = now.stx_mtime.tv_nsec};
}

absl::Status FileWatch::LookAt(const Watched& file) {
  struct stat now = {};
  const bool there =
      fstatat(AT_FDCWD, file.path.c_str(), &now,
              S_ISDIR(file.info.st_mode) ? 0 : AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && errno != ENOENT && errno != ENOTDIR) {
    return NotOurs(file, CannotLook());
  }
  if (there && now.st_dev == file.info.st_dev &&
      now.st_ino == file.info.st_ino) {
    return file.one_name && now.st_nlink > 1
               ? SecondName(file.path, now.st_nlink)
               : absl::OkStatus();
  }
  struct stat held = {};
  const bool removed = fstat(file.held.get(), &held) == 0 && held.st_nlink == 0;
  return NotOurs(file,
                 absl::StrCat(removed ? "was removed" : "was moved away",
                              there ? ", and another is in its place," : ""));
}

absl::Status SecondName(const std::string& file, uint64_t links) {
  return DatabaseRefused(absl::StrCat(
      file, ": has ", links,
      " names (hard links), so that two servers could open it at once; remove "
      "the others. A copy is made by --backup"));
}

}  // namespace signet::sqlite
