// SPDX-License-Identifier: Apache-2.0
#include "server/domain/service_accounts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/entity_tag.h"
#include "base/error.h"
#include "base/rfc3339.h"
#include "server/domain/service_account_calls.h"

namespace signet::domain {

std::string EtagOf(const storage::ServiceAccountRecord& record) {
  return absl::StrCat(record.revision);
}

absl::Status MintStatus(const absl::Status& status, bool ids_taken) {
  if (!absl::IsAlreadyExists(status)) return status;
  return absl::InternalError(
      ids_taken ? absl::StrCat(kMintAttempts, " minted ids in a row were taken")
                : absl::StrCat("a row is there that must not be: ",
                               status.message()));
}

absl::Status NoSuchServiceAccount() {
  return MakeError(absl::StatusCode::kNotFound,
                   "the account holds no such service account",
                   {.reason = "SERVICE_ACCOUNT_NOT_FOUND"});
}

absl::StatusOr<storage::ServiceAccountRecord> FindServiceAccount(
    storage::ReadTxn& txn, const Uuid& account_id, const Uuid& id) {
  absl::StatusOr<storage::ServiceAccountRecord> found =
      txn.GetServiceAccount(account_id, id);
  if (absl::IsNotFound(found.status())) return NoSuchServiceAccount();
  return found;
}

absl::Status CheckNotRevoked(const storage::ServiceAccountRecord& record) {
  if (!record.revoked_at.has_value()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "the service account is revoked for ever; create another "
                   "one and grant that one what it needs",
                   {.reason = "SERVICE_ACCOUNT_REVOKED"});
}

void EndForGood(storage::TokenRecord& token, absl::Time now) {
  const absl::Time at = WholeMicros(now);
  token.retires_at = std::min(token.retires_at.value_or(at), at);
  token.ended = true;
}

audit::AuditEntry ServiceAccountEntry(std::string action, const Uuid& id) {
  return {.action = std::move(action),
          .resource_type = std::string(audit::kServiceAccountResource),
          .resource_id = id.ToString()};
}

std::string AuditedTime(const std::optional<absl::Time>& time) {
  return time.has_value() ? FormatRfc3339(*time) : "never";
}

absl::Status CheckEtag(const std::string& etag,
                       const storage::ServiceAccountRecord& record) {
  const std::string version = EtagOf(record);
  if (etag.empty() || etag == version ||
      NamesTag(etag, version, TagComparison::kStrong)) {
    return absl::OkStatus();
  }
  return MakeError(absl::StatusCode::kAborted,
                   "the service account has changed; read it again",
                   {.reason = "ETAG_MISMATCH"});
}

void MarkChanged(storage::ServiceAccountRecord& record, absl::Time now) {
  // The clock may have gone back since the last change.
  record.updated_at = std::max(record.updated_at, WholeMicros(now));
  // Beyond what JSON carries exactly (RFC 8259 section 6) no change gets in a
  // lifetime; a number that somebody wrote there must not stop a revocation.
  constexpr uint64_t kLast = uint64_t{1} << 53;
  record.revision = record.revision < kLast ? record.revision + 1 : 1;
}

ServiceAccounts::ServiceAccounts(storage::Store* store,
                                 const crypto::MacKeyring* keyring,
                                 const audit::AuditLog* audit,
                                 audit::DenialLog* denials,
                                 const identity::LastUseRecorder* last_uses,
                                 const Clock* clock, RandomSource* random,
                                 IssuePolicy policy)
    : store_(store),
      keyring_(keyring),
      audit_(audit),
      denials_(denials),
      last_uses_(last_uses),
      clock_(clock),
      random_(random),
      policy_(std::move(policy)) {}

storage::ServiceAccountRecord ServiceAccounts::Shown(
    storage::ServiceAccountRecord record) const {
  if (last_uses_ == nullptr) return record;
  const std::optional<absl::Time> latest = last_uses_->Latest(record.id);
  if (latest.has_value() &&
      *latest > record.last_used_at.value_or(absl::InfinitePast())) {
    record.last_used_at = latest;
  }
  return record;
}

}  // namespace signet::domain
