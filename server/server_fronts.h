// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SERVER_FRONTS_H_
#define SIGNET_SERVER_SERVER_FRONTS_H_

#include <atomic>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/host_port.h"
#include "call/access_log.h"
#include "server/config/config.h"
#include "server/config/ports.h"
#include "server/rest_front.h"
#include "server/rpc/dispatcher.h"
#include "server/rpc/grpc_server.h"
#include "server/server_domain.h"
#include "server/server_storage.h"

namespace signet::server {

// The uppermost of a server's three layers: the dispatcher, and the listeners
// in front of it.
class Fronts {
 public:
  // Listens; calls are answered from now on. For a config that is valid.
  // `storage` and `domain` are borrowed and outlive it.
  //   LISTEN_FAILED: an address cannot be had; the message names its flag.
  static absl::StatusOr<std::unique_ptr<Fronts>> Start(
      const config::ServerConfig& config, Storage& storage, Domain& domain);

  Fronts(const Fronts&) = delete;
  Fronts& operator=(const Fronts&) = delete;
  ~Fronts() { Stop(absl::ZeroDuration()).IgnoreError(); }

  config::Ports ports() const;
  HostPort rest_end() const;  // Where REST listens.
  HostPort grpc_end() const;

  // `/readyz` says so from now on, until the stop.
  void SetReady() { ready_ = true; }

  // Stops the server. No new calls; those in progress get `grace`. Then the
  // layers below stop, from the top to the bottom: calls that were cut off
  // still wait for them, so that all must be there until the last has ended.
  // Blocks. Idempotent. DEADLINE_EXCEEDED: calls were cut off.
  absl::Status Stop(absl::Duration grace);

 private:
  Fronts(const config::ServerConfig& config, Storage& storage, Domain& domain);
  absl::Status Listen();
  absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> ListenForGrpc(
      const char* flag, const rpc::GrpcServerOptions& options);
  absl::Status StopListening(absl::Duration grace);

  const config::ServerConfig config_;
  Storage& storage_;
  Domain& domain_;
  std::atomic<bool> ready_ = false;

  // Each is used by those below it.
  call::AccessLog access_log_;
  rpc::Dispatcher dispatcher_;
  const rpc::GrpcTokenParts token_parts_;
  // Null where Listen() did not get so far.
  std::unique_ptr<rpc::GrpcServer> grpc_;
  std::unique_ptr<rpc::GrpcServer> trusted_grpc_;  // Null: none is wanted.
  std::unique_ptr<RestFront> rest_;
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_SERVER_FRONTS_H_
