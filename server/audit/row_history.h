// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_ROW_HISTORY_H_
#define SIGNET_SERVER_AUDIT_ROW_HISTORY_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/uuid.h"
#include "server/audit/audit_verify.h"
#include "storage/store.h"

namespace signet::audit {

// Compares the rows of one account with its audit log. A seal says that this
// server wrote a row, not that it is the latest: somebody may have put back an
// older one. The log says what ended since.
//
// Found is a row from before
//   - the revocation of a service account, a token or an authorization;
//   - a rotation: the replaced token is current, or retires later than the
//     rotation said; or one that was replaced before has not ended;
//   - the purge of a service account, which is there again;
//   - the last change of `enabled`, where that was to false.
// Also found is what cannot be twice: a token that is replaced, a service
// account or an authorization that is revoked, or a service account that is
// disabled, though it had been already. So an older row was put back, used, and
// ended again, which left no trace in the rows.
//
// Not found is one from before any other change: an expiry that was shortened,
// labels that were changed, a receiver of the token. Nor is a row that is
// missing: that only takes away.
//
// A plain value. Keeps some 20 bytes for each of these events, and more for a
// service account that was disabled and enabled again since, until it comes to
// the latter.
class RowHistory {
 public:
  explicit RowHistory(const Uuid& account_id) : account_id_(account_id) {}

  // Follows an event that verifies, each in order of its sequence number, and
  // reads the row that it is about. Adds to `faults`. Events that were followed
  // last may be followed once more. The store's errors.
  absl::Status Follow(storage::ReadTxn& txn,
                      const storage::AuditEventRecord& event,
                      std::vector<AuditFault>& faults);

  // Behind the last event.
  void Finish(std::vector<AuditFault>& faults);

 private:
  // What an event ended for good, or disabled.
  enum class Ended : uint8_t {
    kRevokedServiceAccount,
    kRevokedAuthorization,
    kRevokedToken,
    kReplacedToken,
    kDisabledServiceAccount,
  };
  // That this event did so. A fault where an earlier one had.
  void End(Ended what, std::string_view id,
           const storage::AuditEventRecord& event, std::string row,
           std::vector<AuditFault>& faults);

  absl::Status FollowServiceAccount(storage::ReadTxn& txn,
                                    const storage::AuditEventRecord& event,
                                    std::vector<AuditFault>& faults);
  absl::Status FollowRotation(storage::ReadTxn& txn,
                              const storage::AuditEventRecord& event,
                              std::vector<AuditFault>& faults);
  absl::Status FollowToken(storage::ReadTxn& txn,
                           const storage::AuditEventRecord& event,
                           std::vector<AuditFault>& faults);
  absl::Status FollowAuthorization(storage::ReadTxn& txn,
                                   const storage::AuditEventRecord& event,
                                   std::vector<AuditFault>& faults);

  Uuid account_id_;
  // The first event that ended it, by a hash of what and whose: of 64 bits, so
  // that two of a million are the same by chance in one of 37 million logs.
  absl::flat_hash_map<uint64_t, uint64_t> ended_;
  // Enabled, though an event says no, so far: by id its sequence number.
  std::map<Uuid, uint64_t> enabled_;
};

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_ROW_HISTORY_H_
