// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_LISTENER_H_
#define SIGNET_SERVER_RPC_LISTENER_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace signet::rpc {

// A file descriptor that is closed with its owner; -1 for none.
class OwnedFd {
 public:
  explicit OwnedFd(int fd = -1) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.Release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { Close(); }

  int get() const { return fd_; }
  int Release();
  void Close();

 private:
  int fd_;
};

// Accepts TCP connections and hands them on. gRPC's own listener never accepts
// again once the process has run out of file descriptors; this one refuses
// connections while few are left and recovers when some are given back.
class Listener {
 public:
  // Gets an open socket, which it owns from now on. Must not block.
  using OnConnection = absl::AnyInvocable<void(int fd)>;

  // File descriptors that connections leave to the rest of the process.
  static constexpr int kSpareDescriptors = 64;

  // Listens on HOST:PORT or [IPV6]:PORT; of several addresses that a host name
  // has, on the first that can be had. Connections wait until Start().
  // The caller knows the address; the messages of errors do not repeat it.
  //   INVALID_ARGUMENT: not of that form, or the host has no address.
  //   UNAVAILABLE: the address is taken, not ours, or not allowed.
  static absl::StatusOr<std::unique_ptr<Listener>> Listen(
      const std::string& address);

  ~Listener() { Stop(); }

  int port() const { return port_; }

  // Calls `on_connection` from a thread of its own until Stop(). Called once.
  void Start(OnConnection on_connection);

  // Closes the port; connections that were not handed on are reset. When it
  // returns, no call is running and none follows. Idempotent.
  void Stop();

 private:
  Listener(OwnedFd socket, OwnedFd stop_event, int port);

  void Run();
  bool AcceptOne();

  OwnedFd socket_;
  OwnedFd stop_event_;  // Readable once Stop() was called.
  const int port_;
  const int descriptor_limit_;  // Connections with a higher one are refused.
  OnConnection on_connection_;
  std::thread thread_;
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_LISTENER_H_
