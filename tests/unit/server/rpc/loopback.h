// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_LOOPBACK_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_LOOPBACK_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "server/rpc/listener.h"

namespace signet::rpc {

// Connects `fd` to a port of 127.0.0.1. False: nobody listens there.
inline bool ConnectWith(const OwnedFd& fd, int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd.get(), reinterpret_cast<sockaddr*>(&address),
                 sizeof(address)) == 0;
}

// A connection to a port of 127.0.0.1; -1 if nobody listens there, or there is
// no descriptor for it.
inline OwnedFd ConnectTo(int port) {
  OwnedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!ConnectWith(fd, port)) fd.Close();
  return fd;
}

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_LOOPBACK_H_
