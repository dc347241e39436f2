// SPDX-License-Identifier: Apache-2.0
#include "server/server_app.h"

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/rfc3339.h"
#include "base/trusted_clock.h"
#include "base/version.h"
#include "crypto/mac_keyring.h"
#include "server/api/api_methods.h"
#include "server/api/convert_tokens.h"
#include "server/audit/audit_log.h"
#include "server/audit/denial_log.h"
#include "server/audit_head_start.h"
#include "server/audit_head_writer.h"
#include "server/authenticators.h"
#include "server/bootstrap_file.h"
#include "server/domain/access.h"
#include "server/domain/audit_reader.h"
#include "server/domain/authorizations.h"
#include "server/domain/bootstrap.h"
#include "server/domain/change_feed.h"
#include "server/domain/service_accounts.h"
#include "server/domain/token_verifier.h"
#include "server/identity/token_directory.h"
#include "server/leftover_files.h"
#include "server/open_store.h"
#include "server/quick_start.h"
#include "server/rest_front.h"
#include "server/rpc/dispatcher.h"
#include "server/rpc/grpc_server.h"
#include "server/seal/sealed_store.h"
#include "server/upkeep/housekeeping.h"
#include "server/upkeep/last_uses.h"
#include "server/upkeep/maintenance.h"
#include "server/upkeep/watermark.h"
#include "storage/store.h"

namespace signet::server {
namespace {

// For calls that were cut off, until the store has answered them.
constexpr absl::Duration kLastCalls = absl::Seconds(2);
// To say that it does not serve any more.
constexpr absl::Duration kFailedGrace = absl::Milliseconds(500);

std::string DescribeStorage(const config::ServerConfig& config) {
  if (config.storage == config::StorageEngine::kMemory) return "memory";
  return absl::StrCat("sqlite in ", config.data_dir);
}

class ServerApp final : public App {
 public:
  ServerApp(const config::ServerConfig& config,
            const Surroundings& surroundings)
      : config_(config), around_(surroundings) {}
  ~ServerApp() override { StopServing(absl::ZeroDuration()).IgnoreError(); }

  absl::Status Start();

  config::Ports ports() const override {
    return {
        .rest = rest_->port(),
        .grpc = static_cast<uint16_t>(grpc_->port()),
        .trusted_grpc =
            trusted_grpc_ == nullptr
                ? std::nullopt
                : std::optional(static_cast<uint16_t>(trusted_grpc_->port()))};
  }
  absl::Status Health() const override { return store_->Health().failure(); }
  absl::Status Drain() override;

 private:
  absl::Status OpenFiles();
  // From here on around_.clock is clock_.
  absl::Status StartClock();
  absl::Status CheckHead();  // Writes times: after StartClock().
  absl::Status StartServing();
  absl::Status StartGrpc(const char* flag,
                         const rpc::GrpcServerOptions& options,
                         std::unique_ptr<rpc::GrpcServer>& server);
  // No new calls; those in progress get `grace`. Idempotent.
  absl::Status StopServing(absl::Duration grace);
  void StartMaintenance();
  // Makes the first credential if there is none; true if so.
  absl::StatusOr<bool> Bootstrap();
  absl::Status Deliver(const domain::Bootstrapped& credential);
  config::HostPort RestEnd() const;
  config::HostPort GrpcEnd() const;

  const config::ServerConfig config_;
  Surroundings around_;  // Its clock is clock_ once that is there.
  std::optional<BootstrapFile> bootstrap_file_;
  std::atomic<bool> serving_ = false;  // From the start to the drain.

