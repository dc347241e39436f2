// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_SLOW_RELAY_H_
#define SIGNET_TESTS_SUPPORT_SLOW_RELAY_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <thread>

#include "absl/time/time.h"

namespace signet {

// A network between clients and a server on loopback that takes its time with
// what the server says, keeps all of it, and keeps its order. Thread-safe.
class SlowRelay {
 public:
  // To `port` of 127.0.0.1; as fast as it can.
  explicit SlowRelay(int port);
  ~SlowRelay();

  int port() const { return port_; }

  // From now on one segment, as the server wrote it, in so long.
  void SetInterval(absl::Duration per_segment) {
    interval_us_ = absl::ToInt64Microseconds(per_segment);
  }
  // From now on so many bytes a second.
  void SetRate(int64_t bytes_per_second) { rate_ = bytes_per_second; }

 private:
  struct Connection;

  void Accept();
  // Whether the time is over; false if the relay ends meanwhile.
  bool Wait(absl::Duration span) const;
  void CarryFromClient(Connection& connection);
  void TakeFromServer(Connection& connection);
  void GiveToClient(Connection& connection);

  const int server_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<int64_t> interval_us_ = 0;
  std::atomic<int64_t> rate_ = 0;      // 0: as fast as it can.
  std::list<Connection> connections_;  // Of accepting_ until it has ended.
  std::thread accepting_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_SLOW_RELAY_H_
