// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_LOOPBACK_LISTENER_H_
#define SIGNET_TESTS_SUPPORT_LOOPBACK_LISTENER_H_

#include <netinet/in.h>

namespace signet {

// 127.0.0.1 and `port`.
sockaddr_in LoopbackAddress(int port);

// A TCP socket that listens on 127.0.0.1, on a port that the system picks. The
// caller closes it.
struct LoopbackListener {
  int fd;
  int port;
};
LoopbackListener ListenOnLoopback();

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_LOOPBACK_LISTENER_H_
