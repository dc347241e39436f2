// SPDX-License-Identifier: Apache-2.0
#include "base/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace signet {

int OpenTemporary(const std::string& path, RandomSource& random,
                  std::string& name) {
  // A name that is taken belongs to another process, or to a crash.
  for (int attempt = 0; attempt < 100; ++attempt) {
    std::array<uint8_t, 8> suffix;
    random.Fill(suffix);
    name = absl::StrCat(path, ".");
    for (const uint8_t byte : suffix)
      absl::StrAppendFormat(&name, "%02x", byte);
    const int fd =
        open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
             0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
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
