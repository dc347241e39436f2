// SPDX-License-Identifier: Apache-2.0
#include "server/server_app.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "base/version.h"
#include "server/audit_head_start.h"
#include "server/bootstrap_file.h"
#include "server/domain/bootstrap.h"
#include "server/quick_start.h"
#include "server/server_domain.h"
#include "server/server_fronts.h"
#include "server/server_storage.h"

namespace signet::server {
namespace {

// To say that it does not serve any more.
constexpr absl::Duration kFailedGrace = absl::Milliseconds(500);

std::string DescribeStorage(const config::ServerConfig& config) {
  if (config.storage == config::StorageEngine::kMemory) return "memory";
  return absl::StrCat("sqlite in ", config.data_dir);
}

class ServerApp final : public App {
 public:
  ServerApp(const config::ServerConfig& config,
            std::unique_ptr<Storage> storage, std::unique_ptr<Domain> domain,
            std::unique_ptr<Fronts> fronts)
      : drain_timeout_(absl::Milliseconds(config.drain_timeout_ms)),
        storage_(std::move(storage)),
        domain_(std::move(domain)),
        fronts_(std::move(fronts)) {}

  config::Ports ports() const override { return fronts_->ports(); }
  absl::Status Health() const override {
    return storage_->store().Health().failure();
  }
  bool Reload() override { return domain_->ReloadIssuerKeys(); }
  absl::Status Drain() override;

 private:
  const absl::Duration drain_timeout_;
  // Each stands on those above it.
  const std::unique_ptr<Storage> storage_;
  const std::unique_ptr<Domain> domain_;
  const std::unique_ptr<Fronts> fronts_;
};

absl::Status ServerApp::Drain() {
  Logger& logger = *storage_->environment().logger;
  logger.Info("stopping");
  // Nobody is waited for once the store has failed: what it may still have to
  // put in order (see SqliteStore::Drain) comes after.
  const bool failed = !Health().ok();
  absl::Status status = fronts_->Stop(failed ? kFailedGrace : drain_timeout_);
  // Its last look at its files.
  if (const absl::Status health = Health();
      absl::IsFailedPrecondition(health)) {
    status = health;
  }
  logger.Info("stopped");
  return status;
}

// Hands the first credential over to the person who started the process.
absl::Status Deliver(const domain::Bootstrapped& credential, Storage& storage,
                     const Fronts& fronts) {
  if (storage.bootstrap_file() != nullptr) {
    return storage.bootstrap_file()->Stage(credential);
  }
  const Secret text(FirstStartText(
      fronts.rest_end(), fronts.grpc_end(), credential.account_id.ToString(),
      credential.service_account_id.ToString(), credential.token.Expose()));
  return storage.environment().show(text.Expose());
}

// Makes the first credential if there is none, and tells the person who started
// the process how to go on.
absl::Status Bootstrap(const config::ServerConfig& config, Storage& storage,
                       const Fronts& fronts) {
  const Environment& around = storage.environment();
  const AuditHeadStart& head = storage.head_start();
  const absl::StatusOr<bool> first = domain::BootstrapIfEmpty(
      storage.store(), storage.keyring(), *around.clock, *around.random,
      {.token_prefix = config.token_prefix,
       .account_id = Uuid::Parse(config.bootstrap_account_id),
       .owner_user = config.bootstrap_owner_user,
       .genesis = head.genesis},
      [&](const domain::Bootstrapped& credential) {
        return Deliver(credential, storage, fronts);
      });
  if (!first.ok()) return first.status();
  if (head.accepted.has_value()) {
    absl::Status recorded = RecordAuditLoss(around, storage.store(),
                                            storage.keyring(), *head.accepted);
    if (!recorded.ok()) return recorded;
  }
  if (storage.bootstrap_file() != nullptr) {
    return *first ? storage.bootstrap_file()->Publish() : absl::OkStatus();
  }
  if (*first) return absl::OkStatus();
  return around.show(LaterStartText(fronts.rest_end(), fronts.grpc_end()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<App>> StartServerApp(
    const config::ServerConfig& config, const Environment& environment) {
  absl::StatusOr<std::unique_ptr<Storage>> storage =
      Storage::Open(config, environment);
  if (!storage.ok()) return storage.status();
  if (absl::Status s =
          config::PreparePortFile(config.port_file, *environment.random);
      !s.ok()) {
    return s;
  }
  absl::StatusOr<std::unique_ptr<Domain>> domain =
      Domain::Create(config, **storage);
  if (!domain.ok()) return domain.status();
  absl::StatusOr<std::unique_ptr<Fronts>> fronts =
      Fronts::Start(config, **storage, **domain);
  if (!fronts.ok()) return fronts.status();
  if (absl::Status s = Bootstrap(config, **storage, **fronts); !s.ok()) {
    return s;
  }
  (*domain)->StartMaintenance();
  (*fronts)->SetReady();
  environment.logger->Info("started",
                           {{"version", kVersion},
                            {"rest", (*fronts)->rest_end().ToString()},
                            {"grpc", (*fronts)->grpc_end().ToString()},
                            {"storage", DescribeStorage(config)}});
  if (!config.port_file.empty()) {
    absl::Status s = config::WritePortFile(config.port_file, (*fronts)->ports(),
                                           *environment.random);
    if (!s.ok()) return s;
  }
  return std::make_unique<ServerApp>(config, *std::move(storage),
                                     *std::move(domain), *std::move(fronts));
}

}  // namespace signet::server
