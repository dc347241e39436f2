// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace signet::sqlite {
namespace {

// flock(2) has no timeout.
constexpr absl::Duration kRetryInterval = absl::Milliseconds(20);

constexpr char kHolder[] = "pid ";

// In `signet.lock`. Processes of different containers may have the same pid.
void SayWhoHolds(int fd) {
  utsname host = {};
  uname(&host);
  const std::string holder =
      absl::StrCat(kHolder, getpid(), " on ", host.nodename, "\n");
  // On a full disk it is not known.
  [[maybe_unused]] const bool said =
      ftruncate(fd, 0) == 0 && pwrite(fd, holder.data(), holder.size(), 0) > 0;
}

// " (pid 12 on host)" of who says so in `signet.lock`; empty if nobody does.
std::string Holder(int directory) {
  const Descriptor file(openat(directory, kLockFileName,
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 128> buffer;
  const ssize_t size = file.is_open()
                           ? read(file.get(), buffer.data(), buffer.size())
                           : ssize_t{0};
  std::string holder(buffer.data(),
                     static_cast<size_t>(std::max<ssize_t>(size, 0)));
  absl::StripTrailingAsciiWhitespace(&holder);
  // It goes to a terminal.
  if (holder.rfind(kHolder, 0) != 0 ||
      !std::all_of(holder.begin(), holder.end(),
                   [](unsigned char c) { return absl::ascii_isprint(c); })) {
    return "";
  }
  return absl::StrCat(" (", holder, ")");
}

absl::Status Held(const std::string& directory, int fd) {
  return absl::FailedPreconditionError(absl::StrCat(
      directory, ": another process", Holder(fd),
      " uses this data directory; stop it first, or choose another directory. "
      "Do not remove ",
      kLockFileName,
      ": that does not free the directory, and ends a server that runs on it"));
}

}  // namespace

absl::StatusOr<DirectoryLock> DirectoryLock::Acquire(
    const std::string& directory, absl::Duration wait) {
  Descriptor folder(
      open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.is_open()) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": cannot be opened (", std::strerror(errno),
                     "); give this user access to the data directory"));
  }
  const std::string path = absl::StrCat(directory, "/", kLockFileName);
  absl::Duration waited;
  // OK once `fd` is locked.
  const auto lock = [&](int fd, const std::string& name) {
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) {
        return absl::FailedPreconditionError(
            absl::StrCat(name, ": cannot be locked (", std::strerror(errno),
                         "); the data directory needs a local file system"));
      }
      if (waited >= wait) return Held(directory, folder.get());
      absl::SleepFor(kRetryInterval);
      waited += kRetryInterval;
    }
    return absl::OkStatus();
  };
  // First, so that who is refused does not make the file.
  if (absl::Status s = lock(folder.get(), directory); !s.ok()) return s;

  Descriptor file(openat(folder.get(), kLockFileName,
                         O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                         0600));
  if (!file.is_open()) {
    return absl::FailedPreconditionError(
        errno == ELOOP
            ? absl::StrCat(path, ": is a symbolic link; remove it")
            : absl::StrCat(path, ": cannot be written (", std::strerror(errno),
                           "); give this user write access to the data "
                           "directory"));
  }
  struct stat info = {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is not a regular file; remove it"));
  }
  if (absl::Status s = lock(file.get(), path); !s.ok()) return s;
  SayWhoHolds(file.get());
  return DirectoryLock(std::move(folder), std::move(file));
}

DirectoryLock::~DirectoryLock() {
  if (!file_.is_open()) return;
  [[maybe_unused]] const int emptied = ftruncate(file_.get(), 0);
}

}  // namespace signet::sqlite
