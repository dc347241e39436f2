// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace signet::sqlite {
namespace {

// flock(2) has no timeout.
constexpr absl::Duration kRetryInterval = absl::Milliseconds(20);

}  // namespace

absl::StatusOr<LockFile> LockFile::Acquire(const std::string& file,
                                           absl::Duration wait) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(file, ": cannot be written (", std::strerror(errno),
                     "); give this user write access to the data directory"));
  }
  LockFile lock(fd);
  for (absl::Duration waited;; waited += kRetryInterval) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return absl::FailedPreconditionError(
          absl::StrCat(file, ": cannot be locked (", std::strerror(errno),
                       "); the data directory needs a local file system"));
    }
    if (waited >= wait) {
      return absl::FailedPreconditionError(absl::StrCat(
          file, ": another process uses this data directory; stop it first, ",
          "or choose another directory"));
    }
    absl::SleepFor(kRetryInterval);
  }
}

LockFile::LockFile(LockFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

LockFile::~LockFile() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace signet::sqlite
