// SPDX-License-Identifier: Apache-2.0
#include "base/file_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"

namespace signet {
namespace {

absl::Status OpenAndSync(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (fd < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot open"));
  }
  const absl::Cleanup closer = [fd] { close(fd); };
  if (fsync(fd) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot sync"));
}

}  // namespace

absl::Status SyncFile(const std::string& path) { return OpenAndSync(path, 0); }

absl::Status SyncFolder(const std::string& folder) {
  return OpenAndSync(folder, O_DIRECTORY);
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace signet
