// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/grpc_server.h"

#include <grpc/compression.h>
#include <grpc/grpc.h>

#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "server/rpc/ext_authz.h"
#include "server/rpc/grpc_calls.h"
#include "server/rpc/grpc_services.h"
#include "server/rpc/listener.h"
#include "server/rpc/token_fast_path.h"
#include "server/rpc/token_streams.h"

namespace signet::rpc {
namespace {

// The library's own limit, whose error is nothing but RESOURCE_EXHAUSTED. Each
// method has a smaller one, and says so.
constexpr int kMaxReceivedBytes = 1024 * 1024;
constexpr int kMaxMetadataBytes = 32 * 1024;  // A credential takes up to half.
constexpr int kMaxStreamsPerConnection = 1024;
constexpr absl::Duration kIdleBeforeClose = absl::Milliseconds(200);
constexpr size_t kMaxMemoryBytes = 256 * 1024 * 1024;

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxReceivedBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             kMaxStreamsPerConnection);
  builder.SetResourceQuota(
      grpc::ResourceQuota("signet").Resize(kMaxMemoryBytes));
  // A small message must not unpack to a large one.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);

  // Dead peers are found out, idle ones sent away; who pings without need more
  // often than this is cut off.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             Millis(absl::Minutes(1)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Millis(absl::Seconds(20)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      Millis(absl::Seconds(10)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                             Millis(absl::Minutes(10)));
}

class GrpcServerImpl final : public GrpcServer {
 public:
  GrpcServerImpl(const GrpcServerOptions& options, gateway::Backend* backend,
                 const GrpcTokenParts* tokens, call::CallObserver* observer,
                 const Clock* clock, RandomSource* random, Logger* logger) {
    const call::Listener listener =
        options.trusted ? call::Listener::kTrustedGrpc : call::Listener::kGrpc;
    if (tokens != nullptr) {
      fast_path_.emplace(tokens->directory, tokens->verifier, clock);
      streams_.emplace(
          TokenStreams::Dependencies{.backend = backend,
                                     .fast_path = &*fast_path_,
                                     .authenticator = tokens->authenticator,
                                     .denials = tokens->denials,
                                     .verifier = tokens->verifier,
                                     .feed = tokens->feed,
                                     .listener = listener,
                                     .clock = clock,
                                     .random = random,
                                     .observer = observer,
                                     .count = &count_,
                                     .limits = tokens->limits});
    }
    calls_.emplace(GrpcCalls::Dependencies{
        .backend = backend,
        .fast_path = fast_path_.has_value() ? &*fast_path_ : nullptr,
        .listener = listener,
        .clock = clock,
        .random = random,
        .observer = observer,
        .count = &count_});
    services_ =
        GrpcServices(&*calls_, streams_.has_value() ? &*streams_ : nullptr);
    if (tokens != nullptr) {
      services_.push_back(
          {envoy::service::auth::v3::Authorization::service_full_name(),
           std::make_unique<ExtAuthz>(ExtAuthz::Dependencies{
               .authenticator = tokens->authenticator,
               .verifier = tokens->verifier,
               .resource_metadata = tokens->resource_metadata,
               .listener = listener,
               .clock = clock,
               .random = random,
               .observer = observer,
               .logger = logger,
               .count = &count_})});
    }
  }

  ~GrpcServerImpl() override { Drain(absl::ZeroDuration()); }

  absl::Status Listen(const std::string& address) {
    absl::StatusOr<std::unique_ptr<Listener>> listener =
        Listener::Listen(address);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);

    // Both are switches of the library's for all servers that follow.
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();

    grpc::ServerBuilder builder;
    SetLimits(builder);
    acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    for (const GrpcService& entry : services_) {
      builder.RegisterService(entry.service.get());
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("grpc: cannot start");
    SetServing(true);
    listener_->Start([this](int fd) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
          connection;
      connection.fd = fd;
      acceptor_->HandleNewConnection(&connection);
    });
    return absl::OkStatus();
  }

  int port() const override { return listener_->port(); }

  void SetServing(bool serving) override {
    grpc::HealthCheckServiceInterface* const health =
        server_->GetHealthCheckService();
    // The services by name, and with them the server as a whole.
    for (const GrpcService& entry : services_) {
      health->SetServingStatus(entry.full_name, serving);
    }
    health->SetServingStatus(serving);
  }

  void Drain(absl::Duration grace) override {
    if (server_ == nullptr) return;
    server_->GetHealthCheckService()->Shutdown();
    listener_->Stop();
    if (streams_.has_value()) streams_->Stop();
    absl::Notification done;
    std::thread closer([&] { CloseOnceIdle(done); });
    server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
    done.Notify();
    closer.join();
  }

 private:
  // Shutdown() waits for connections, not for calls, and an idle client may
  // take long to notice that it was sent away. So a client that is still
  // connected when no call has come or run for a while is disconnected.
  void CloseOnceIdle(const absl::Notification& done) {
    std::optional<uint64_t> before;
    do {
      const std::optional<uint64_t> now = count_.BegunIfIdle();
      if (now.has_value() && now == before) {
        grpc_server_cancel_all_calls(server_->c_server());
      }
      before = now;
    } while (!done.WaitForNotificationWithTimeout(kIdleBeforeClose));
  }

  CallCount count_;
  std::optional<TokenFastPath> fast_path_;
  std::optional<TokenStreams> streams_;
  std::optional<GrpcCalls> calls_;
  std::vector<GrpcService> services_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrpcServer>> GrpcServer::Start(
    const GrpcServerOptions& options, gateway::Backend* backend,
    const GrpcTokenParts* tokens, call::CallObserver* observer,
    const Clock* clock, RandomSource* random, Logger* logger) {
  auto server = std::make_unique<GrpcServerImpl>(
      options, backend, tokens, observer, clock, random, logger);
  const absl::Status listening = server->Listen(options.address);
  if (!listening.ok()) return listening;
  return server;
}

}  // namespace signet::rpc
