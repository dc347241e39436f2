// SPDX-License-Identifier: Apache-2.0
#include "server/issue_super_admin.h"

#include "absl/status/statusor.h"
#include "server/base/uuid.h"
#include "server/bootstrap_file.h"
#include "server/domain/bootstrap.h"
#include "server/sealed_files.h"

namespace signet {

absl::Status ShowNewSuperAdmin(const ServerConfig& config,
                               const Surroundings& surroundings) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  absl::StatusOr<SealedFiles> files = OpenSealedFiles(config, surroundings);
  if (!files.ok()) return files.status();
  absl::Status issued = IssueSuperAdmin(
      *files->store, *files->keyring, *surroundings.clock, *surroundings.random,
      config.token_prefix, Uuid::Parse(config.bootstrap_account_id),
      [&surroundings](const Bootstrapped& credential) {
        return surroundings.show(CredentialLine(credential).Expose());
      });
  return issued.ok() ? files->head_writer->Write() : issued;
}

}  // namespace signet
