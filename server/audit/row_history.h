// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_AUDIT_ROW_HISTORY_H_
#define SIGNET_SERVER_AUDIT_ROW_HISTORY_H_

#include <cstdint>
#include <map>
#include <vector>

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
// Not found is one from before any other change: an expiry that was shortened,
// labels that were changed, a receiver of the token. Nor is a row that is
// missing: that only takes away.
//
// A plain value. Keeps some bytes for each service account that was disabled
// and enabled again since, until it comes to the latter.
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
  absl::Status FollowServiceAccount(storage::ReadTxn& txn,
                                    const storage::AuditEventRecord& event,
                                    std::vector<AuditFault>& faults);
  absl::Status FollowRotation(storage::ReadTxn& txn,
                              const storage::AuditEventRecord& event,
                              std::vector<AuditFault>& faults) const;
  absl::Status FollowToken(storage::ReadTxn& txn,
                           const storage::AuditEventRecord& event,
                           std::vector<AuditFault>& faults) const;
  absl::Status FollowAuthorization(storage::ReadTxn& txn,
                                   const storage::AuditEventRecord& event,
                                   std::vector<AuditFault>& faults) const;

  Uuid account_id_;
  // Enabled, though an event says no, so far: by id its sequence number.
  std::map<Uuid, uint64_t> enabled_;
};

}  // namespace signet::audit

#endif  // SIGNET_SERVER_AUDIT_ROW_HISTORY_H_
