// SPDX-License-Identifier: Apache-2.0
#include "server/verify_audit.h"

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/crypto/mac_keyring.h"
#include "server/domain/audit_verify.h"
#include "server/open_store.h"
#include "storage/store.h"

namespace signet {
namespace {

std::string Line(const AuditFault& fault) {
  const std::string account = fault.account_id.ToString();
  if (fault.sequence == 0) {
    return absl::StrCat("account ", account, ": ", std::string(fault.what),
                        "\n");
  }
  return absl::StrCat("account ", account, " event ", fault.sequence, ": ",
                      std::string(fault.what), "\n");
}

}  // namespace

absl::Status VerifyAuditLogs(const ServerConfig& config,
                             const Surroundings& surroundings) {
  if (absl::Status status = config.Validate(); !status.ok()) return status;
  // First, so that a wrong --data_dir is not furnished with a database.
  const absl::StatusOr<std::unique_ptr<MacKeyring>> keyring =
      MacKeyring::Load(config.TokenKeysPath(), /*create_if_missing=*/false,
                       *surroundings.random);
  if (!keyring.ok()) {
    return FlagError("token_keys_file",
                     std::string(keyring.status().message()));
  }
  const absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(config, surroundings.logger);
  if (!store.ok()) return store.status();

  absl::Status shown;
  const absl::StatusOr<AuditVerdict> verdict =
      VerifyAudit(**store, **keyring, [&](const AuditFault& fault) {
        shown.Update(surroundings.show(Line(fault)));
      });
  if (!verdict.ok()) return verdict.status();
  shown.Update(surroundings.show(
      absl::StrCat(verdict->events, " events of ", verdict->accounts,
                   " accounts: ", verdict->faults, " faults\n")));
  if (!shown.ok()) return shown;
  if (verdict->faults == 0) return absl::OkStatus();
  return MakeError(absl::StatusCode::kDataLoss,
                   "the audit logs are not as they were written",
                   {.reason = "AUDIT_BROKEN"});
}

}  // namespace signet
