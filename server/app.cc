// SPDX-License-Identifier: Apache-2.0
#include "server/app.h"

#include "server/base/error.h"
#include "server/gateway_app.h"
#include "server/server_app.h"

namespace signet {

absl::StatusOr<std::unique_ptr<App>> App::Start(
    const ServerConfig& config, const Surroundings& surroundings) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  if (config.mode == ServerMode::kGateway) {
    return StartGatewayApp(config, surroundings);
  }
  return StartServerApp(config, surroundings);
}

int ExitCode(const absl::Status& status) {
  const std::string reason = GetErrorDetail(status).reason;
  if (reason == "FLAG_INVALID") return 2;
  if (reason == "DATABASE_REFUSED") return 3;
  return 1;
}

}  // namespace signet
