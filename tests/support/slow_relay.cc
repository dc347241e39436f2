// SPDX-License-Identifier: Apache-2.0
#include "tests/support/slow_relay.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "tests/support/loopback_listener.h"
#include "tests/support/must.h"

namespace signet {
namespace {

bool SendWhole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

struct SlowRelay::Connection {
  int client = -1;
  int server = -1;
  absl::Mutex mutex;
  std::deque<std::string> on_the_way ABSL_GUARDED_BY(mutex);
  bool ended ABSL_GUARDED_BY(mutex) = false;
  std::array<std::thread, 3> threads;

  void End() {
    {
      absl::MutexLock lock(&mutex);
      ended = true;
    }
    shutdown(client, SHUT_RDWR);
    shutdown(server, SHUT_RDWR);
  }
};

SlowRelay::SlowRelay(int port) : server_port_(port) {
  const LoopbackListener listening = ListenOnLoopback();
  listener_ = listening.fd;
  port_ = listening.port;
  accepting_ = std::thread([this] { Accept(); });
}

SlowRelay::~SlowRelay() {
  ending_ = true;
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (Connection& connection : connections_) {
    connection.End();
    for (std::thread& thread : connection.threads) thread.join();
    close(connection.client);
    close(connection.server);
  }
  close(listener_);
}

void SlowRelay::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    Connection& made = connections_.emplace_back();
    made.client = client;
    made.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Must(made.server >= 0);
    const int on = 1;
    for (const int fd : {made.client, made.server}) {
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    const sockaddr_in address = LoopbackAddress(server_port_);
    Must(connect(made.server, reinterpret_cast<const sockaddr*>(&address),
                 sizeof(address)) == 0);
    made.threads = {std::thread([this, &made] { CarryFromClient(made); }),
                    std::thread([this, &made] { TakeFromServer(made); }),
                    std::thread([this, &made] { GiveToClient(made); })};
  }
}

bool SlowRelay::Wait(absl::Duration span) const {
  const absl::Time end = absl::Now() + span;
  while (!ending_ && absl::Now() < end) {
    absl::SleepFor(std::min(absl::Milliseconds(10), end - absl::Now()));
  }
  return !ending_;
}

void SlowRelay::CarryFromClient(Connection& connection) {
  std::array<char, 16384> bytes;
  while (true) {
    const ssize_t size = recv(connection.client, bytes.data(), bytes.size(), 0);
    if (size <= 0 || !SendWhole(connection.server,
                                {bytes.data(), static_cast<size_t>(size)})) {
      return connection.End();
    }
  }
}

void SlowRelay::TakeFromServer(Connection& connection) {
  std::array<char, 16384> bytes;
  while (true) {
    const ssize_t size = recv(connection.server, bytes.data(), bytes.size(), 0);
    if (size <= 0) return connection.End();
    absl::MutexLock lock(&connection.mutex);
    connection.on_the_way.emplace_back(bytes.data(), size);
  }
}

void SlowRelay::GiveToClient(Connection& connection) {
  constexpr size_t kPiece = 256;
  while (true) {
    std::string segment;
    {
      absl::MutexLock lock(&connection.mutex);
      const auto has_some = [&]() ABSL_SHARED_LOCKS_REQUIRED(connection.mutex) {
        return connection.ended || !connection.on_the_way.empty();
      };
      connection.mutex.Await(absl::Condition(&has_some));
      if (connection.ended) return;
      segment = std::move(connection.on_the_way.front());
      connection.on_the_way.pop_front();
    }
    if (!Wait(absl::Microseconds(interval_us_.load()))) return;
    for (std::string_view rest = segment; !rest.empty();) {
      const int64_t rate = rate_;
      const std::string_view piece =
          rest.substr(0, rate == 0 ? rest.size() : kPiece);
      if (rate != 0 && !Wait(absl::Seconds(static_cast<double>(piece.size()) /
                                           static_cast<double>(rate)))) {
        return;
      }
      if (!SendWhole(connection.client, piece)) return connection.End();
      rest.remove_prefix(piece.size());
    }
  }
}

}  // namespace signet
