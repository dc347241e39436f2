// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_AUDIT_VERIFY_H_
#define SIGNET_SERVER_AUDIT_AUDIT_VERIFY_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "crypto/mac_keyring.h"
#include "storage/store.h"

namespace signet::audit {

// Where a database is not as this server wrote it.
struct AuditFault {
  Uuid account_id = {};   // Nil: it is none of one account.
  uint64_t sequence = 0;  // Of an event; 0: no event, as a rule both ends.
  std::string_view what;  // Lives for ever.
  std::string row = {};   // Which row; empty where the rest tells.

  friend bool operator==(const AuditFault&, const AuditFault&) = default;
};

// What was looked at.
struct AuditVerdict {
  uint64_t accounts = 0;
  uint64_t events = 0;
  uint64_t faults = 0;

  friend bool operator==(const AuditVerdict&, const AuditVerdict&) = default;
};

// Checks every event of every audit log: sequence numbers, HMACs, both ends,
// and that no log was ever found broken while it was written; and that no row
// is from before what an event says that ended it (row_history.h). Calls
// `report` for each fault, in order of account and, of the log and of the rows,
// of sequence number; of a run of missing events once, with the first, and of a
// log without its record of both ends nothing more. Memory does not grow with
// the log but for what RowHistory keeps. Blocks.
//
// Nothing writes to the store meanwhile: a log that grows may look broken. An
// error is the store's; what was reported before it stands.
absl::StatusOr<AuditVerdict> VerifyAudit(
    storage::Store& store, const crypto::MacKeyring& keyring,
    absl::FunctionRef<void(const AuditFault&)> report);

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_AUDIT_VERIFY_H_
