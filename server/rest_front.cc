// SPDX-License-Identifier: Apache-2.0
#include "server/rest_front.h"

#include <utility>

#include "base/host_port.h"
#include "gateway/api_services.h"

namespace signet::server {

absl::StatusOr<std::unique_ptr<RestFront>> RestFront::Start(
    const config::ServerConfig& config, gateway::Backend* backend,
    call::CallObserver* observer, const Environment& environment,
    std::function<bool()> ready) {
  absl::StatusOr<std::unique_ptr<const transcode::RouteTable>> routes =
      transcode::RouteTable::Create(gateway::ApiServices());
  if (!routes.ok()) return routes.status();
  std::unique_ptr<RestFront> front(new RestFront(*std::move(routes)));
  transcode::TranscodingHandler::Options handler_options;
  handler_options.resource_metadata = config.ResourceMetadataUrl();
  front->handler_.emplace(
      transcode::TranscodingHandler::Dependencies{
          .routes = front->routes_.get(),
          .backend = backend,
          .clock = environment.clock,
          .random = environment.random,
          .observer = observer,
          .logger = environment.logger},
      std::move(handler_options));

  front->probes_.emplace(&*front->handler_, std::move(ready));

  const HostPort address = *ParseHostPort(config.rest_address);
  http::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  options.max_connections = config.max_connections;
  absl::StatusOr<std::unique_ptr<http::Server>> server = http::Server::Start(
      options, &*front->probes_, environment.clock, environment.logger);
  if (!server.ok()) {
    return config::ListenError("rest_address", config.rest_address,
                               server.status());
  }
  front->server_ = *std::move(server);
  return front;
}

absl::Status RestFront::Drain(absl::Duration grace) {
  const absl::Status status = server_->Drain(grace);
  if (!absl::IsDeadlineExceeded(status)) return status;
  return absl::DeadlineExceededError(
      "--drain_timeout_ms: requests did not finish in time and were cut off");
}

}  // namespace signet::server
