// SPDX-License-Identifier: Apache-2.0
#include "base/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/file_sync.h"
#include "base/temporary_file.h"

namespace signet {
namespace {

constexpr size_t kMaxSize = 64 * 1024;

// The system's latest error, as in "/etc/keys: cannot open: <reason>".
absl::Status ErrnoStatus(const std::string& path, const char* what) {
  return absl::ErrnoToStatus(errno, absl::StrCat(path, ": cannot ", what));
}

// Writes `content` into a new file beside `path`, mode 0600, onto the disk.
// `use` gets its name, and whatever is at that name then is removed.
absl::Status WithTemporary(
    const std::string& path, std::string_view content, RandomSource& random,
    absl::FunctionRef<absl::Status(const std::string&)> use) {
  std::string temporary;
  const int fd = OpenTemporary(path, random, temporary);
  if (fd < 0) return ErrnoStatus(path, "create");
  const absl::Cleanup cleaner = [fd, &temporary] {
    unlink(temporary.c_str());
    close(fd);
  };

  // A umask may have taken the owner's own rights away.
  if (fchmod(fd, 0600) != 0) return ErrnoStatus(temporary, "set the mode");
  if (absl::Status status = WriteAll(fd, temporary, content); !status.ok()) {
    return status;
  }
  if (fsync(fd) != 0) return ErrnoStatus(temporary, "sync");
  return use(temporary);
}

}  // namespace

absl::StatusOr<Secret> ReadSecretFile(const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoStatus(path, "open");
  const absl::Cleanup closer = [fd] { close(fd); };

  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoStatus(path, "inspect");
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": got something else, want a regular file"));
  }
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path,
        ": belongs to another user, who can change what is in it: chown "
        "it to the user of this process"));
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: got mode %04o, want 0600: it holds secrets and must "
        "not be open to group or others",
        path, info.st_mode & 07777));
  }

  // One byte more than may be there tells a file that is too big, and the
  // buffer never moves, which would leave a copy behind.
  std::string text(kMaxSize + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const absl::Status status = ErrnoStatus(path, "read");
      Wipe(text);
      return status;
    }
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size > kMaxSize) {
    Wipe(text);
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": got a bigger file, want at most ", kMaxSize, " bytes"));
  }
  text.resize(size);
  return Secret(std::move(text));
}

absl::Status CreateSecretFile(const std::string& path, std::string_view content,
                              RandomSource& random) {
  return WithTemporary(
      path, content, random,
      [&path](const std::string& temporary) -> absl::Status {
        // link(2), not rename(2), because it never replaces what is there.
        const bool created = link(temporary.c_str(), path.c_str()) == 0;
        if (!created && errno != EEXIST) return ErrnoStatus(path, "create");
        // Also for a file that another process made, perhaps only just.
        if (absl::Status status = SyncFolder(FolderOf(path)); !status.ok()) {
          if (created) unlink(path.c_str());
          return status;
        }
        if (!created) {
          return absl::AlreadyExistsError(
              absl::StrCat(path, ": exists already"));
        }
        return absl::OkStatus();
      });
}

absl::Status ReplaceSecretFile(const std::string& path,
                               std::string_view content, RandomSource& random) {
  return WithTemporary(path, content, random,
                       [&path](const std::string& temporary) -> absl::Status {
                         if (rename(temporary.c_str(), path.c_str()) != 0) {
                           return ErrnoStatus(path, "replace");
                         }
                         return SyncFolder(FolderOf(path));
                       });
}

}  // namespace signet
