// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_TCP_RELAY_H_
#define SIGNET_TESTS_SUPPORT_TCP_RELAY_H_

#include <list>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace signet {

// A network between a client and a server on loopback, which can stop to carry
// anything without closing a connection. Thread-safe.
class TcpRelay {
 public:
  // To `port` of 127.0.0.1.
  explicit TcpRelay(int port);
  ~TcpRelay();

  int port() const { return port_; }

  // Where new connections go from now on.
  void SetServer(int port);
  // Nothing is carried any more on the connections that there are, for good.
  // New ones work.
  void Freeze();

 private:
  struct Connection {
    int client = -1;
    int server = -1;
    bool frozen = false;
  };

  void Run();
  void Accept();

  int listener_ = -1;
  int wake_[2] = {-1, -1};  // A pipe.
  int port_ = 0;
  absl::Mutex mutex_;
  int server_port_ ABSL_GUARDED_BY(mutex_);
  std::list<Connection> connections_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_TCP_RELAY_H_
