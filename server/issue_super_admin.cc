// SPDX-License-Identifier: Apache-2.0
#include "server/issue_super_admin.h"

#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/log.h"
#include "base/uuid.h"
#include "server/bootstrap_file.h"
#include "server/domain/bootstrap.h"
#include "server/sealed_files.h"

namespace signet::server {

absl::Status ShowNewSuperAdmin(const config::ServerConfig& config,
                               const Environment& environment) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<SealedFiles> files =
      OpenSealedFiles(config, environment);
  if (!files.ok()) return files.status();
  const domain::SuperAdminPlan plan = {
      .token_prefix = config.token_prefix,
      .account_id = Uuid::Parse(config.bootstrap_account_id),
      .into_existing = config.into_existing_account};
  if (plan.into_existing) {
    environment.logger->Warning(
        "the super_admin is made in an account that may be a tenant's: its "
        "managers will see it, and its audit log will tell of it");
  }
  const absl::Status status = domain::IssueSuperAdmin(
      *files->store, *files->keyring, *environment.clock, *environment.random,
      plan, [&environment](const domain::Bootstrapped& credential) {
        return environment.show(CredentialLine(credential).Expose());
      });
  if (GetErrorDetail(status).reason == "ACCOUNT_EXISTS") {
    return config::FlagError(
        "bootstrap_account_id",
        "got an account that exists, want --into_existing_account "
        "with it if that is meant");
  }
  return status.ok() ? files->head_writer->Write() : status;
}

}  // namespace signet::server
