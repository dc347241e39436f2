// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_FILE_WATCH_H_
#define SIGNET_STORAGE_SQLITE_FILE_WATCH_H_

#include <sys/stat.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "storage/sqlite/descriptor.h"

namespace signet::sqlite {

// Tells whether the files of an open database are still where its next start
// will look for them: the data directory, `signet.db`, its log and the log's
// index, and `signet.lock`. SQLite itself goes on with files that were removed,
// and loses what it writes there. A look is seven system calls, two
// microseconds in all. Thread-safe.
class FileWatch {
 public:
  // Takes what is there now, when SQLite has opened it all, for what must stay.
  // `directory` is where the files are, `name` what the operator calls it: the
  // same, or a symbolic link to it. Both must go on to lead there.
  //   FAILED_PRECONDITION / DATABASE_REFUSED: as Look().
  static absl::StatusOr<std::unique_ptr<FileWatch>> Begin(
      const std::string& name, const std::string& directory);
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  // FAILED_PRECONDITION / DATABASE_REFUSED: a file was removed, moved or
  // replaced, or cannot be looked at any more; the database has a second name;
  // or the database or its log was written to, or cut, otherwise than in
  // WriteDatabase() and WriteLog(), as by who copies another over it. The
  // message says what happened to which.
  absl::Status Look() const;

  // Calls `write`, as every checkpoint and every change of the database's
  // length must be: nothing else of this process writes to the database itself.
  // What another process has written there before stays noticed; what one
  // writes meanwhile is not.
  void WriteDatabase(absl::FunctionRef<void()> write);

  // The same of the log: of every transaction that writes, and every checkpoint
  // that may cut it. WriteDatabase() may be called inside.
  void WriteLog(absl::FunctionRef<void()> write);

  // Whether the log was removed, moved or replaced, and the directory and the
  // database were not.
  bool OnlyTheLogIsLost() const;

 private:
  struct Watched {
    std::string path = {};    // Where it must be found.
    const char* what = "";    // "the database"
    const char* remedy = "";  // What to do when it is gone.
    bool one_name = false;    // Whether it may have no second one.
    Descriptor held = {};     // As long as it is, no file gets its number.
    struct stat info = {};    // As of the beginning.
  };
  // Of a file, so that it shows whether somebody has written there.
  struct Content {
    uint64_t size = 0;
    int64_t modified_seconds = 0;
    uint32_t modified_nanos = 0;

    friend bool operator==(const Content&, const Content&) = default;
  };
  // A file that only this process writes to, and only in Write().
  class OwnContent {
   public:
    // Takes the content of `file` for this process's own.
    void Begin(const Watched* file) ABSL_LOCKS_EXCLUDED(mutex_);
    void Write(absl::FunctionRef<void()> write) ABSL_LOCKS_EXCLUDED(mutex_);
    // Also while it is written, unless another process wrote there before.
    bool IsOwn() const ABSL_LOCKS_EXCLUDED(mutex_);

   private:
    Content Now() const;

    const Watched* file_ = nullptr;
    mutable absl::Mutex mutex_;  // Held while the file may be written.
    Content content_ ABSL_GUARDED_BY(mutex_);
    std::atomic<bool> foreign_ = false;  // Another process has written there.
  };
  // In files_.
  enum { kDirectory, kDatabase, kLog, kIndex, kLock, kFiles };

  FileWatch() = default;
  static absl::Status LookAt(const Watched& file);
  static absl::Status NotOurs(const Watched& file, const std::string& fate);

  std::vector<Watched> files_;  // Stays as it is from the beginning on.
  OwnContent database_;
  OwnContent log_;
};

// The error for a database that has `links` names (hard links): servers of two
// directories could open it at once.
absl::Status SecondName(const std::string& file, uint64_t links);

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_FILE_WATCH_H_
