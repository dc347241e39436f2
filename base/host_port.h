// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_HOST_PORT_H_
#define SIGNET_BASE_HOST_PORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signet {

// HOST:PORT taken apart.
struct HostPort {
  std::string host;  // Without brackets.
  uint16_t port = 0;

  // `host`:`port`, an IPv6 host in brackets.
  std::string ToString() const;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// nullopt unless `text` is HOST:PORT with a port in decimal and a host that is
// not empty; a host with colons must be in brackets.
std::optional<HostPort> ParseHostPort(std::string_view text);

}  // namespace signet

#endif  // SIGNET_BASE_HOST_PORT_H_
