// SPDX-License-Identifier: Apache-2.0
#include "base/temporary_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file_sync.h"

namespace signet {
namespace {

constexpr size_t kSuffixBytes = 8;
// No name that somebody gives a copy of theirs.
constexpr char kMark[] = ".signet-";

// The flock(2) of the descriptor says that its process lives. False: the file
// was swept before it was locked. A file system without such locks has none
// that are swept either.
bool LockOwn(int fd) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat info = {};
  return fstat(fd, &info) == 0 && info.st_nlink > 0;
}

bool IsTemporaryOf(std::string_view base, std::string_view name) {
  if (!name.starts_with(base)) return false;
  name.remove_prefix(base.size());
  if (!name.starts_with(kMark)) return false;
  name.remove_prefix(std::string_view(kMark).size());
  return name.size() == 2 * kSuffixBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// Whether `name` in the open `folder` was a file of this user's that nobody
// writes any more, and is removed.
bool RemoveAbandoned(int folder, const char* name) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  const int fd =
      openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return false;
  const absl::Cleanup closer = [fd] { close(fd); };
  struct stat info = {};
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
         info.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
         unlinkat(folder, name, 0) == 0;
}

}  // namespace

int OpenTemporary(const std::string& path, RandomSource& random,
                  std::string& name) {
  // A name that is taken belongs to another process, or to a crash.
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::array<uint8_t, kSuffixBytes> suffix;
    random.Fill(suffix);
    name = absl::StrCat(path, kMark);
    for (const uint8_t byte : suffix)
      absl::StrAppendFormat(&name, "%02x", byte);
    const int fd =
        open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
             0600);
    if (fd < 0 && errno != EEXIST) return fd;
    if (fd < 0) continue;
    if (LockOwn(fd)) return fd;
    close(fd);
    unlink(name.c_str());
  }
  errno = EEXIST;
  return -1;
}

std::vector<std::string> SweepTemporaries(const std::string& path) {
  const std::string folder = FolderOf(path);
  const std::string base = path.substr(path.rfind('/') + 1);
  std::vector<std::string> removed;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.c_str()),
                                                    &closedir);
  if (entries == nullptr) return removed;
  while (const dirent* const entry = readdir(entries.get())) {
    if (IsTemporaryOf(base, entry->d_name) &&
        RemoveAbandoned(dirfd(entries.get()), entry->d_name)) {
      removed.push_back(absl::StrCat(folder, "/", entry->d_name));
    }
  }
  return removed;
}

absl::Status WriteAll(int fd, const std::string& name,
                      std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat(name, ": cannot write"));
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace signet
