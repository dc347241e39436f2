// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_AUDIT_HEAD_CHECK_H_
#define SIGNET_SERVER_AUDIT_AUDIT_HEAD_CHECK_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_head.h"
#include "server/audit/audit_verify.h"
#include "storage/store.h"

namespace signet::audit {

// Checks the audit logs all together, as VerifyAudit does each: that every
// account has one, that there are as many as were begun, and that each is where
// AuditHead says it is, so that none was removed or put back to an earlier
// state. Calls `report` for each fault; which log it is, where one was put
// back, cannot be told. Memory does not grow with the database. Blocks. Nothing
// writes to the store meanwhile. An error is the store's.
absl::Status VerifyAuditHead(storage::Store& store,
                             const crypto::MacKeyring& keyring,
                             const AuditHeads& heads,
                             absl::FunctionRef<void(const AuditFault&)> report);

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_AUDIT_HEAD_CHECK_H_
