// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/domain/name_rule.h"
#include "server/domain/page_token.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/service_account_filter.h"
#include "server/domain/service_accounts.h"
#include "server/domain/violations.h"
#include "server/identity/auth_error.h"

namespace signet {
namespace {

constexpr char kRevokeToken[] = "service_account.revoke_token";

AuditEntry EntryFor(std::string action, const Uuid& id) {
  return {.action = std::move(action),
          .resource_type = std::string(kServiceAccountResource),
          .resource_id = id.ToString()};
}

// How a revocation is recorded.
struct Revocation {
  RevokeReason reason;
  std::string comment;
};

void MarkRevoked(ServiceAccountRecord& record, const Caller& caller,
                 absl::Time now, const Revocation& revocation,
                 AuditEntry& entry) {
  record.revoked_at = WholeMicros(now);
  record.revoked_by_user_id = caller.principal.user_id();
  record.revoke_reason = revocation.reason;
  record.revoke_comment = revocation.comment;
  MarkChanged(record, now);
  entry.details["reason"] = RevokeReasonName(revocation.reason);
}

Revocation ReadRevocation(const std::string& reason, const std::string& comment,
                          RevokeReason fallback, Violations& violations) {
  violations.Add("comment", CheckFreeText(comment));
  return {.reason = ReadRevokeReason(reason, fallback, violations),
          .comment = comment};
}

absl::Status EtagMismatch() {
  return MakeError(absl::StatusCode::kAborted,
                   "the service account has changed; read it again",
                   {.reason = "ETAG_MISMATCH"});
}

// Ends a token: a replaced one alone, a current one with its service account,
// unless that has ended already. NOT_FOUND: no such token.
absl::Status EndToken(WriteTxn& txn, const Caller& caller, absl::Time now,
                      const std::string& public_id,
                      const Revocation& revocation, const char* action,
                      const AuditLog& audit) {
  absl::StatusOr<TokenOwner> found = txn.FindToken(public_id);
  if (!found.ok()) return found.status();
  ServiceAccountRecord& record = found->owner;
  if (record.revoked_at.has_value()) return absl::OkStatus();
  AuditEntry entry = EntryFor(action, record.id);
  entry.details["token_public_id"] = public_id;
  absl::Status status;
  if (found->token.ended) return absl::OkStatus();
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

// Makes the change and names the fields that it really changed.
template <typename T>
void Set(const char* field, const std::optional<T>& value, T& member,
         std::vector<std::string>& changed) {
  if (!value.has_value() || *value == member) return;
  member = *value;
  changed.push_back(field);
}

}  // namespace

void ServiceAccounts::ChangeOne(CallerPtr caller, const Uuid& account_id,
                                const Uuid& id, absl::Time now, Change change,
                                Expired expired,
                                Done<ServiceAccountRecord> done) {
  WriteOptions options = WriteFor(*caller, std::move(expired));
  WriteOutcome<ServiceAccountRecord>(
      *store_, std::move(options),
      [this, caller = std::move(caller), account_id, id, now,
       change = std::move(change)](
          WriteTxn& txn) mutable -> absl::StatusOr<ServiceAccountRecord> {
        const absl::Status access =
            AuthorizeCaller(txn, *caller, now, account_id, Right::kManage)
                .status();
        if (!access.ok()) return access;
        absl::StatusOr<ServiceAccountRecord> record =
            FindServiceAccount(txn, account_id, id);
        if (!record.ok()) return record;
        AuditEntry entry;
        const absl::StatusOr<bool> changed = change(*record, entry);
        if (!changed.ok()) return changed.status();
        if (!*changed) return Shown(*std::move(record));
        absl::Status status = txn.UpdateServiceAccount(*record);
        if (status.ok()) {
          status = audit_->Append(txn, account_id, *caller, now, entry);
        }
        if (!status.ok()) return status;
        return Shown(*std::move(record));
      },
      std::move(done));
}

void ServiceAccounts::Update(CallerPtr caller, UpdateRequest request,
                             Expired expired, Done<ServiceAccountRecord> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("service_account.account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("service_account.id", request.service_account_id);
  if (!request.not_updatable.empty()) {
    violations.Add("update_mask",
                   "got a field that cannot be changed, want name, expires_at, "
                   "description, labels or enabled");
  }
  if (request.name.has_value()) {
    violations.Add("service_account.name", CheckName(*request.name));
  }
  if (request.description.has_value()) {
    violations.Add("service_account.description",
                   CheckFreeText(*request.description));
  }
  if (request.labels.has_value()) {
    // How large they may be depends on those that stand.
    violations.Add("service_account.labels",
                   CheckLabels(*request.labels, /*max_bytes=*/SIZE_MAX));
  }
  std::optional<absl::Time> expires_at;
  if (request.set_expires_at) {
    const absl::StatusOr<std::optional<absl::Time>> decided =
        DecideExpiry(request.expires_at, now, policy_.expiry);
    violations.Add("service_account.expires_at", decided.status());
    if (decided.ok()) expires_at = *decided;
  }
  if (!violations.empty()) {
    Refuse(*caller, request.account_id, Right::kManage,
           std::move(violations).ToStatus(), std::move(done));
    return;
  }
  ChangeOne(
      std::move(caller), *account_id, *id, now,
      [request = std::move(request), expires_at, now, id = *id](
          ServiceAccountRecord& record,
          AuditEntry& entry) -> absl::StatusOr<bool> {
        if (absl::Status s = CheckNotRevoked(record); !s.ok()) return s;
        if (!request.etag.empty() && request.etag != EtagOf(record)) {
          return EtagMismatch();
        }
        if (request.labels.has_value() && *request.labels != record.labels) {
          // Larger ones are from before the limit, and may shrink.
          const size_t standing = LabelBytes(record.labels);
          const absl::Status labels = CheckLabels(
              *request.labels,
              standing > kMaxLabelBytes ? standing - 1 : kMaxLabelBytes);
          if (!labels.ok()) {
            return InvalidField("FIELD_INVALID", "service_account.labels",
                                std::string(labels.message()));
          }
        }
        std::vector<std::string> changed;
        Set("name", request.name, record.name, changed);
        Set("description", request.description, record.description, changed);
        Set("labels", request.labels, record.labels, changed);
        Set("enabled", request.enabled, record.enabled, changed);
        if (request.set_expires_at) {
          Set("expires_at", std::make_optional(expires_at),
              record.token.expires_at, changed);
        }
        if (changed.empty()) return false;
        MarkChanged(record, now);
        entry = EntryFor("service_account.update", id);
        entry.details["fields"] = absl::StrJoin(changed, ",");
        return true;
      },
      std::move(expired), std::move(done));
}

void ServiceAccounts::Revoke(CallerPtr caller, const RevokeRequest& request,
                             Expired expired, Done<ServiceAccountRecord> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("service_account_id", request.service_account_id);
  Revocation revocation = ReadRevocation(
      request.reason, request.comment, RevokeReason::kUnspecified, violations);
  if (!violations.empty()) {
    Refuse(*caller, request.account_id, Right::kManage,
           std::move(violations).ToStatus(), std::move(done));
    return;
  }
  const CallerPtr by = caller;
  ChangeOne(
      std::move(caller), *account_id, *id, now,
      [by, now, id = *id, revocation = std::move(revocation)](
          ServiceAccountRecord& record,
          AuditEntry& entry) -> absl::StatusOr<bool> {
        if (record.revoked_at.has_value()) return false;
        entry = EntryFor("service_account.revoke", id);
        MarkRevoked(record, *by, now, revocation, entry);
        return true;
      },
      std::move(expired), std::move(done));
}

void ServiceAccounts::BatchRevoke(CallerPtr caller,
                                  const BatchRevokeRequest& request,
                                  Expired expired, Done<Batch> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  ServiceAccountQuery query;
  query.account_id =
      violations.TakeId("account_id", request.account_id).value_or(Uuid());
  query.filter = ReadConditions(request.conditions, now, violations);
  query.filter.include_revoked = false;
  query.limit = kMaxPageSize;
  query.scan_limit = kMaxPageScan;
  query.byte_limit = kMaxPageBytes;
  query.scan_byte_limit = kMaxPageScanBytes;
  if (query.filter.state == ServiceAccountState::kRevoked) {
    violations.Add("state", "want active, expired or disabled");
  }
  if (query.filter.name_prefix.empty() && !query.filter.state.has_value() &&
      !query.filter.expires_before.has_value() &&
      !query.filter.unused_since.has_value()) {
    violations.Add("name_prefix",
                   "want it, state, expires_before or unused_since");
  }
  Revocation revocation = ReadRevocation(
      request.reason, request.comment, RevokeReason::kUnspecified, violations);
  if (!violations.empty()) {
    Refuse(*caller, request.account_id, Right::kManage,
           std::move(violations).ToStatus(), std::move(done));
    return;
  }
  WriteOptions options = WriteFor(*caller, std::move(expired));
  WriteOutcome<Batch>(
      *store_, std::move(options),
      [this, caller = std::move(caller), now, query = std::move(query),
       revocation = std::move(revocation),
       dry_run = request.dry_run](WriteTxn& txn) -> absl::StatusOr<Batch> {
        const absl::Status access =
            AuthorizeCaller(txn, *caller, now, query.account_id, Right::kManage)
                .status();
        if (!access.ok()) return access;
        Batch batch;
        ServiceAccountQuery scan = query;
        absl::StatusOr<ServiceAccountPage> page = txn.ListServiceAccounts(scan);
        if (!page.ok()) return page.status();
        batch.more = page->next.has_value();
        for (ServiceAccountRecord& record : page->records) {
          if (record.id == caller->principal.id) continue;
          if (!dry_run) {
            AuditEntry entry = EntryFor("service_account.revoke", record.id);
            MarkRevoked(record, *caller, now, revocation, entry);
            absl::Status status = txn.UpdateServiceAccount(record);
            if (status.ok()) {
              status =
                  audit_->Append(txn, query.account_id, *caller, now, entry);
            }
            if (!status.ok()) return status;
          }
          batch.records.push_back(Shown(std::move(record)));
        }
        return batch;
      },
      std::move(done));
}

absl::Status UnsupportedTokenTypeError() {
  return MakeError(absl::StatusCode::kInvalidArgument,
                   "got an OAuth access token, want a service account's token; "
                   "only its issuer can revoke the former",
                   {.reason = "UNSUPPORTED_TOKEN_TYPE"});
}

void ServiceAccounts::RevokeSelf(
    CallerPtr caller, const RevokeSelfRequest& request, Expired expired,
    absl::AnyInvocable<void(absl::Status) &&> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  Revocation revocation =
      ReadRevocation(request.reason, request.comment,
                     RevokeReason::kKeyCompromise, violations);
  if (caller->principal.kind != PrincipalKind::kServiceAccount) {
    std::move(done)(UnsupportedTokenTypeError());
    return;
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  const std::string public_id = caller->principal.token_public_id;
  WriteOptions options = WriteFor(*caller, std::move(expired));
  store_->Write(
      [this, caller = std::move(caller), now, public_id,
       revocation = std::move(revocation)](WriteTxn& txn) -> absl::Status {
        const absl::Status status =
            EndToken(txn, *caller, now, public_id, revocation,
                     "service_account.revoke_self", *audit_);
        return absl::IsNotFound(status) ? TokenInvalidError() : status;
      },
      std::move(done), std::move(options));
}

void ServiceAccounts::RevokeToken(
    CallerPtr caller, const TokenFactsPtr& target, Expired expired,
    absl::AnyInvocable<void(absl::Status) &&> done) {
  const absl::Time now = clock_->Now();
  if (target->public_id == caller->principal.token_public_id) {
    RevokeSelf(std::move(caller), {}, std::move(expired), std::move(done));
    return;
  }
  WriteOptions options = WriteFor(*caller, std::move(expired));
  const CallerPtr by = caller;
  store_->Write(
      [this, caller = std::move(caller), now,
       target](WriteTxn& txn) -> absl::Status {
        const absl::StatusOr<GrantKind> grant = AuthorizeCaller(
            txn, *caller, now, target->account_id, Right::kManage);
        if (!grant.ok()) return grant.status();
        const absl::Status status =
            EndToken(txn, *caller, now, target->public_id,
                     {.reason = RevokeReason::kUnspecified, .comment = {}},
                     kRevokeToken, *audit_);
        return absl::IsNotFound(status) ? absl::OkStatus() : status;
      },
      [this, by, target,
       done = std::move(done)](const absl::Status& status) mutable {
        if (!absl::IsPermissionDenied(status)) {
          std::move(done)(status);
          return;
        }
        denials_->Note(*by, target->account_id.ToString(),
                       EntryFor(kRevokeToken, target->subject_id));
        // To say so would tell whether the token exists.
        std::move(done)(absl::OkStatus());
      },
      std::move(options));
}

}  // namespace signet
