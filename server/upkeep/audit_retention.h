// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_UPKEEP_AUDIT_RETENTION_H_
#define SIGNET_SERVER_UPKEEP_AUDIT_RETENTION_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_log.h"
#include "storage/store.h"

namespace signet::upkeep {

// Removes from the front of every account's audit log what happened before
// `keep_from`, up to the first event that did not, and never the last event.
// What is left verifies as the whole did (see VerifyAudit). A log that does not
// verify is kept from the fault on, since it is evidence, and `logger` hears of
// it.
//
// Blocks; one small transaction after another, so that requests get in between.
// Ends early, with OK, once `stopping` says true. Errors are the store's.
absl::Status TrimAuditLogs(storage::Store& store,
                           const crypto::MacKeyring& keyring,
                           const audit::AuditLog& log, absl::Time now,
                           absl::Time keep_from, Logger& logger,
                           absl::FunctionRef<bool()> stopping);

}  // namespace signet::upkeep

#endif  // SIGNET_SERVER_UPKEEP_AUDIT_RETENTION_H_
