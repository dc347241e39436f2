// SPDX-License-Identifier: Apache-2.0
#include "server/domain/authorizations.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/error.h"
#include "server/domain/authorization_rule.h"
#include "server/domain/cover.h"
#include "server/domain/name_rule.h"
#include "server/domain/page_token.h"
#include "server/domain/service_account_calls.h"
#include "server/domain/token_receiver.h"
#include "server/domain/violations.h"

namespace signet::domain {
namespace {

absl::Status NoSuchAuthorization() {
  return MakeError(absl::StatusCode::kNotFound,
                   "the account holds no such authorization",
                   {.reason = "AUTHORIZATION_NOT_FOUND"});
}

absl::StatusOr<storage::AuthorizationRecord> FindAuthorization(
    storage::ReadTxn& txn, const Uuid& account_id, const Uuid& id) {
  absl::StatusOr<storage::AuthorizationRecord> found =
      txn.GetAuthorization(account_id, id);
  if (absl::IsNotFound(found.status())) return NoSuchAuthorization();
  return found;
}

std::optional<storage::SubjectType> TakeSubjectType(const std::string& text,
                                                    Violations& violations) {
  const std::optional<storage::SubjectType> type = ParseSubjectType(text);
  if (!type.has_value()) {
    violations.Add("subject_type", "want user, group or service_account");
  }
  return type;
}

std::optional<storage::GrantKind> TakeGrantKind(const std::string& text,
                                                Violations& violations) {
  const std::optional<storage::GrantKind> kind = ParseGrantKind(text);
  if (!kind.has_value()) {
    violations.Add("grant_kind",
                   "want capability, account_owner or super_admin");
  }
  return kind;
}

// A UUID is recorded in lower case, however it was written.
std::string Canonical(const std::string& subject_id) {
  const std::optional<Uuid> id = Uuid::Parse(subject_id);
  return id.has_value() ? id->ToString() : subject_id;
}

void CheckSubjectId(const std::optional<storage::SubjectType>& type,
                    const std::string& id, Violations& violations) {
  if (type == storage::SubjectType::kServiceAccount) {
    violations.TakeId("subject_id", id);
  } else {
    violations.Add("subject_id", CheckSubjectName(id));
  }
}

// The capability and its resource; they go with one kind only.
void TakeCapability(const Authorizations::GrantRequest& request,
                    storage::AuthorizationRecord& record,
                    Violations& violations) {
  if (record.grant_kind != storage::GrantKind::kCapability) {
    for (const auto& [field, given] :
         {std::pair{"capability_key", request.capability_key.has_value()},
          std::pair{"resource_type", request.resource_type.has_value()},
          std::pair{"resource_id", request.resource_id.has_value()}}) {
      if (given) {
        violations.Add(
            field, absl::StrCat("got one with grant_kind ",
                                std::string(GrantKindName(record.grant_kind)),
                                ", want none"));
      }
    }
    return;
  }
  if (!request.capability_key.has_value()) {
    violations.Add("capability_key", "got none, want one with a capability");
  } else {
    violations.Add("capability_key",
                   CheckCapabilityKey(*request.capability_key));
  }
  if (request.resource_type.has_value()) {
    violations.Add("resource_type", CheckResourceType(*request.resource_type));
  }
  if (request.resource_id.has_value()) {
    if (!request.resource_type.has_value()) {
      violations.Add("resource_id", "want it with a resource_type");
    }
    record.resource_id = violations.TakeId("resource_id", *request.resource_id);
  }
  record.capability_key = request.capability_key;
  record.resource_type = request.resource_type;
}

// Each is read where what its subject may do is decided.
absl::Status CheckRoomForGrant(storage::ReadTxn& txn,
                               const storage::AuthorizationRecord& grant) {
  // Of each other kind a subject has one; capabilities must not keep it out.
  if (grant.grant_kind != storage::GrantKind::kCapability)
    return absl::OkStatus();
  const absl::StatusOr<int> held = txn.CountHeldAuthorizations(
      grant.subject, grant.account_id, kMaxGrantsOfSubject);
  if (!held.ok()) return held.status();
  if (*held < kMaxGrantsOfSubject) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("the subject holds ", kMaxGrantsOfSubject,
                   " authorizations on the account already, want fewer; revoke "
                   "some, or grant a wider one"),
      {.reason = "TOO_MANY_GRANTS"});
}

// OK if one who holds `rights` may let `subject` have something on the account:
// a service account of another account is a super_admin's to let in.
absl::Status CheckSubject(storage::ReadTxn& txn, Rights& rights,
                          const Uuid& account_id,
                          const storage::Subject& subject) {
  if (subject.type != storage::SubjectType::kServiceAccount) {
    return absl::OkStatus();
  }
  const absl::Status found =
      txn.GetServiceAccount(account_id, *Uuid::Parse(subject.id)).status();
  if (!absl::IsNotFound(found)) return found;
  const absl::StatusOr<bool> super_admin = rights.IsSuperAdmin();
  if (!super_admin.ok()) return super_admin.status();
  if (*super_admin) return absl::OkStatus();
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "the account holds no such service account, and only a "
                   "super_admin can grant to those of others",
                   {.reason = "GRANT_EXCEEDS_OWN"});
}

