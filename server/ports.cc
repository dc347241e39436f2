// SPDX-License-Identifier: Apache-2.0
#include "server/ports.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "server/config.h"

namespace signet {
namespace {

absl::Status Failure(const char* action, const std::string& path) {
  const absl::Status status =
      absl::ErrnoToStatus(errno, absl::StrCat("cannot ", action, " ", path));
  return FlagError("port_file", std::string(status.message()));
}

// Beside it, so that it can take its place.
std::string TemporaryFor(const std::string& path) {
  return absl::StrCat(path, ".", getpid());
}

}  // namespace

absl::Status PreparePortFile(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Failure("replace", path);
  }
  const std::string temporary = TemporaryFor(path);
  if (!std::ofstream(temporary, std::ios::trunc)) return Failure("write", path);
  unlink(temporary.c_str());
  return absl::OkStatus();
}

absl::Status WritePortFile(const std::string& path, const Ports& ports) {
  std::string text = absl::StrCat("{\"rest\":", ports.rest);
  if (ports.grpc) absl::StrAppend(&text, ",\"grpc\":", *ports.grpc);
  if (ports.trusted_grpc) {
    absl::StrAppend(&text, ",\"trusted_grpc\":", *ports.trusted_grpc);
  }
  absl::StrAppend(&text, "}\n");

  const std::string temporary = TemporaryFor(path);
  std::ofstream file(temporary, std::ios::trunc);
  file << text;
  file.close();
  if (!file || std::rename(temporary.c_str(), path.c_str()) != 0) {
    absl::Status status = Failure("write", path);
    unlink(temporary.c_str());
    return status;
  }
  return absl::OkStatus();
}

}  // namespace signet
