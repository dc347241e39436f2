// SPDX-License-Identifier: Apache-2.0
#include "server/server_fronts.h"

#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

namespace signet::server {
namespace {

// For calls that were cut off, until the store has answered them.
constexpr absl::Duration kLastCalls = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Fronts>> Fronts::Start(
    const config::ServerConfig& config, Storage& storage, Domain& domain) {
  std::unique_ptr<Fronts> fronts(new Fronts(config, storage, domain));
  if (absl::Status s = fronts->Listen(); !s.ok()) return s;
  return fronts;
}

Fronts::Fronts(const config::ServerConfig& config, Storage& storage,
               Domain& domain)
    : config_(config),
      storage_(storage),
      domain_(domain),
      access_log_(storage.environment().logger),
      dispatcher_(&domain.authenticator(), &domain.access(), &domain.denials(),
                  storage.environment().clock, storage.environment().logger,
                  domain.Methods()),
      token_parts_{.directory = &storage.directory(),
                   .verifier = &domain.verifier(),
                   .authenticator = &domain.authenticator(),
                   .denials = &domain.denials(),
                   .feed = &storage.feed(),
                   .resource_metadata = config.ResourceMetadataUrl()} {}

absl::Status Fronts::Listen() {
  absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> grpc =
      ListenForGrpc("grpc_address", {.address = config_.grpc_address});
  if (!grpc.ok()) return grpc.status();
  grpc_ = *std::move(grpc);
  if (!config_.trusted_grpc_address.empty()) {
    absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> trusted = ListenForGrpc(
        "trusted_grpc_address",
        {.address = config_.trusted_grpc_address, .trusted = true});
    if (!trusted.ok()) return trusted.status();
    trusted_grpc_ = *std::move(trusted);
  }
  absl::StatusOr<std::unique_ptr<RestFront>> rest = RestFront::Start(
      config_, &dispatcher_, &access_log_, storage_.environment(),
      [this] { return ready_ && storage_.store().Health().failure().ok(); });
  if (!rest.ok()) return rest.status();
  rest_ = *std::move(rest);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> Fronts::ListenForGrpc(
    const char* flag, const rpc::GrpcServerOptions& options) {
  const Environment& around = storage_.environment();
  absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> server =
      rpc::GrpcServer::Start(options, &dispatcher_, &token_parts_, &access_log_,
                             around.clock, around.random, around.logger);
  if (server.ok()) return server;
  return config::ListenError(flag, options.address, server.status());
}

config::Ports Fronts::ports() const {
  config::Ports ports = {.rest = rest_->port(),
                         .grpc = static_cast<uint16_t>(grpc_->port())};
  if (trusted_grpc_ != nullptr) {
    ports.trusted_grpc = static_cast<uint16_t>(trusted_grpc_->port());
  }
  return ports;
}

HostPort Fronts::rest_end() const {
  return {ParseHostPort(config_.rest_address)->host, rest_->port()};
}

HostPort Fronts::grpc_end() const {
  return {ParseHostPort(config_.grpc_address)->host,
          static_cast<uint16_t>(grpc_->port())};
}

absl::Status Fronts::Stop(absl::Duration grace) {
  ready_ = false;
  const absl::Status drained = StopListening(grace);
  storage_.feed().Stop();
  // Some of those who were cut off wait for the store, and may be denied yet.
  if (!dispatcher_.AwaitIdle(kLastCalls)) {
    storage_.environment().logger->Warning(
        "calls that were cut off still wait; that they are denied may not get "
        "into the audit log");
  }
  domain_.Stop();
  // What was cut off ends while those whom it answers are still here: calls
  // that wait for the store, of which some go on to the OAuth issuer, then
  // those that wait for the issuer, whom the store refuses.
  storage_.Stop();
  domain_.StopFetchingKeys();
  return drained;
}

// All at once, so that none takes calls while another waits.
absl::Status Fronts::StopListening(absl::Duration grace) {
  for (const auto* server : {&grpc_, &trusted_grpc_}) {
    if (*server != nullptr) (*server)->SetServing(false);
  }
  absl::Status drained;
  std::thread rest([&] {
    if (rest_ != nullptr) drained = rest_->Drain(grace);
  });
  std::thread trusted([&] {
    if (trusted_grpc_ != nullptr) trusted_grpc_->Drain(grace);
  });
  if (grpc_ != nullptr) grpc_->Drain(grace);
  trusted.join();
  rest.join();
  return drained;
}

}  // namespace signet::server
