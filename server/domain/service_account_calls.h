// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_CALLS_H_
#define SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_CALLS_H_

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"
#include "storage/store.h"

// What the methods of ServiceAccounts share. Not for others, but for
// CheckNotRevoked, which Authorizations asks too.

namespace signet::domain {

// Two mints in a row that are both taken mean a broken random source.
inline constexpr int kMintAttempts = 3;

// The answer to a write of minted ids that failed with `status`. ALREADY_EXISTS
// is no client's fault: `ids_taken`, no attempt found free ones; otherwise
// another row is there that must not be.
absl::Status MintStatus(const absl::Status& status, bool ids_taken);

// NOT_FOUND / SERVICE_ACCOUNT_NOT_FOUND.
absl::Status NoSuchServiceAccount();

// The service account, or NoSuchServiceAccount().
absl::StatusOr<storage::ServiceAccountRecord> FindServiceAccount(
    storage::ReadTxn& txn, const Uuid& account_id, const Uuid& id);

// FAILED_PRECONDITION / SERVICE_ACCOUNT_REVOKED.
absl::Status CheckNotRevoked(const storage::ServiceAccountRecord& record);

// ABORTED / ETAG_MISMATCH unless `etag` names the record's version: that
// itself, or `*`, or entity tags as in an If-Match field (RFC 9110
// section 13.1.1). OK where it is empty.
absl::Status CheckEtag(const std::string& etag,
                       const storage::ServiceAccountRecord& record);

// An event about one.
audit::AuditEntry ServiceAccountEntry(std::string action, const Uuid& id);

// When a token dies, for an event.
std::string AuditedTime(const std::optional<absl::Time>& time);

// Moves on updated_at and the revision.
void MarkChanged(storage::ServiceAccountRecord& record, absl::Time now);

// Ends a replaced token for good. Where it would have retired later, it shows
// `now` as its time of retirement.
void EndForGood(storage::TokenRecord& token, absl::Time now);

// How a revocation is recorded.
struct Revocation {
  storage::RevokeReason reason = storage::RevokeReason::kUnspecified;
  std::string comment = {};
};

// As the client wrote it; `fallback` where it gave no reason.
Revocation ReadRevocation(const std::string& reason, const std::string& comment,
                          storage::RevokeReason fallback,
                          Violations& violations);

// Ends `record`, and says so in the event.
void MarkRevoked(storage::ServiceAccountRecord& record,
                 const identity::Caller& caller, absl::Time now,
                 const Revocation& revocation, audit::AuditEntry& entry);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_SERVICE_ACCOUNT_CALLS_H_
