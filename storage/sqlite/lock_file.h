// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_LOCK_FILE_H_
#define SIGNET_STORAGE_SQLITE_LOCK_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signet::sqlite {

// Keeps a second process off a data directory: an exclusive flock(2) on a file
// in it, held as long as this object lives and dropped by the kernel when the
// process dies, however it dies. Move-only.
class LockFile {
 public:
  // Makes `file` (mode 0600) if absent and waits up to `wait` for the lock.
  //   FAILED_PRECONDITION: the file cannot be made or written, or another
  //     process holds the lock. The message names the file and the remedy.
  static absl::StatusOr<LockFile> Acquire(const std::string& file,
                                          absl::Duration wait);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  ~LockFile();

 private:
  explicit LockFile(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_LOCK_FILE_H_
