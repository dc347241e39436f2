// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_DIRECTORY_LOCK_H_
#define SIGNET_STORAGE_SQLITE_DIRECTORY_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/sqlite/descriptor.h"

namespace signet::sqlite {

// The file in a data directory that is locked, and says by whom.
inline constexpr char kLockFileName[] = "signet.lock";

// Keeps a second process off a data directory as long as this object lives; the
// kernel ends it when the process dies, however it dies. Two things are locked
// by flock(2), exclusively: the directory, which nobody can remove alone, and
// `signet.lock` in it, which is all that earlier releases look at. Move-only.
class DirectoryLock {
 public:
  // `directory` may be written, and is no symbolic link. Makes `signet.lock`
  // (mode 0600) if absent, and waits up to `wait` for both locks.
  //   FAILED_PRECONDITION: another process holds one of them; the message says
  //     which process, if `signet.lock` does, and what to do. Or the directory
  //     or the file cannot be opened, or is not what it should be.
  static absl::StatusOr<DirectoryLock> Acquire(const std::string& directory,
                                               absl::Duration wait);

  DirectoryLock(DirectoryLock&&) noexcept = default;
  DirectoryLock& operator=(DirectoryLock&&) noexcept = default;
  ~DirectoryLock();

 private:
  DirectoryLock(Descriptor directory, Descriptor file)
      : directory_(std::move(directory)), file_(std::move(file)) {}

  Descriptor directory_;
  Descriptor file_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_DIRECTORY_LOCK_H_
