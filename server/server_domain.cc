// SPDX-License-Identifier: Apache-2.0
#include "server/server_domain.h"

#include <utility>

#include "absl/time/time.h"
#include "server/api/api_methods.h"
#include "server/upkeep/housekeeping.h"

namespace signet::server {
namespace {

domain::OauthOwners OauthOwnersOf(const config::ServerConfig& config) {
  return config.oauth.issuer.empty() ? domain::OauthOwners::kCannotAct
                                     : domain::OauthOwners::kCanAct;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Domain>> Domain::Create(
    const config::ServerConfig& config, Storage& storage) {
  const Environment& around = storage.environment();
  absl::StatusOr<Authentication> who = NewAuthentication(
      &storage.directory(), around.clock, around.logger, config.oauth);
  if (!who.ok()) return who.status();
  std::unique_ptr<Domain> domain(new Domain(config, storage, *std::move(who)));
  domain->denials_.Start();
  return domain;
}

Domain::Domain(const config::ServerConfig& config, Storage& storage,
               Authentication who)
    : config_(config),
      storage_(storage),
      who_(std::move(who)),
      audit_log_(&storage.keyring(), storage.environment().random,
                 storage.head_start().genesis),
      denials_(&storage.store(), &audit_log_, storage.environment().clock,
               storage.environment().logger),
      access_(&storage.store()),
      service_accounts_(
          &storage.store(), &storage.keyring(), &audit_log_, &denials_,
          &storage.last_uses(), storage.environment().clock,
          storage.environment().random,
          domain::IssuePolicy{
              .token_prefix = config.token_prefix,
              .expiry = {.default_ttl = config.default_token_ttl,
                         .max_ttl = config.max_token_ttl},
              .max_overlap =
                  config.max_rotation_overlap.value_or(absl::ZeroDuration()),
              .oauth_owners = OauthOwnersOf(config)}),
      authorizations_(&storage.store(), &storage.keyring(), &audit_log_,
                      storage.environment().clock, storage.environment().random,
                      OauthOwnersOf(config)),
      audit_reader_(&storage.store(), &storage.keyring()),
      verifier_(&storage.store(), &storage.directory(),
                who_.authenticator.get(), storage.environment().clock) {}

void Domain::StartMaintenance() {
  const Environment& around = storage_.environment();
  maintenance_ = std::make_unique<upkeep::Maintenance>(
      &storage_.store(), &storage_.last_uses(),
      upkeep::Housekeeping(&storage_.store(), &storage_.keyring(), &audit_log_,
                           around.logger,
                           {.purge_after = config_.purge_after,
                            .expiry_notice = config_.expiry_notice,
                            .audit_retention = config_.audit_retention}),
      &storage_.clock(), around.logger,
      upkeep::MaintenanceOptions{.flush_interval =
                                     *config_.last_used_flush_interval});
  maintenance_->Start();
}

std::vector<api::UnaryMethod> Domain::Methods() {
  return api::ApiMethods(
      {.store = &storage_.store(),
       .service_accounts = &service_accounts_,
       .authorizations = &authorizations_,
       .audit = &audit_reader_,
       .verifier = &verifier_,
       .clock = storage_.environment().clock,
       .logger = storage_.environment().logger,
       .metadata = {.public_url = config_.public_url,
                    .issuer = config_.oauth.issuer,
                    .required_scope = config_.oauth.required_scope}});
}

bool Domain::ReloadIssuerKeys() {
  if (who_.issuer_keys == nullptr) return false;
  who_.issuer_keys->Reload();
  return true;
}

void Domain::Stop() {
  denials_.Stop();
  // Knows of every use by now, and must still write the latest.
  if (maintenance_ != nullptr) maintenance_->Stop();
}

void Domain::StopFetchingKeys() {
  if (who_.issuer_keys != nullptr) who_.issuer_keys->Stop();
}

}  // namespace signet::server
