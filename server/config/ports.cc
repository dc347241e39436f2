// SPDX-License-Identifier: Apache-2.0
#include "server/config/ports.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/temporary_file.h"
#include "server/config/config.h"

namespace signet::config {
namespace {

absl::Status Failure(const char* action, const std::string& path) {
  const absl::Status status =
      absl::ErrnoToStatus(errno, absl::StrCat("cannot ", action, " ", path));
  return FlagError("port_file", std::string(status.message()));
}

constexpr char kBegin[] = "{\"rest\":";

// Whether what is at `path` may be replaced: a port file of an earlier run, an
// empty file, a link (which is not followed), or nothing.
bool IsPortFileOrNone(const std::string& path) {
  const int fd =
      open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ELOOP;
  char begin[sizeof(kBegin) - 1];
  const ssize_t size = read(fd, begin, sizeof(begin));
  close(fd);
  return size == 0 || (size == sizeof(begin) &&
                       std::memcmp(begin, kBegin, sizeof(begin)) == 0);
}

}  // namespace

absl::Status PreparePortFile(const std::string& path, RandomSource& random) {
  if (path.empty()) return absl::OkStatus();
  if (!IsPortFileOrNone(path)) {
    return FlagError("port_file",
                     absl::StrCat("got ", path,
                                  ", which is there and is no port file, want "
                                  "one or a new file; remove it if it is not "
                                  "needed"));
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Failure("replace", path);
  }
  std::string temporary;
  const int fd = OpenTemporary(path, random, temporary);
  if (fd < 0) return Failure("write", path);
  unlink(temporary.c_str());
  close(fd);
  return absl::OkStatus();
}

absl::Status WritePortFile(const std::string& path, const Ports& ports,
                           RandomSource& random) {
  std::string text = absl::StrCat(kBegin, ports.rest);
  if (ports.grpc) absl::StrAppend(&text, ",\"grpc\":", *ports.grpc);
  if (ports.trusted_grpc) {
    absl::StrAppend(&text, ",\"trusted_grpc\":", *ports.trusted_grpc);
  }
  absl::StrAppend(&text, "}\n");

  std::string temporary;  // Beside it, so that it can take its place.
  const int fd = OpenTemporary(path, random, temporary);
  if (fd < 0) return Failure("write", path);
  absl::Status status = WriteAll(fd, temporary, text);
  if (!status.ok()) {
    status = FlagError("port_file", std::string(status.message()));
  }
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) {
    status = Failure("write", path);
  }
  if (!status.ok()) unlink(temporary.c_str());
  if (close(fd) != 0) status.Update(Failure("write", path));
  return status;
}

}  // namespace signet::config
