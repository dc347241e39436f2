// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_CONFIG_PORTS_H_
#define SIGNET_SERVER_CONFIG_PORTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/random.h"

namespace signet::config {

// Where a running process listens.
struct Ports {
  uint16_t rest = 0;
  std::optional<uint16_t> grpc = {};          // Absent in a gateway.
  std::optional<uint16_t> trusted_grpc = {};  // Absent unless asked for.

  friend bool operator==(const Ports&, const Ports&) = default;
};

// Removes what an earlier run wrote, so that nobody takes it for this run's,
// and sees that a file can be written there. OK for an empty path.
// FLAG_INVALID, naming --port_file, otherwise, and where a file is there that
// is neither empty nor a port file.
absl::Status PreparePortFile(const std::string& path, RandomSource& random);

// Writes `{"rest":8080,"grpc":9090}` (a gateway: without `grpc`; with a trusted
// listener `trusted_grpc` too) to `path`, in place of what is there. Who reads
// it sees all of it or nothing, and a symbolic link there is replaced, not
// followed; `random` names the file until then. FLAG_INVALID, naming
// --port_file, where that fails.
absl::Status WritePortFile(const std::string& path, const Ports& ports,
                           RandomSource& random);

}  // namespace signet::config

#endif  // SIGNET_SERVER_CONFIG_PORTS_H_
