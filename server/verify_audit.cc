// SPDX-License-Identifier: Apache-2.0
#include "server/verify_audit.h"

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/base/error.h"
#include "server/domain/audit_verify.h"
#include "server/open_store.h"

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
  const absl::StatusOr<ExistingStore> opened =
      OpenExistingStore(config, *surroundings.random, surroundings.logger);
  if (!opened.ok()) return opened.status();

  absl::Status shown;
  const absl::StatusOr<AuditVerdict> verdict = VerifyAudit(
      *opened->store, *opened->keyring, [&](const AuditFault& fault) {
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
