// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_UPKEEP_HOUSEKEEPING_H_
#define SIGNET_SERVER_UPKEEP_HOUSEKEEPING_H_

#include <optional>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_log.h"
#include "storage/store.h"

namespace signet::upkeep {

struct HousekeepingPolicy {
  // How long a service account is kept once it is revoked or its token has
  // expired; absent: for ever. At least IssuePolicy::max_overlap, or tokens
  // that still retire would end with it.
  std::optional<absl::Duration> purge_after = {};
  // How long before its end a token is announced; absent: it is not.
  std::optional<absl::Duration> expiry_notice = {};
  // How long audit events are kept; absent: for ever.
  std::optional<absl::Duration> audit_retention = {};
};

// What has to be done now and then. Not thread-safe; blocks, so it is for a
// thread of its own. Every transaction is small, and one follows another, so
// that requests get in between. Borrows what it is given.
class Housekeeping {
 public:
  using Stopping = absl::FunctionRef<bool()>;

  Housekeeping(storage::Store* store, const crypto::MacKeyring* keyring,
               const audit::AuditLog* audit, Logger* logger,
               const HousekeepingPolicy& policy)
      : store_(store),
        keyring_(keyring),
        audit_(audit),
        logger_(logger),
        policy_(policy) {}

  // Does all of it as of `now`, unless another process does so. What fails is
  // logged, left for the next time, and keeps nothing else from being done.
  // Ends early once `stopping` says true.
  //
  // Answers to repeatable calls are deleted after kIdempotencyWindow. A purged
  // service account leaves the audit event `service_account.purge`, and what it
  // was granted on its account is revoked, as `authorization.revoke` says. A
  // token about to expire is announced by a line of the log and the audit event
  // `service_account.expires_soon`: once it is within the notice; if it was
  // made so, in the first round ten seconds after. Once, unless a round is
  // broken off. One whose expiry was moved into the notice is not announced.
  void Run(absl::Time now, Stopping stopping);

 private:
  absl::Status ForgetIdempotencyRecords(absl::Time now, Stopping stopping);
  absl::Status Purge(absl::Time now, Stopping stopping);
  struct PurgeStep {
    int purged = 0;
    bool more = false;  // Whether another step is to come.
  };
  absl::StatusOr<PurgeStep> PurgeSome(storage::WriteTxn& txn, absl::Time before,
                                      absl::Time now) const;
  absl::Status PurgeOne(storage::WriteTxn& txn,
                        const storage::ServiceAccountRecord& dead,
                        absl::Time now) const;
  absl::Status Announce(absl::Time now, Stopping stopping);
  struct NoticeWindow;
  // Moves the watermark on in the transaction that tells. Ends early where it
  // is not where it was left.
  absl::Status AnnounceWindow(NoticeWindow window, absl::Time now,
                              Stopping stopping);
  absl::Status Tell(storage::WriteTxn& txn,
                    std::span<const storage::ServiceAccountRecord> records,
                    absl::Time now) const;
  absl::Status TrimAudit(absl::Time now, Stopping stopping);

  storage::Store* const store_;
  const crypto::MacKeyring* const keyring_;
  const audit::AuditLog* const audit_;
  Logger* const logger_;
  const HousekeepingPolicy policy_;
};

}  // namespace signet::upkeep

#endif  // SIGNET_SERVER_UPKEEP_HOUSEKEEPING_H_
