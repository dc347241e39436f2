// SPDX-License-Identifier: Apache-2.0
#include "tests/support/loopback_listener.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstdint>

#include "tests/support/must.h"

namespace signet {

sockaddr_in LoopbackAddress(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

LoopbackListener ListenOnLoopback() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Must(fd >= 0);
  sockaddr_in address = LoopbackAddress(0);
  socklen_t size = sizeof(address);
  Must(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  Must(listen(fd, 16) == 0);
  Must(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return {.fd = fd, .port = ntohs(address.sin_port)};
}

}  // namespace signet
