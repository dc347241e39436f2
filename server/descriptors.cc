// SPDX-License-Identifier: Apache-2.0
#include "server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace signet::server {
namespace {

// The database's files, one set for each connection to it, listening sockets,
// the log, and those that gRPC's listener leaves free.
constexpr uint64_t kOwn = 160;
constexpr uint64_t kPerCore = 8;  // Event loops and what wakes them.
constexpr uint64_t kLeastConnections = 64;
constexpr uint64_t kGrpcConnections = 256;

}  // namespace

uint64_t DescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

absl::StatusOr<int> ConnectionsWithin(uint64_t descriptors, int wanted,
                                      int cores) {
  const uint64_t own = kOwn + kPerCore * static_cast<uint64_t>(cores);
  if (descriptors < own + kLeastConnections) {
    return absl::FailedPreconditionError(absl::StrCat(
        "got a limit of ", descriptors, " open files, want at least ",
        own + kLeastConnections,
        ", and one more for each connection: raise it with `ulimit -n` or "
        "systemd's LimitNOFILE="));
  }
  const uint64_t left = descriptors - own;
  const auto connections = static_cast<uint64_t>(wanted);
  if (connections + kGrpcConnections <= left) return wanted;
  return static_cast<int>(std::min(connections, left / 2));
}

}  // namespace signet::server
