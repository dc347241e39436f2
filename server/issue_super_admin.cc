// SPDX-License-Identifier: Apache-2.0
#include "server/issue_super_admin.h"

#include "absl/status/statusor.h"
#include "server/base/uuid.h"
#include "server/bootstrap_file.h"
#include "server/domain/bootstrap.h"
#include "server/open_store.h"

namespace signet {

absl::Status ShowNewSuperAdmin(const ServerConfig& config,
                               const Surroundings& surroundings) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  const absl::StatusOr<ExistingStore> opened =
      OpenExistingStore(config, *surroundings.random, surroundings.logger);
  if (!opened.ok()) return opened.status();
  return IssueSuperAdmin(
      *opened->store, *opened->keyring, *surroundings.clock,
      *surroundings.random, config.token_prefix,
      Uuid::Parse(config.bootstrap_account_id),
      [&surroundings](const Bootstrapped& credential) {
        return surroundings.show(CredentialLine(credential).Expose());
      });
}

}  // namespace signet
