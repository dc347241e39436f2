// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_REST_FRONT_H_
#define SIGNET_SERVER_REST_FRONT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "call/call_observer.h"
#include "gateway/backend.h"
#include "gateway/probe_handler.h"
#include "gateway/transcode/route_table.h"
#include "gateway/transcode/transcoding_handler.h"
#include "http/server.h"
#include "server/app.h"
#include "server/config/config.h"

namespace signet::server {

// REST for the whole API, in front of any Backend.
class RestFront {
 public:
  // Starts to serve on --rest_address. `backend`, `observer` and what
  // `environment` names are borrowed and outlive it. `ready` is what `/readyz`
  // tells.
  //   LISTEN_FAILED: the address cannot be had.
  static absl::StatusOr<std::unique_ptr<RestFront>> Start(
      const config::ServerConfig& config, gateway::Backend* backend,
      call::CallObserver* observer, const Environment& environment,
      std::function<bool()> ready);

  uint16_t port() const { return server_->port(); }

  // As http::Server::Drain; DEADLINE_EXCEEDED names --drain_timeout_ms.
  absl::Status Drain(absl::Duration grace);

 private:
  explicit RestFront(std::unique_ptr<const transcode::RouteTable> routes)
      : routes_(std::move(routes)) {}

  // Each is used by the one below it.
  const std::unique_ptr<const transcode::RouteTable> routes_;
  std::optional<transcode::TranscodingHandler> handler_;
  std::optional<gateway::ProbeHandler> probes_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace signet::server

#endif  // SIGNET_SERVER_REST_FRONT_H_
