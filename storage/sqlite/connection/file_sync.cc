// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/connection/file_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "storage/sqlite/connection/sqlite_error.h"

namespace signet::sqlite {
namespace {

absl::Status Sync(const std::string& path, int flags) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  absl::Cleanup close_file = [fd] {
    if (fd >= 0) close(fd);
  };
  if (fd >= 0 && fsync(fd) == 0) return absl::OkStatus();
  return StorageUnavailable(
      absl::StrCat(path, ": cannot be synced (", std::strerror(errno), ")"));
}

}  // namespace

absl::Status SyncFile(const std::string& file) { return Sync(file, 0); }

absl::Status SyncDirectory(const std::string& directory) {
  return Sync(directory, O_DIRECTORY);
}

std::string DirectoryOf(const std::string& file) {
  const std::string parent = std::filesystem::path(file).parent_path();
  return parent.empty() ? "." : parent;
}

}  // namespace signet::sqlite
