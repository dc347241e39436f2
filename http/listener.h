// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_LISTENER_H_
#define SIGNET_HTTP_LISTENER_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "http/loop.h"
#include "http/options.h"
#include "http/quota.h"

namespace signet::http {

// Room for clients. Outlives the loops, where the tickets are.
struct ConnectionSlots {
  explicit ConnectionSlots(int max_connections)
      : connections(max_connections) {}

  Quota connections;
  Quota rejections{64};  // For those who are only told that there is no room.
};

// The listening socket: takes connections and deals them out to the loop that
// has the fewest. One socket rather than one per loop with SO_REUSEPORT: with
// few connections the kernel's hash leaves loops idle, and a second process on
// the same port would silently share it instead of being refused.
//
// Runs on the first loop's thread. At the limit of connections, clients are
// told so; out of file descriptors, they are hung up on, and neither stops it.
class Listener {
 public:
  // Binds and listens; nobody is accepted before Start. `loops` (at least
  // one), `slots` and `logger` outlive it. UNAVAILABLE: the address is taken
  // or not ours.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(
      const ServerOptions& options,
      const std::vector<std::unique_ptr<Loop>>& loops, ConnectionSlots* slots,
      Logger* logger);
  ~Listener();

  uint16_t port() const { return port_; }

  void Start();

  // Closes the socket; nobody is accepted once it returns. The first loop must
  // be running.
  void Stop();

 private:
  Listener(const std::vector<std::unique_ptr<Loop>>& loops,
           ConnectionSlots* slots, Logger* logger);

  absl::Status Bind(const ServerOptions& options);
  void AwaitClient();
  void AcceptSome();
  void Serve(int fd, Quota::Ticket ticket, bool turn_away);
  bool HangUpOnOne();
  void Pause();
  Loop& LeastLoaded() const;

  const std::vector<std::unique_ptr<Loop>>& loops_;
  ConnectionSlots* const slots_;
  Logger* const logger_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::ip::tcp protocol_ = boost::asio::ip::tcp::v4();
  boost::asio::steady_timer timer_;
  uint16_t port_ = 0;
  int reserve_fd_ = -1;  // Given up for a moment to accept and hang up.
  MonotonicTime last_complaint_{};
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_LISTENER_H_
