// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_AUDIT_END_H_
#define SIGNET_SERVER_AUDIT_AUDIT_END_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "crypto/mac_keyring.h"
#include "storage/store.h"

namespace signet::audit {

// Where an account's audit log goes on.
struct AuditEnd {
  // The next event is chain.last_sequence + 1 and follows chain.last_mac. That
  // number is free; in a broken log the one behind it too.
  storage::AuditChainRecord chain;
  // The record of both ends as it lies there, if it verifies.
  std::optional<storage::AuditChainRecord> before = {};
  bool begins = false;  // There is none.
  // The log was tampered with since the last event.
  bool broken = false;
  // Where that is known: the last event of this server's before that.
  std::optional<uint64_t> sound_until = {};
};

// Events forged behind the log's last are skipped, so that they keep nobody
// from appending; the log then has them in it, where VerifyAudit finds them.
// Those forged very far behind are left there, where it finds them too. The
// store's errors.
absl::StatusOr<AuditEnd> FindAuditEnd(storage::ReadTxn& txn,
                                      const crypto::MacKeyring& keyring,
                                      const Uuid& account_id);

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_AUDIT_END_H_
