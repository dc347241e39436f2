// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/reserve_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/file_sync.h"

namespace signet::sqlite {

int64_t FreeBytes(const std::string& directory) {
  struct statvfs disk = {};
  if (statvfs(directory.c_str(), &disk) != 0) return 0;
  if (disk.f_blocks == 0) return int64_t{1} << 40;
  return static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
}

ReserveFile::ReserveFile(std::string file) : file_(std::move(file)) {
  struct stat found = {};
  if (lstat(file_.c_str(), &found) == 0 && S_ISREG(found.st_mode)) {
    // A file with holes is none.
    bytes_ = std::min<int64_t>(found.st_size, found.st_blocks * int64_t{512});
  }
}

bool ReserveFile::Fill() {
  const int64_t mine = (FreeBytes(FolderOf(file_)) + bytes_) / 4;
  const int64_t want = std::min(kBytes, mine / kSlice * kSlice);
  if (want > bytes_) Resize(want);
  return bytes_ > 0 && HasRoomBeside();
}

bool ReserveFile::HasRoomBeside() const {
  return FreeBytes(FolderOf(file_)) >= bytes_;
}

bool ReserveFile::GiveUpSlice() {
  return bytes_ > 0 && Resize(std::max(bytes_ - kSlice, int64_t{0}));
}

bool ReserveFile::GiveUpForStart() {
  const int64_t missing = kStart - FreeBytes(FolderOf(file_));
  return bytes_ > 0 && missing > 0 &&
         Resize(std::max(bytes_ - missing, int64_t{0}));
}

bool ReserveFile::Resize(int64_t bytes) {
  const int fd =
      open(file_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  absl::Cleanup close_file = [fd] { close(fd); };
  // posix_fallocate() writes where the file system cannot allocate.
  const bool done = bytes <= bytes_ ? ftruncate(fd, bytes) == 0
                                    : posix_fallocate(fd, 0, bytes) == 0;
  if (!done) {
    // It may have taken a part.
    [[maybe_unused]] const int back = ftruncate(fd, bytes_);
    return false;
  }
  fsync(fd);
  bytes_ = bytes;
  return true;
}

}  // namespace signet::sqlite
