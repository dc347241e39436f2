// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_AUDIT_LOG_H_
#define SIGNET_SERVER_AUDIT_AUDIT_LOG_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/uuid.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_head.h"
#include "server/identity/caller.h"
#include "storage/store.h"

namespace signet::audit {

// What audit events call things.
inline constexpr std::string_view kServiceAccountResource = "service_account";
inline constexpr std::string_view kAuthorizationResource = "authorization";

inline constexpr std::string_view kAllowed = "allowed";
inline constexpr std::string_view kDenied = "denied";

// The actor of what the server does by itself.
inline constexpr std::string_view kSystemActor = "system";

// The action of the event that goes before the next one where the log was found
// to be broken.
inline constexpr std::string_view kAuditBrokenAction = "audit.broken";

// What happened, to be written down. Never a secret; credentials in details are
// left out all the same.
struct AuditEntry {
  std::string action;              // `service_account.create`
  std::string resource_type = {};  // Empty where there is none.
  std::string resource_id = {};
  std::map<std::string, std::string> details = {};
};

// The details of an event as it is stored. Empty where they are not as they
// were written.
std::map<std::string, std::string> ReadDetails(
    const storage::AuditEventRecord& event);

// What is kept of a User-Agent: credentials left out (credential_text.h),
// short, and in printable ASCII, as clients choose it. Of what was kept, the
// same.
std::string KeptUserAgent(std::string_view text);

// Writes events into each account's log so that a later change is noticed:
// every event carries an HMAC (under the server's key) over itself and the HMAC
// of the event before, and one more record, HMACed too, says where the log
// begins and ends. Anyone who has the database but not the key can neither
// alter, reorder, insert nor remove an event without a trace, nor cut either
// end of the log. What they do to a whole log, removing it or putting back an
// older copy, AuditHead tells of, which moves with each log.
//
// Thread-safe.
class AuditLog {
 public:
  // Both outlive the log. `genesis` is what the audit head begins with in a
  // store that has none; absent: a fresh one.
  AuditLog(const crypto::MacKeyring* keyring, RandomSource* random,
           std::optional<AuditHead> genesis = std::nullopt)
      : keyring_(keyring), heads_(std::in_place, keyring, random, genesis) {}

  // One that moves no audit head, for who makes that in the end.
  static AuditLog WithoutHead(const crypto::MacKeyring* keyring) {
    return AuditLog(keyring);
  }

  // Appends what `caller` did, inside the transaction that does it. The account
  // exists. Where the log was tampered with since the last event, an event
  // `audit.broken` goes before, which VerifyAudit reports for ever.
  absl::Status Append(storage::WriteTxn& txn, const Uuid& account_id,
                      const identity::Caller& caller, absl::Time now,
                      const AuditEntry& entry,
                      std::string_view outcome = kAllowed) const;

  // As Append, for what the server does by itself.
  absl::Status AppendSystem(storage::WriteTxn& txn, const Uuid& account_id,
                            absl::Time now, const AuditEntry& entry,
                            std::string_view outcome = kAllowed) const;

  // Has the record of both ends `after` take the place of `before`, which
  // verifies, when the front of the log is trimmed.
  absl::Status PutTrimmed(storage::WriteTxn& txn, absl::Time now,
                          const storage::AuditChainRecord& before,
                          const storage::AuditChainRecord& after) const;

 private:
  explicit AuditLog(const crypto::MacKeyring* keyring) : keyring_(keyring) {}

  absl::Status AppendEvent(storage::WriteTxn& txn,
                           storage::AuditEventRecord event) const;

  const crypto::MacKeyring* const keyring_;
  const std::optional<AuditHeads> heads_;
};

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_AUDIT_LOG_H_
