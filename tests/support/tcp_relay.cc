// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tcp_relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "tests/support/loopback_listener.h"
#include "tests/support/must.h"

namespace signet {
namespace {

int NewSocket() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Must(fd >= 0);
  return fd;
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// Carries what has come; false at the end of the connection.
bool Carry(int from, int to) {
  std::array<char, 16384> bytes;
  const ssize_t size = recv(from, bytes.data(), bytes.size(), 0);
  if (size <= 0) return false;
  for (ssize_t sent = 0; sent < size;) {
    const ssize_t more =
        send(to, bytes.data() + sent, size - sent, MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  return true;
}

}  // namespace

TcpRelay::TcpRelay(int port) : server_port_(port) {
  Must(pipe(wake_) == 0);
  const LoopbackListener listening = ListenOnLoopback();
  listener_ = listening.fd;
  port_ = listening.port;
  thread_ = std::thread([this] { Run(); });
}

TcpRelay::~TcpRelay() {
  close(wake_[1]);
  thread_.join();
  close(wake_[0]);
  close(listener_);
}

void TcpRelay::SetServer(int port) {
  absl::MutexLock lock(&mutex_);
  server_port_ = port;
}

void TcpRelay::Freeze() {
  {
    absl::MutexLock lock(&mutex_);
    for (Connection& connection : connections_) connection.frozen = true;
  }
  Must(write(wake_[1], "f", 1) == 1);
}

void TcpRelay::Accept() {
  Connection connection;
  connection.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection.client < 0) return;
  connection.server = NewSocket();
  SendAtOnce(connection.client);
  SendAtOnce(connection.server);
  absl::MutexLock lock(&mutex_);
  const sockaddr_in address = LoopbackAddress(server_port_);
  if (connect(connection.server, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0) {
    connections_.push_back(connection);
  } else {
    close(connection.client);
    close(connection.server);
  }
}

void TcpRelay::Run() {
  while (true) {
    std::vector<pollfd> events = {
        {.fd = listener_, .events = POLLIN, .revents = 0},
        {.fd = wake_[0], .events = POLLIN, .revents = 0}};
    {
      absl::MutexLock lock(&mutex_);
      for (const Connection& connection : connections_) {
        // A negative descriptor is passed over.
        events.push_back({.fd = connection.frozen ? -1 : connection.client,
                          .events = POLLIN,
                          .revents = 0});
        events.push_back({.fd = connection.frozen ? -1 : connection.server,
                          .events = POLLIN,
                          .revents = 0});
      }
    }
    Must(poll(events.data(), events.size(), -1) > 0);
    if (events[1].revents != 0) {
      char byte = 0;
      if (read(wake_[0], &byte, 1) <= 0) break;  // ~TcpRelay
    }
    {
      absl::MutexLock lock(&mutex_);
      size_t at = 2;
      for (auto it = connections_.begin(); it != connections_.end();) {
        const bool from_client = events[at++].revents != 0;
        const bool from_server = events[at++].revents != 0;
        const bool open =
            it->frozen || ((!from_client || Carry(it->client, it->server)) &&
                           (!from_server || Carry(it->server, it->client)));
        if (open) {
          ++it;
          continue;
        }
        close(it->client);
        close(it->server);
        it = connections_.erase(it);
      }
    }
    if (events[0].revents != 0) Accept();
  }
  absl::MutexLock lock(&mutex_);
  for (const Connection& connection : connections_) {
    close(connection.client);
    close(connection.server);
  }
}

}  // namespace signet
