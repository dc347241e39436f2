// SPDX-License-Identifier: Apache-2.0
#include "server/app.h"

#include <algorithm>
#include <cstdint>
#include <thread>

#include "base/error.h"
#include "server/descriptors.h"
#include "server/gateway_app.h"
#include "server/server_app.h"

namespace signet::server {

absl::StatusOr<std::unique_ptr<App>> App::Start(
    const config::ServerConfig& config, const Environment& environment) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<int> connections =
      ConnectionsWithin(DescriptorLimit(), config.max_connections,
                        std::max<int>(1, std::thread::hardware_concurrency()));
  if (!connections.ok()) return connections.status();
  config::ServerConfig fitting = config;
  if (*connections != config.max_connections) {
    environment.logger->Warning(
        "the limit of open files leaves room for fewer connections than "
        "--max_connections",
        {{"wanted", int64_t{config.max_connections}},
         {"connections", int64_t{*connections}}});
    fitting.max_connections = *connections;
  }
  if (config.mode == config::ServerMode::kGateway) {
    return StartGatewayApp(fitting, environment);
  }
  return StartServerApp(fitting, environment);
}

int ExitCode(const absl::Status& status) {
  const std::string reason = GetErrorDetail(status).reason;
  if (reason == "FLAG_INVALID") return 2;
  // One that turns out to be damaged is to be opened no more.
  if (reason == "DATABASE_REFUSED" || reason == "DATA_LOSS") return 3;
  return 1;
}

}  // namespace signet::server
