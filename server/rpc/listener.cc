// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/host_port.h"

namespace signet::rpc {
namespace {

constexpr int kBacklog = 1024;

// How long to leave connections alone after accept(2) failed, as it goes on
// failing until somebody closes a descriptor.
constexpr int kPauseMs = 20;

absl::Status Invalid(absl::string_view detail) {
  return absl::InvalidArgumentError(detail);
}

// A socket that listens on `info`.
absl::StatusOr<OwnedFd> ListenOn(const addrinfo& info) {
  OwnedFd fd(socket(info.ai_family,
                    info.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    info.ai_protocol));
  const int on = 1;
  // A restarted server gets its port back at once. Accepted sockets inherit
  // TCP_NODELAY.
  if (fd.get() < 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
      bind(fd.get(), info.ai_addr, info.ai_addrlen) != 0 ||
      listen(fd.get(), kBacklog) != 0) {
    return absl::UnavailableError(strerror(errno));
  }
  return fd;
}

int PortOf(int fd) {
  sockaddr_storage name = {};
  socklen_t size = sizeof(name);
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
  // The port lies in the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in&>(name).sin_port);
}

int DescriptorLimit() {
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, INT_MAX)) -
         Listener::kSpareDescriptors;
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

void OwnedFd::Close() {
  if (fd_ >= 0) close(Release());
}

int OwnedFd::Release() { return std::exchange(fd_, -1); }

absl::StatusOr<std::unique_ptr<Listener>> Listener::Listen(
    const std::string& address) {
  const std::optional<HostPort> end = ParseHostPort(address);
  if (!end) return Invalid("want HOST:PORT");
  const std::string port = absl::StrCat(end->port);

  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(end->host.c_str(), port.c_str(), &hints, &found);
  if (error != 0) return Invalid(gai_strerror(error));
  const absl::Cleanup freer = [found] { freeaddrinfo(found); };

  OwnedFd stop_event(eventfd(0, EFD_CLOEXEC));
  if (stop_event.get() < 0) return absl::ErrnoToStatus(errno, "eventfd");
  absl::Status problem;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    absl::StatusOr<OwnedFd> fd = ListenOn(*info);
    if (fd.ok()) {
      const int bound = PortOf(fd->get());
      return std::unique_ptr<Listener>(
          new Listener(*std::move(fd), std::move(stop_event), bound));
    }
    problem.Update(fd.status());
  }
  return absl::UnavailableError(
      absl::StrCat("cannot listen there: ", problem.message()));
}

Listener::Listener(OwnedFd socket, OwnedFd stop_event, int port)
    : socket_(std::move(socket)),
      stop_event_(std::move(stop_event)),
      port_(port),
      descriptor_limit_(DescriptorLimit()) {}

void Listener::Start(OnConnection on_connection) {
  on_connection_ = std::move(on_connection);
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    // Cannot fail: the counter is far from its limit.
    [[maybe_unused]] const auto n = write(stop_event_.get(), &one, sizeof(one));
    thread_.join();
  }
  socket_.Close();
}

void Listener::Run() {
  pollfd events[] = {{stop_event_.get(), POLLIN, 0},
                     {socket_.get(), POLLIN, 0}};
  while (true) {
    poll(events, 2, -1);
    if (events[0].revents != 0) return;
    if (events[1].revents != 0 && !AcceptOne()) poll(events, 1, kPauseMs);
  }
}

// False: there may be one that cannot be had just now.
bool Listener::AcceptOne() {
  OwnedFd connection(
      accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection.get() < 0) {
    return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
  }
  // Descriptors are given out from the lowest, so its number tells how many are
  // in use.
  if (connection.get() < descriptor_limit_) {
    on_connection_(connection.Release());
  }
  return true;
}

}  // namespace signet::rpc
