// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/domain/cover.h"
#include "server/domain/name_rule.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_account_filter.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"
#include "server/identity/auth_error.h"

namespace signet::domain {
namespace {

constexpr char kRevoke[] = "service_account.revoke";
constexpr char kRevokeToken[] = "service_account.revoke_token";

// Ends a token: a replaced one alone, a current one with its service account,
// unless that has ended already. NOT_FOUND: no such token.
absl::Status EndToken(storage::WriteTxn& txn, const identity::Caller& caller,
                      absl::Time now, const std::string& public_id,
                      const Revocation& revocation, const char* action,
                      const audit::AuditLog& audit) {
  absl::StatusOr<storage::TokenOwner> found = txn.FindToken(public_id);
  if (!found.ok()) return found.status();
  storage::ServiceAccountRecord& record = found->owner;
  if (record.revoked_at.has_value() || found->token.ended) {
    return absl::OkStatus();
  }
  audit::AuditEntry entry = ServiceAccountEntry(action, record.id);
  entry.details["token_public_id"] = public_id;
  absl::Status status;
  if (found->token.retires_at.has_value()) {
    EndForGood(found->token, now);
    status = txn.UpdateToken(record.account_id, record.id, found->token);
  } else {
    MarkRevoked(record, caller, now, revocation, entry);
    status = txn.UpdateServiceAccount(record);
  }
  if (!status.ok()) return status;
  return audit.Append(txn, record.account_id, caller, now, entry);
}

// Lets what was replaced, and is good for an overlap, end no later than the
// current token now does.
absl::Status BoundReplaced(storage::WriteTxn& txn,
                           const storage::ServiceAccountRecord& record) {
  const std::optional<absl::Time>& end = record.token.expires_at;
  if (!end.has_value()) return absl::OkStatus();
  absl::StatusOr<std::vector<storage::TokenRecord>> in_use =
      txn.ListTokensInUse(record.account_id, record.id);
  if (!in_use.ok()) return in_use.status();
  for (storage::TokenRecord& token : *in_use) {
    if (token.public_id == record.token.public_id) continue;
    if (token.expires_at.has_value() && *token.expires_at <= *end) continue;
    token.expires_at = end;
    absl::Status status = txn.UpdateToken(record.account_id, record.id, token);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

void MarkRevoked(storage::ServiceAccountRecord& record,
                 const identity::Caller& caller, absl::Time now,
                 const Revocation& revocation, audit::AuditEntry& entry) {
  record.revoked_at = WholeMicros(now);
  record.revoked_by_user_id = caller.principal.user_id();
  record.revoke_reason = revocation.reason;
  record.revoke_comment = revocation.comment;
  MarkChanged(record, now);
  entry.details["reason"] = RevokeReasonName(revocation.reason);
}

Revocation ReadRevocation(const std::string& reason, const std::string& comment,
                          storage::RevokeReason fallback,
                          Violations& violations) {
  violations.Add("comment", CheckFreeText(comment));
  return {.reason = ReadRevokeReason(reason, fallback, violations),
          .comment = comment};
}

void ServiceAccounts::ChangeOne(identity::CallerPtr caller,
                                const Uuid& account_id, const Uuid& id,
                                absl::Time now, Change change,
                                storage::WriteOptions options,
                                Done<storage::ServiceAccountRecord> done) {
  WriteOutcome<storage::ServiceAccountRecord>(
      *store_, std::move(options),
      [this, caller = std::move(caller), account_id, id, now,
       change = std::move(change)](storage::WriteTxn& txn) mutable
      -> absl::StatusOr<storage::ServiceAccountRecord> {
        const absl::Status access = AuthorizeCaller(txn, *caller, clock_->Now(),
                                                    account_id, kChangeRight)
                                        .status();
        if (!access.ok()) return access;
        absl::StatusOr<storage::ServiceAccountRecord> record =
            FindServiceAccount(txn, account_id, id);
        if (!record.ok()) return record;
        audit::AuditEntry entry;
        const std::optional<absl::Time> expiry = record->token.expires_at;
        const absl::StatusOr<bool> changed = change(txn, *record, entry);
        if (!changed.ok()) return changed.status();
        if (!*changed) return Shown(*std::move(record));
        absl::Status status = txn.UpdateServiceAccount(*record);
        if (status.ok() && record->token.expires_at != expiry) {
          status = BoundReplaced(txn, *record);
        }
        if (status.ok()) {
          status = audit_->Append(txn, account_id, *caller, now, entry);
        }
        if (!status.ok()) return status;
        return Shown(*std::move(record));
      },
      std::move(done));
}

void ServiceAccounts::Revoke(identity::CallerPtr caller,
                             const RevokeRequest& request,
                             Done<storage::ServiceAccountRecord> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("service_account_id", request.service_account_id);
  Revocation revocation =
      ReadRevocation(request.reason, request.comment,
                     storage::RevokeReason::kUnspecified, violations);
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  const identity::CallerPtr by = caller;
  storage::WriteOptions options = identity::RevocationFor(caller, *account_id);
  ChangeOne(
      std::move(caller), *account_id, *id, now,
      [this, by, now, id = *id, revocation = std::move(revocation),
       etag = request.etag](storage::ReadTxn& txn,
                            storage::ServiceAccountRecord& record,
                            audit::AuditEntry& entry) -> absl::StatusOr<bool> {
        absl::Status status =
            CheckMayActOn(txn, by->principal, record, Cover::kGoverning);
        if (status.ok()) status = CheckEtag(etag, record);
        if (!status.ok()) return status;
        if (record.revoked_at.has_value()) return false;
        status = CheckMayLose(txn, by->principal, policy_.oauth_owners,
                              clock_->Now(), std::span(&record, 1));
        if (!status.ok()) return status;
        entry = ServiceAccountEntry(kRevoke, id);
        MarkRevoked(record, *by, now, revocation, entry);
        return true;
      },
      std::move(options), std::move(done));
}

absl::Status UnsupportedTokenTypeError() {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "got an OAuth access token, want a service account's token; "
                   "only its issuer can revoke the former",
                   {.reason = "UNSUPPORTED_TOKEN_TYPE"});
}

void ServiceAccounts::RevokeSelf(
    identity::CallerPtr caller, const RevokeSelfRequest& request,
    absl::AnyInvocable<void(absl::Status) &&> done) {
  Violations violations;
  Revocation revocation =
      ReadRevocation(request.reason, request.comment,
                     storage::RevokeReason::kKeyCompromise, violations);
  if (caller->principal.kind != identity::PrincipalKind::kServiceAccount) {
    std::move(done)(UnsupportedTokenTypeError());
    return;
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  const std::string public_id = caller->principal.token_public_id;
  EndPresented(std::move(caller), public_id, revocation.reason,
               std::move(revocation.comment), std::move(done));
}

void ServiceAccounts::EndPresented(
    identity::CallerPtr caller, const std::string& public_id,
    storage::RevokeReason reason, std::string comment,
    absl::AnyInvocable<void(absl::Status) &&> done) {
  storage::WriteOptions options = identity::RevocationFor(
      caller, caller->principal.home_account_id.value_or(Uuid()));
  store_->Write(
      [this, caller = std::move(caller), now = clock_->Now(), public_id,
       revocation =
           Revocation{.reason = reason, .comment = std::move(comment)}](
          storage::WriteTxn& txn) -> absl::Status {
        const absl::Status status =
            EndToken(txn, *caller, now, public_id, revocation,
                     "service_account.revoke_self", *audit_);
        return absl::IsNotFound(status) ? identity::TokenInvalidError()
                                        : status;
      },
      std::move(done), std::move(options));
}

void ServiceAccounts::RevokeToken(
    identity::CallerPtr caller, const identity::TokenSnapshotPtr& target,
    absl::AnyInvocable<void(absl::Status) &&> done) {
  const absl::Time now = clock_->Now();
  if (IsItself(caller->principal, target->account_id, target->subject_id)) {
    EndPresented(std::move(caller), target->public_id,
                 storage::RevokeReason::kKeyCompromise, "", std::move(done));
    return;
  }
  const identity::CallerPtr by = caller;
  Access::Done finish = [this, by, target, done = std::move(done)](
                            const absl::Status& status) mutable {
    if (!absl::IsPermissionDenied(status)) {
      std::move(done)(status);
      return;
    }
    denials_->Note(*by, target->account_id.ToString(),
                   ServiceAccountEntry(kRevokeToken, target->subject_id),
                   status);
    // To say so would tell whether the token exists.
    std::move(done)(absl::OkStatus());
  };
  // Who may not takes no place among the writes.
  Access(store_).Admit(
      by->principal, target->account_id.ToString(), kChangeRight,
      [this, caller = std::move(caller), now, target,
       finish = std::move(finish)](const absl::Status& access) mutable {
        if (!access.ok()) return std::move(finish)(access);
        EndOther(std::move(caller), now, target, std::move(finish));
      });
}

void ServiceAccounts::EndOther(identity::CallerPtr caller, absl::Time now,
                               const identity::TokenSnapshotPtr& target,
                               Access::Done done) {
  storage::WriteOptions options =
      identity::RevocationFor(caller, target->account_id);
  store_->Write(
      [this, caller = std::move(caller), now,
       target](storage::WriteTxn& txn) -> absl::Status {
        absl::Status status = AuthorizeCaller(txn, *caller, clock_->Now(),
                                              target->account_id, kChangeRight)
                                  .status();
        if (status.ok()) {
          Rights rights(&txn, caller->principal.Subjects());
          status =
              CheckCovers(txn, rights, target->subject_id, Cover::kGoverning);
        }
        if (!status.ok()) return status;
        status = EndToken(
            txn, *caller, now, target->public_id,
            {.reason = storage::RevokeReason::kUnspecified, .comment = {}},
            kRevokeToken, *audit_);
        return absl::IsNotFound(status) ? absl::OkStatus() : status;
      },
      std::move(done), std::move(options));
}

}  // namespace signet::domain