// OK unless `subject` is a service account that was revoked, on whichever
// account: it can never use what it is granted.
absl::Status CheckSubjectNotRevoked(storage::ReadTxn& txn,
                                    const storage::Subject& subject) {
  if (subject.type != storage::SubjectType::kServiceAccount) {
    return absl::OkStatus();
  }
  const absl::StatusOr<std::vector<storage::ServiceAccountRecord>> found =
      txn.FindServiceAccounts(*Uuid::Parse(subject.id));
  if (!found.ok()) return found.status();
  for (const storage::ServiceAccountRecord& record : *found) {
    if (absl::Status s = CheckNotRevoked(record); !s.ok()) return s;
  }
  return absl::OkStatus();
}

audit::AuditEntry EntryFor(std::string action,
                           const storage::AuthorizationRecord& record) {
  audit::AuditEntry entry = {
      .action = std::move(action),
      .resource_type = std::string(audit::kAuthorizationResource),
      .resource_id = record.id.ToString(),
      .details = {
          {"grant_kind", std::string(GrantKindName(record.grant_kind))},
          {"subject_type", std::string(SubjectTypeName(record.subject.type))},
          {"subject_id", record.subject.id}}};
  if (record.capability_key.has_value()) {
    entry.details["capability_key"] = *record.capability_key;
  }
  if (record.resource_type.has_value()) {
    entry.details["resource_type"] = *record.resource_type;
  }
  if (record.resource_id.has_value()) {
    entry.details["resource_id"] = record.resource_id->ToString();
  }
  return entry;
}

std::string QuestionOf(const storage::AuthorizationQuery& query) {
  Encoder encoder("signet list authorizations v1");
  encoder.Add(query.account_id)
      .Add(
          static_cast<int>(query.subject_type.value_or(storage::SubjectType{})))
      .Add(query.subject_id)
      .Add(static_cast<int>(query.grant_kind.value_or(storage::GrantKind{})))
      .Add(query.capability_key)
      .Add(query.include_revoked);
  return std::move(encoder).text();
}

}  // namespace

