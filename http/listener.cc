// SPDX-License-Identifier: Apache-2.0
#include "http/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "http/loop.h"

namespace signet::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr int kAcceptsPerEvent = 64;  // Connected clients have their turn too.
constexpr int kKernelBytes = 128 * 1024;
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::seconds kComplaintPeriod{10};

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(
    const ServerOptions& options,
    const std::vector<std::unique_ptr<Loop>>& loops, ConnectionSlots* slots,
    Logger* logger) {
  std::unique_ptr<Listener> listener(new Listener(loops, slots, logger));
  if (absl::Status status = listener->Bind(options); !status.ok()) {
    return status;
  }
  return listener;
}

Listener::Listener(const std::vector<std::unique_ptr<Loop>>& loops,
                   ConnectionSlots* slots, Logger* logger)
    : loops_(loops),
      slots_(slots),
      logger_(logger),
      acceptor_(loops.front()->io()),
      timer_(loops.front()->io()),
      reserve_fd_(OpenReserve()) {}

Listener::~Listener() {
  if (reserve_fd_ >= 0) close(reserve_fd_);
}

absl::Status Listener::Bind(const ServerOptions& options) {
  error_code error;
  tcp::resolver resolver(loops_.front()->io());
  const auto found = resolver.resolve(
      options.host, absl::StrCat(options.port),
      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  const auto complain = [&](const char* what) {
    return absl::UnavailableError(absl::StrCat(what, " ", options.host,
                                               " port ", options.port, ": ",
                                               error.message()));
  };
  if (error) return complain("cannot resolve");
  const tcp::endpoint endpoint = *found.begin();
  protocol_ = endpoint.protocol();
  acceptor_.open(protocol_, error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  return error ? complain("cannot listen on") : absl::OkStatus();
}

void Listener::Start() {
  boost::asio::post(acceptor_.get_executor(), [this] { AwaitClient(); });
}

void Listener::Stop() {
  absl::Notification closed;
  boost::asio::post(acceptor_.get_executor(), [this, &closed] {
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    closed.Notify();
  });
  closed.WaitForNotification();
}

void Listener::AwaitClient() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_wait(tcp::acceptor::wait_read,
                       [this](const error_code& error) {
                         if (!error) AcceptSome();
                       });
}

void Listener::Pause() {
  timer_.expires_after(kPause);
  timer_.async_wait([this](const error_code& error) {
    if (!error) AwaitClient();
  });
}

void Listener::AcceptSome() {
  if (!acceptor_.is_open()) return;
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    Quota::Ticket ticket = slots_->connections.Take();
    const bool turn_away = !ticket;
    if (turn_away) ticket = slots_->rejections.Take();
    if (!ticket) return Pause();
    const int fd = accept4(acceptor_.native_handle(), nullptr, nullptr,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Serve(fd, std::move(ticket), turn_away);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return AwaitClient();
      case EMFILE:
      case ENFILE:
        if (!HangUpOnOne()) return Pause();
        break;
      case ENOBUFS:
      case ENOMEM:
        return Pause();
      default:
        break;  // This client has gone already.
    }
  }
  AwaitClient();
}

void Listener::Serve(int fd, Quota::Ticket ticket, bool turn_away) {
  Loop& loop = LeastLoaded();
  Connection::Socket socket(loop.io());
  error_code error;
  socket.assign(protocol_, fd, error);
  if (error) {
    close(fd);
    return;
  }
  socket.non_blocking(true, error);
  socket.set_option(tcp::no_delay(true), error);
  // Otherwise the kernel takes megabytes of an answer that nobody reads, where
  // no budget counts them and no time limit sees them.
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kKernelBytes,
             sizeof kKernelBytes);
  loop.Adopt(std::move(socket), std::move(ticket), turn_away);
}

// Without this the client would wait in the backlog, and the listening socket,
// ready for ever, would keep the loop spinning.
bool Listener::HangUpOnOne() {
  const MonotonicTime now = std::chrono::steady_clock::now();
  if (now - last_complaint_ >= kComplaintPeriod) {
    last_complaint_ = now;
    logger_->Warning("out of file descriptors; hanging up on new clients");
  }
  if (reserve_fd_ < 0) {
    reserve_fd_ = OpenReserve();
    return false;
  }
  close(reserve_fd_);
  const int fd = accept4(acceptor_.native_handle(), nullptr, nullptr,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) close(fd);
  reserve_fd_ = OpenReserve();
  return fd >= 0;
}

Loop& Listener::LeastLoaded() const {
  return **std::min_element(loops_.begin(), loops_.end(),
                            [](const auto& a, const auto& b) {
                              return a->connections() < b->connections();
                            });
}

}  // namespace signet::http
