// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_PORTS_H_
#define SIGNET_SERVER_PORTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"

namespace signet {

// Where a running process listens.
struct Ports {
  uint16_t rest = 0;
  std::optional<uint16_t> grpc = {};  // Absent in a gateway.

  friend bool operator==(const Ports&, const Ports&) = default;
};

// Writes `{"rest":8080,"grpc":9090}` (a gateway: without `grpc`) to `path`, in
// place of what is there. Who reads it sees all of it or nothing. Errors of the
// system come with the code that absl::ErrnoToStatusCode gives them.
absl::Status WritePortFile(const std::string& path, const Ports& ports);

}  // namespace signet

#endif  // SIGNET_SERVER_PORTS_H_
