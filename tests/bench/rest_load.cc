// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "tests/bench/load.h"

namespace signet {
namespace {

// One keep-alive connection with at most one request under way.
struct Connection {
  int fd = -1;
  absl::Time started;
  std::string received;
};

int Connect(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(
      static_cast<uint16_t>(std::atoi(address.substr(colon + 1).c_str())));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) !=
      0) {
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

// Whether `text` is one whole answer: its head and Content-Length bytes.
bool IsWhole(std::string_view text) {
  const size_t head_end = text.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return false;
  const std::string head =
      absl::AsciiStrToLower(absl::string_view(text.data(), head_end + 2));
  const size_t field = head.find("\r\ncontent-length:");
  if (field == std::string::npos) return true;
  const size_t value = field + 17;
  size_t length = 0;
  if (!absl::SimpleAtoi(absl::string_view(head).substr(
                            value, head.find("\r\n", value) - value),
                        &length)) {
    return true;
  }
  return text.size() >= head_end + 4 + length;
}

void Send(Connection& connection, const std::string& request) {
  connection.received.clear();
  connection.started = absl::Now();
  if (send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    std::perror("send");
    std::exit(1);
  }
}

std::string Text(const std::string& address, const RestCall& call) {
  std::string text =
      absl::StrCat(call.verb, " ", call.path, " HTTP/1.1\r\nHost: ", address,
                   "\r\nAuthorization: Bearer ", call.token);
  if (!call.body.empty()) {
    absl::StrAppend(&text, "\r\nContent-Type: application/json");
  }
  if (call.verb != "GET") {
    absl::StrAppend(&text, "\r\nContent-Length: ", call.body.size());
  }
  absl::StrAppend(&text, "\r\n\r\n", call.body);
  return text;
}

}  // namespace

LoadResult RestLoad(const std::string& address, int in_flight,
                    absl::Duration duration, const MakeCall<RestCall>& make) {
  uint64_t next = 0;
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Connection> connections(in_flight);
  for (Connection& connection : connections) {
    connection.fd = Connect(address);
    epoll_event event = {.events = EPOLLIN, .data = {.ptr = &connection}};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection.fd, &event);
  }
  LatencyRecorder recorder;
  const absl::Time start = absl::Now();
  const absl::Time end = start + duration;
  int open = in_flight;
  for (Connection& connection : connections) {
    Send(connection, Text(address, make(next++)));
  }
  while (open > 0) {
    std::array<epoll_event, 64> events;
    const int ready = epoll_wait(poller, events.data(), events.size(), 10000);
    if (ready <= 0) break;  // A server that hangs shows as lost answers.
    for (int i = 0; i < ready; ++i) {
      Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
      std::array<char, 65536> buffer;
      const ssize_t count =
          recv(connection.fd, buffer.data(), buffer.size(), 0);
      if (count > 0) connection.received.append(buffer.data(), count);
      if (count > 0 && !IsWhole(connection.received)) continue;
      const absl::Time now = absl::Now();
      if (connection.received.starts_with("HTTP/1.1 20")) {
        recorder.Success(now - connection.started);
      } else {
        recorder.Failure();
      }
      if (count <= 0 || now >= end) {
        epoll_ctl(poller, EPOLL_CTL_DEL, connection.fd, nullptr);
        --open;
      } else {
        Send(connection, Text(address, make(next++)));
      }
    }
  }
  const absl::Duration elapsed = absl::Now() - start;
  for (int i = 0; i < open; ++i) recorder.Failure();
  for (const Connection& connection : connections) close(connection.fd);
  close(poller);
  return recorder.Summarize(elapsed);
}

MakeCall<RestCall> RestCreates(const LoadCaller& caller) {
  return [call = RestCall{
              .verb = "POST",
              .path = absl::StrCat("/v1/public/accounts/", caller.account_id,
                                   "/auth/service-accounts"),
              .body = "{\"name\":\"bench\"}",
              .token = caller.token}](uint64_t) { return call; };
}

}  // namespace signet