  // Each is used by those below it.
  std::optional<TrustedClock> clock_;
  std::unique_ptr<crypto::MacKeyring> keyring_;
  // Rung by the store's thread; null while nobody listens.
  std::atomic<AuditHeadWriter*> head_bell_ = nullptr;
  std::unique_ptr<storage::Store> store_;
  AuditHeadStart head_start_;
  std::optional<AuditHeadWriter> head_writer_;  // Absent: nothing is kept.
  std::optional<upkeep::LastUses> last_uses_;
  std::optional<identity::TokenDirectory> directory_;
  std::optional<domain::ChangeFeed> feed_;
  std::unique_ptr<identity::Authenticator> authenticator_;
  std::optional<audit::AuditLog> audit_log_;
  std::optional<audit::DenialLog> denials_;
  std::optional<domain::Access> access_;
  std::optional<domain::ServiceAccounts> service_accounts_;
  std::optional<domain::Authorizations> authorizations_;
  std::optional<domain::AuditReader> audit_reader_;
  std::optional<domain::TokenVerifier> verifier_;
  std::optional<upkeep::Maintenance> maintenance_;
  std::optional<rpc::Dispatcher> dispatcher_;
  std::optional<rpc::GrpcTokenParts> token_parts_;
  std::unique_ptr<rpc::GrpcServer> grpc_;
  std::unique_ptr<rpc::GrpcServer> trusted_grpc_;  // Null: no trusted listener.
  std::unique_ptr<RestFront> rest_;
};

absl::Status ServerApp::Start() {
  if (absl::Status status = OpenFiles(); !status.ok()) return status;
  if (absl::Status status = StartClock(); !status.ok()) return status;
  if (absl::Status status = CheckHead(); !status.ok()) return status;
  if (absl::Status status =
          config::PreparePortFile(config_.port_file, *around_.random);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = StartServing(); !status.ok()) return status;
  const absl::StatusOr<bool> first = Bootstrap();
  if (!first.ok()) return first.status();
  if (!*first && !bootstrap_file_) {
    absl::Status status = around_.show(LaterStartText(RestEnd(), GrpcEnd()));
    if (!status.ok()) return status;
  }
  StartMaintenance();
  serving_ = true;
  around_.logger->Info("started", {{"version", kVersion},
                                   {"rest", RestEnd().ToString()},
                                   {"grpc", GrpcEnd().ToString()},
                                   {"storage", DescribeStorage(config_)}});
  if (config_.port_file.empty()) return absl::OkStatus();
  return config::WritePortFile(config_.port_file, ports(), *around_.random);
}

absl::Status ServerApp::OpenFiles() {
  absl::StatusOr<std::unique_ptr<storage::Store>> opened =
      OpenStore(config_, around_.logger, [this] {
        if (AuditHeadWriter* const writer = head_bell_.load()) writer->Ring();
      });
  if (!opened.ok()) return opened.status();
  std::unique_ptr<storage::Store> store = *std::move(opened);
  SweepLeftovers(
      {config_.TokenKeysPath(), config_.AuditHeadPath(),
       BootstrapFile::PendingPath(config_.bootstrap_file), config_.port_file},
      *around_.logger);

  bool empty = false;
  absl::Status status =
      storage::ReadAndWait(*store, [&empty](storage::ReadTxn& txn) {
        const absl::StatusOr<bool> answer = txn.IsEmpty();
        if (answer.ok()) empty = *answer;
        return answer.status();
      });
  if (!status.ok()) return status;

  if (!config_.bootstrap_file.empty()) {
    bootstrap_file_.emplace(config_.bootstrap_file, around_.random);
    status = bootstrap_file_->Recover(*store);
    if (status.ok() && empty) status = bootstrap_file_->CheckFree();
    if (!status.ok()) return status;
  }

  // Fresh keys would silently end every token that a database knows.
  absl::StatusOr<std::unique_ptr<crypto::MacKeyring>> keyring =
      crypto::MacKeyring::Load(config_.TokenKeysPath(),
                               /*create_if_missing=*/empty, *around_.random);
  if (!keyring.ok()) {
    return config::FlagError("token_keys_file",
                             std::string(keyring.status().message()));
  }
  keyring_ = *std::move(keyring);

  // Both are there before anybody reads or writes, see below.
  const auto on_change = [this](const storage::TokenChanges& changes) {
    directory_->OnChange(changes);
    feed_->Publish(changes);
  };
  store_ = std::make_unique<seal::SealedStore>(
      std::move(store), keyring_.get(), config_.oauth.issuer, around_.clock,
      around_.logger, on_change);
  store_->Subscribe(std::nullopt,
                    [this, on_change](const storage::ChangeNotice& notice) {
                      if (!notice.everything) return on_change(notice.changes);
                      directory_->ForgetAll();
                      feed_->Reset();
                    });
  last_uses_.emplace(around_.logger);
  directory_.emplace(
      store_.get(), keyring_.get(), &*last_uses_,
      identity::TokenDirectoryOptions{
          .max_entries = static_cast<size_t>(config_.token_cache_entries),
          .max_bytes = static_cast<size_t>(config_.token_cache_mib) << 20,
          .render = api::RenderActive});
  feed_.emplace(*around_.random);
  return absl::OkStatus();
}

absl::Status ServerApp::CheckHead() {
  // What is kept in memory can come back as nothing older.
  if (config_.storage == config::StorageEngine::kMemory) {
    head_start_.genesis =
        audit::NewAuditHead(*around_.random, around_.clock->Now());
    return absl::OkStatus();
  }
  absl::StatusOr<AuditHeadStart> start =
      CheckAuditHead(config_, around_, *store_, *keyring_);
  if (!start.ok()) return start.status();
  head_start_ = *std::move(start);
  head_writer_.emplace(store_.get(), keyring_.get(), around_,
                       config_.AuditHeadPath());
  head_writer_->Start();
  head_bell_ = &*head_writer_;
  return absl::OkStatus();
}

absl::Status ServerApp::StartClock() {
  std::optional<absl::Time> mark;
  const absl::Status status =
      storage::ReadAndWait(*store_, [&mark](storage::ReadTxn& txn) {
        return upkeep::ReadWatermark(txn, upkeep::kTimeWatermark, mark);
      });
  if (absl::IsFailedPrecondition(status)) {
    return DatabaseRefused(absl::StrCat(
        config_.data_dir,
        "/signet.db: its mark of time is malformed; run signetd --data_dir=",
        config_.data_dir, " --set_time_mark=now"));
  }
  if (!status.ok()) return status;
  const absl::Time wall = around_.clock->Now();
  if (mark.has_value() && *mark > wall + absl::Seconds(1)) {
    around_.logger->Warning(
        "the wall clock is behind the mark of time; see --set_time_mark",
        {{"by_ms", absl::ToInt64Milliseconds(*mark - wall)},
         {"mark", FormatRfc3339(*mark)}});
  }
  clock_.emplace(around_.clock, around_.monotonic, mark);
  around_.clock = &*clock_;
  return absl::OkStatus();
}

absl::Status ServerApp::StartServing() {
  absl::StatusOr<std::unique_ptr<identity::Authenticator>> authenticator =
      NewAuthenticator(&*directory_, around_.clock, around_.logger,
                       config_.oauth);
  if (!authenticator.ok()) return authenticator.status();
  authenticator_ = *std::move(authenticator);
  audit_log_.emplace(keyring_.get(), around_.random, head_start_.genesis);
  denials_.emplace(store_.get(), &*audit_log_, around_.clock, around_.logger);
  denials_->Start();
  access_.emplace(store_.get());
  const domain::OauthOwners oauth_owners = config_.oauth.issuer.empty()
                                               ? domain::OauthOwners::kCannotAct
                                               : domain::OauthOwners::kCanAct;
  service_accounts_.emplace(
      store_.get(), keyring_.get(), &*audit_log_, &*denials_, &*last_uses_,
      around_.clock, around_.random,
      domain::IssuePolicy{.token_prefix = config_.token_prefix,
                          .expiry = {.default_ttl = config_.default_token_ttl,
                                     .max_ttl = config_.max_token_ttl},
                          .max_overlap = config_.max_rotation_overlap.value_or(
                              absl::ZeroDuration()),
                          .oauth_owners = oauth_owners});
  authorizations_.emplace(store_.get(), keyring_.get(), &*audit_log_,
                          around_.clock, around_.random, oauth_owners);
  audit_reader_.emplace(store_.get(), keyring_.get(), &*access_);
  verifier_.emplace(store_.get(), &*directory_, authenticator_.get(),
                    around_.clock);
  dispatcher_.emplace(
      authenticator_.get(), &*access_, &*denials_, around_.clock,
      around_.logger,
      api::ApiMethods(
          {.store = store_.get(),
           .service_accounts = &*service_accounts_,
           .authorizations = &*authorizations_,
           .audit = &*audit_reader_,
           .verifier = &*verifier_,
           .clock = around_.clock,
           .logger = around_.logger,
           .metadata = {.public_url = config_.public_url,
                        .issuer = config_.oauth.issuer,
                        .required_scope = config_.oauth.required_scope}}));

  token_parts_ = {.directory = &*directory_,
                  .verifier = &*verifier_,
                  .authenticator = authenticator_.get(),
                  .denials = &*denials_,
                  .feed = &*feed_,
                  .resource_metadata = config_.ResourceMetadataUrl()};
  absl::Status status =
      StartGrpc("grpc_address", {.address = config_.grpc_address}, grpc_);
  if (status.ok() && !config_.trusted_grpc_address.empty()) {
    status =
        StartGrpc("trusted_grpc_address",
                  {.address = config_.trusted_grpc_address, .trusted = true},
                  trusted_grpc_);
  }
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<RestFront>> rest =
      RestFront::Start(config_, &*dispatcher_, around_,
                       [this] { return serving_ && Health().ok(); });
  if (!rest.ok()) return rest.status();
  rest_ = *std::move(rest);
  return absl::OkStatus();
}

absl::Status ServerApp::StartGrpc(const char* flag,
                                  const rpc::GrpcServerOptions& options,
                                  std::unique_ptr<rpc::GrpcServer>& server) {
  absl::StatusOr<std::unique_ptr<rpc::GrpcServer>> started =
      rpc::GrpcServer::Start(options, &*dispatcher_, &*token_parts_,
                             around_.clock, around_.random, around_.logger);
  if (!started.ok())
    return config::ListenError(flag, options.address, started.status());
  server = *std::move(started);
  return absl::OkStatus();
}

void ServerApp::StartMaintenance() {
  maintenance_.emplace(
      store_.get(), &*last_uses_,
      upkeep::Housekeeping(store_.get(), keyring_.get(), &*audit_log_,
                           around_.logger,
                           {.purge_after = config_.purge_after,
                            .expiry_notice = config_.expiry_notice,
                            .audit_retention = config_.audit_retention}),
      &*clock_, around_.logger,
      upkeep::MaintenanceOptions{.flush_interval =
                                     *config_.last_used_flush_interval});
  maintenance_->Start();
}

absl::Status ServerApp::Drain() {
  around_.logger->Info("stopping");
  // Nobody is waited for once the store has failed: what it may still have to
  // put in order (see SqliteStore::Drain) comes after.
  const bool failed = !Health().ok();
  absl::Status status = StopServing(
      failed ? kFailedGrace : absl::Milliseconds(config_.drain_timeout_ms));
  // Its last look at its files.
  if (const absl::Status health = Health();
      absl::IsFailedPrecondition(health)) {
    status = health;
  }
  around_.logger->Info("stopped");
  return status;
}

absl::Status ServerApp::StopServing(absl::Duration grace) {
  serving_ = false;
  absl::Status rest_drained;
  for (const auto* server : {&grpc_, &trusted_grpc_}) {
    if (*server != nullptr) (*server)->SetServing(false);
  }
  {
    // All at once, so that none takes calls while another waits.
    std::thread rest([&] {
      if (rest_ != nullptr) rest_drained = rest_->Drain(grace);
    });
    std::thread trusted([&] {
      if (trusted_grpc_ != nullptr) trusted_grpc_->Drain(grace);
    });
    if (grpc_ != nullptr) grpc_->Drain(grace);
    trusted.join();
    rest.join();
  }
  if (feed_.has_value()) feed_->Stop();
  // Some of those who were cut off wait for the store, and may be denied yet.
  if (dispatcher_.has_value() && !dispatcher_->AwaitIdle(kLastCalls)) {
    around_.logger->Warning(
        "calls that were cut off still wait; that they are denied may not get "
        "into the audit log");
  }
  if (denials_.has_value()) denials_->Stop();
  // Knows of every use by now, and must still write the latest.
  if (maintenance_.has_value()) maintenance_->Stop();
  head_bell_ = nullptr;
  if (head_writer_.has_value()) head_writer_->Stop();
  // What was cut off ends while those whom it answers are still here: calls
  // that wait for the store, of which some go on to the OAuth issuer, then
  // those that wait for the issuer, whom the store refuses.
  if (store_ != nullptr) store_->Drain();
  authenticator_.reset();
  return rest_drained;
}

absl::StatusOr<bool> ServerApp::Bootstrap() {
  const domain::BootstrapPlan plan = {
      .token_prefix = config_.token_prefix,
      .account_id = Uuid::Parse(config_.bootstrap_account_id),
      .owner_user = config_.bootstrap_owner_user,
      .genesis = head_start_.genesis};
  absl::StatusOr<bool> done = domain::BootstrapIfEmpty(
      *store_, *keyring_, *around_.clock, *around_.random, plan,
      [this](const domain::Bootstrapped& credential) {
        return Deliver(credential);
      });
  if (done.ok() && head_start_.accepted.has_value()) {
    absl::Status recorded =
        RecordAuditLoss(around_, *store_, *keyring_, *head_start_.accepted);
    if (!recorded.ok()) return recorded;
  }
  if (!done.ok() || !*done || !bootstrap_file_) return done;
  if (absl::Status status = bootstrap_file_->Publish(); !status.ok()) {
    return status;
  }
  return true;
}

absl::Status ServerApp::Deliver(const domain::Bootstrapped& credential) {
  if (bootstrap_file_) return bootstrap_file_->Stage(credential);
  const Secret text(FirstStartText(
      RestEnd(), GrpcEnd(), credential.account_id.ToString(),
      credential.service_account_id.ToString(), credential.token.Expose()));
  return around_.show(text.Expose());
}

config::HostPort ServerApp::RestEnd() const {
  return {config::ParseHostPort(config_.rest_address)->host, rest_->port()};
}

config::HostPort ServerApp::GrpcEnd() const {
  return {config::ParseHostPort(config_.grpc_address)->host,
          static_cast<uint16_t>(grpc_->port())};
}

}  // namespace

absl::StatusOr<std::unique_ptr<App>> StartServerApp(
    const config::ServerConfig& config, const Surroundings& surroundings) {
  auto app = std::make_unique<ServerApp>(config, surroundings);
  if (absl::Status status = app->Start(); !status.ok()) return status;
  return app;
}

}  // namespace signet::server
