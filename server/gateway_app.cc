// SPDX-License-Identifier: Apache-2.0
#include "server/gateway_app.h"

#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "base/host_port.h"
#include "base/version.h"
#include "call/access_log.h"
#include "gateway/remote/remote_backend.h"
#include "server/leftover_files.h"
#include "server/rest_front.h"

namespace signet::server {
namespace {

class GatewayApp final : public App {
 public:
  GatewayApp(const config::ServerConfig& config, const Environment& environment)
      : config_(config),
        environment_(environment),
        access_log_(environment.logger),
        backend_(remote::NewBackendChannel(config.grpc_target),
                 environment.clock, environment.logger) {}

  absl::Status Start();

  config::Ports ports() const override {
    return {.rest = rest_->port(), .grpc = std::nullopt};
  }
  // A server that is away may come back, so nothing is beyond repair.
  absl::Status Health() const override { return absl::OkStatus(); }
  bool Reload() override { return false; }
  absl::Status Drain() override;

 private:
  const config::ServerConfig config_;
  const Environment environment_;
  std::atomic<bool> serving_ = false;  // From the start to the drain.
  call::AccessLog access_log_;
  remote::RemoteBackend backend_;
  std::unique_ptr<RestFront> rest_;  // Uses the backend.
};

absl::Status GatewayApp::Start() {
  SweepLeftovers({config_.port_file}, *environment_.logger);
  if (absl::Status status =
          config::PreparePortFile(config_.port_file, *environment_.random);
      !status.ok()) {
    return status;
  }
  absl::StatusOr<std::unique_ptr<RestFront>> rest =
      RestFront::Start(config_, &backend_, &access_log_, environment_,
                       [this] { return serving_.load(); });
  if (!rest.ok()) return rest.status();
  rest_ = *std::move(rest);
  serving_ = true;
  const HostPort end = {ParseHostPort(config_.rest_address)->host,
                        rest_->port()};
  environment_.logger->Info("started", {{"version", kVersion},
                                        {"rest", end.ToString()},
                                        {"grpc_target", config_.grpc_target}});
  if (config_.port_file.empty()) return absl::OkStatus();
  return config::WritePortFile(config_.port_file, ports(),
                               *environment_.random);
}

absl::Status GatewayApp::Drain() {
  serving_ = false;
  environment_.logger->Info("stopping");
  const absl::Status drained =
      rest_->Drain(absl::Milliseconds(config_.drain_timeout_ms));
  environment_.logger->Info("stopped");
  return drained;
}

}  // namespace

absl::StatusOr<std::unique_ptr<App>> StartGatewayApp(
    const config::ServerConfig& config, const Environment& environment) {
  auto app = std::make_unique<GatewayApp>(config, environment);
  if (absl::Status status = app->Start(); !status.ok()) return status;
  return app;
}

}  // namespace signet::server
