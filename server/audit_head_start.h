// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_HEAD_START_H_
#define SIGNET_SERVER_AUDIT_HEAD_START_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "crypto/mac_keyring.h"
#include "server/app.h"
#include "server/audit/audit_head.h"
#include "server/config/config.h"
#include "storage/store.h"

namespace signet::server {

// What is missing of a database, and was accepted.
struct AuditLoss {
  std::string name;  // What --accept_audit_loss names.
  uint64_t events = 0;
  uint64_t accounts = 0;
};

struct AuditHeadStart {
  audit::AuditHead genesis;  // For a database in which nothing was written yet.
  // Accepted for an empty database, which has no audit log yet to say so.
  std::optional<AuditLoss> accepted;
};

// Compares the audit head of the database with --audit_head_file, without
// looking at the audit logs themselves. In an empty database with no such file
// everything begins. Where a loss is accepted that is logged and, unless the
// database is empty, an event. Then the file is written, if it must change.
//   DATABASE_REFUSED: the database is behind the file, or another one, or not
//     sealed; or the file is missing. Says what to do about it, and of a loss
//     what --accept_audit_loss must say.
//   FLAG_INVALID: the file cannot be read or written.
//   Otherwise the store's errors.
absl::StatusOr<AuditHeadStart> CheckAuditHead(
    const config::ServerConfig& config, const Environment& environment,
    storage::Store& store, const crypto::MacKeyring& keyring);

// Writes down, in the audit log of the oldest account, that `loss` was
// accepted. Nothing where there is no account.
absl::Status RecordAuditLoss(const Environment& environment,
                             storage::Store& store,
                             const crypto::MacKeyring& keyring,
                             const AuditLoss& loss);

}  // namespace signet::server

#endif  // SIGNET_SERVER_AUDIT_HEAD_START_H_