void Authorizations::List(const identity::CallerPtr& caller,
                          const ListRequest& request, Done<Page> done) {
  Violations violations;
  storage::AuthorizationQuery query;
  query.account_id =
      violations.TakeId("account_id", request.account_id).value_or(Uuid());
  if (!request.subject_type.empty()) {
    query.subject_type = TakeSubjectType(request.subject_type, violations);
  }
  if (!request.grant_kind.empty()) {
    query.grant_kind = TakeGrantKind(request.grant_kind, violations);
  }
  if (!request.subject_id.empty()) {
    query.subject_id = Canonical(request.subject_id);
  }
  if (!request.capability_key.empty()) {
    query.capability_key = request.capability_key;
  }
  query.include_revoked = request.include_revoked;
  BoundPage(request.page_size, request.page_token, query, violations);
  std::string question = QuestionOf(query);
  if (!request.page_token.empty()) {
    TakePosition(
        *keyring_, question, request.page_token,
        [&query](Decoder& decoder) { query.after = decoder.Id(); }, violations);
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  storage::ReadOptions options = identity::ScanFor(caller, query.account_id);
  ReadOutcome<Page>(
      *store_, std::move(options),
      [this, subjects = caller->principal.Subjects(), query = std::move(query),
       question =
           std::move(question)](storage::ReadTxn& txn) -> absl::StatusOr<Page> {
        const absl::Status access =
            Authorize(txn, subjects, query.account_id, kRight).status();
        if (!access.ok()) return access;
        absl::StatusOr<storage::AuthorizationPage> found =
            txn.ListAuthorizations(query);
        if (!found.ok()) return found.status();
        Page page = {.records = std::move(found->records),
                     .next_page_token = ""};
        if (found->next.has_value()) {
          page.next_page_token =
              MakePageToken(*keyring_, question, EncodePosition(*found->next));
        }
        return page;
      },
      std::move(done));
}

void Authorizations::Get(const identity::CallerPtr& caller,
                         const GetRequest& request,
                         Done<storage::AuthorizationRecord> done) {
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("authorization_id", request.authorization_id);
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  ReadOutcome<storage::AuthorizationRecord>(
      *store_, identity::ReadFor(caller),
      [subjects = caller->principal.Subjects(), account_id = *account_id,
       id = *id](storage::ReadTxn& txn)
          -> absl::StatusOr<storage::AuthorizationRecord> {
        const absl::Status access =
            Authorize(txn, subjects, account_id, kRight).status();
        if (!access.ok()) return access;
        return FindAuthorization(txn, account_id, id);
      },
      std::move(done));
}

void Authorizations::Grant(identity::CallerPtr caller,
                           const GrantRequest& request,
                           Done<storage::AuthorizationRecord> done) {
  const absl::Time now = clock_->Now();
  Violations violations;
  storage::AuthorizationRecord record;
  record.account_id =
      violations.TakeId("account_id", request.account_id).value_or(Uuid());
  const std::optional<storage::GrantKind> kind =
      TakeGrantKind(request.grant_kind, violations);
  const std::optional<storage::SubjectType> type =
      TakeSubjectType(request.subject_type, violations);
  CheckSubjectId(type, request.subject_id, violations);
  if (kind.has_value()) {
    record.grant_kind = *kind;
    TakeCapability(request, record, violations);
  }
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  record.subject = {.type = *type, .id = Canonical(request.subject_id)};
  record.id = Uuid::V7(now, *random_);
  record.created_at = WholeMicros(now);
  storage::WriteOptions options = identity::WriteFor(caller, record.account_id);
  WriteOutcome<storage::AuthorizationRecord>(
      *store_, std::move(options),
      [this, caller = std::move(caller), now, record = std::move(record),
       acknowledge = request.acknowledge_token_shown](storage::WriteTxn& txn) {
        return GrantIn(txn, *caller, now, record, acknowledge);
      },
      std::move(done));
}

absl::StatusOr<storage::AuthorizationRecord> Authorizations::GrantIn(
    storage::WriteTxn& txn, const identity::Caller& caller, absl::Time now,
    storage::AuthorizationRecord record, bool acknowledge) const {
  const Uuid& account_id = record.account_id;
  const absl::StatusOr<storage::GrantKind> by =
      AuthorizeCaller(txn, caller, clock_->Now(), account_id, kRight);
  if (!by.ok()) return by.status();
  Rights rights(&txn, caller.principal.Subjects());
  absl::Status status = CheckMayGrant(rights, record);
  if (status.ok())
    status = CheckSubject(txn, rights, account_id, record.subject);
  if (status.ok() && *by == storage::GrantKind::kSuperAdmin) {
    status = txn.EnsureAccount(account_id, record.created_at);
  }
  if (!status.ok()) return status;
  const absl::StatusOr<storage::AuthorizationRecord> equal =
      txn.FindEqualAuthorization(record);
  if (!absl::IsNotFound(equal.status())) return equal;
  status = CheckSubjectNotRevoked(txn, record.subject);
  if (status.ok()) status = CheckRoomForGrant(txn, record);
  if (!status.ok()) return status;
  audit::AuditEntry entry = EntryFor("authorization.create", record);
  status = CheckReceiver(txn, caller.principal, clock_->Now(), record);
  if (acknowledge && GetErrorDetail(status).reason == kTokenShownToAnother) {
    entry.details["acknowledged"] = kTokenShownToAnother;
    status = absl::OkStatus();
  }
  if (status.ok()) status = txn.InsertAuthorization(record);
  if (status.ok()) {
    status = audit_->Append(txn, account_id, caller, now, entry);
  }
  if (!status.ok()) return status;
  return record;
}

void Authorizations::Revoke(identity::CallerPtr caller,
                            const GetRequest& request,
                            Done<storage::AuthorizationRecord> done) {
  Violations violations;
  const std::optional<Uuid> account_id =
      violations.TakeId("account_id", request.account_id);
  const std::optional<Uuid> id =
      violations.TakeId("authorization_id", request.authorization_id);
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  storage::WriteOptions options = identity::RevocationFor(caller, *account_id);
  WriteOutcome<storage::AuthorizationRecord>(
      *store_, std::move(options),
      [this, caller = std::move(caller), now = clock_->Now(),
       account_id = *account_id, id = *id](storage::WriteTxn& txn) {
        return RevokeIn(txn, *caller, now, account_id, id);
      },
      std::move(done));
}

absl::StatusOr<storage::AuthorizationRecord> Authorizations::RevokeIn(
    storage::WriteTxn& txn, const identity::Caller& caller, absl::Time now,
    const Uuid& account_id, const Uuid& id) const {
  absl::Status status =
      AuthorizeCaller(txn, caller, clock_->Now(), account_id, kRight).status();
  if (!status.ok()) return status;
  absl::StatusOr<storage::AuthorizationRecord> found =
      FindAuthorization(txn, account_id, id);
  if (!found.ok()) return found.status();
  if (IsGoverning(*found)) {
    status = CheckMayGrant(txn, caller.principal.Subjects(), *found);
    if (!status.ok()) return status;
  }
  if (found->revoked_at.has_value()) return found;
  if (found->grant_kind == storage::GrantKind::kAccountOwner) {
    status = CheckMayLose(txn, caller.principal, oauth_owners_, clock_->Now(),
                          *found);
    if (!status.ok()) return status;
  }
  found->revoked_at = WholeMicros(now);
  status = txn.RevokeAuthorization(account_id, id, *found->revoked_at,
                                   storage::Seal());
  if (status.ok()) {
    status = audit_->Append(txn, account_id, caller, now,
                            EntryFor("authorization.revoke", *found));
  }
  if (!status.ok()) return status;
  return found;
}

}  // namespace signet::domain
