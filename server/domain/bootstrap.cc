// SPDX-License-Identifier: Apache-2.0
#include "server/domain/bootstrap.h"

#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/error.h"
#include "server/audit/audit_log.h"
#include "server/domain/token_issue.h"
#include "server/domain/token_receiver.h"

namespace signet::domain {
namespace {

absl::Status Raced() {
  return MakeError(
      absl::StatusCode::kAborted,
      "bootstrap: another process filled the store at the same time; the "
      "credential just delivered is void",
      {.reason = "BOOTSTRAP_RACE"});
}

absl::Status AccountExists() {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "the account exists already", {.reason = "ACCOUNT_EXISTS"});
}

// A service account made of nothing, and its token.
struct Founder {
  storage::ServiceAccountRecord account;
  Secret token;
};

Founder NewFounder(const std::string& name, const std::string& token_prefix,
                   const std::optional<Uuid>& account_id, absl::Time now,
                   const crypto::MacKeyring& keyring, RandomSource& random) {
  IssuedToken token =
      IssueToken(token_prefix, now, std::nullopt, keyring, random);
  storage::ServiceAccountRecord account;
  account.account_id = account_id.value_or(Uuid::V7(now, random));
  account.id = Uuid::V7(now, random);
  account.name = name;
  account.token = std::move(token.record);
  account.created_at = account.token.created_at;
  account.updated_at = account.created_at;
  account.token_shown_to = kShownToOperator;
  return {.account = std::move(account), .token = std::move(token.text)};
}

storage::Subject SubjectOf(const storage::ServiceAccountRecord& account) {
  return {storage::SubjectType::kServiceAccount, account.id.ToString()};
}

storage::AuthorizationRecord NewGrant(const Uuid& account_id,
                                      storage::GrantKind kind,
                                      storage::Subject subject, absl::Time now,
                                      RandomSource& random) {
  storage::AuthorizationRecord grant;
  grant.id = Uuid::V7(now, random);
  grant.account_id = account_id;
  grant.grant_kind = kind;
  grant.subject = std::move(subject);
  grant.created_at = WholeMicros(now);
  return grant;
}

absl::Status Deliver(
    Founder& founder,
    absl::FunctionRef<absl::Status(const Bootstrapped&)> deliver) {
  return deliver({.account_id = founder.account.account_id,
                  .service_account_id = founder.account.id,
                  .token = std::move(founder.token)});
}

// With what it was granted, and an event.
absl::Status Insert(storage::WriteTxn& txn,
                    const storage::ServiceAccountRecord& account,
                    const std::vector<storage::AuthorizationRecord>& grants,
                    const char* action, absl::Time now,
                    const audit::AuditLog& audit) {
  absl::Status status =
      txn.EnsureAccount(account.account_id, account.created_at);
  status.Update(txn.InsertServiceAccount(account));
  for (const storage::AuthorizationRecord& grant : grants) {
    status.Update(txn.InsertAuthorization(grant));
  }
  if (!status.ok()) return status;
  return audit.AppendSystem(
      txn, account.account_id, now,
      {.action = action,
       .resource_type = std::string(audit::kServiceAccountResource),
       .resource_id = account.id.ToString(),
       .details = {{"token_public_id", account.token.public_id}}});
}

// An id is recorded in lower case; anything else is a `sub`, kept as it is.
std::string UserId(const std::string& text) {
  const std::optional<Uuid> id = Uuid::Parse(text);
  return id.has_value() ? id->ToString() : text;
}

}  // namespace

absl::StatusOr<bool> BootstrapIfEmpty(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Clock& clock, RandomSource& random, const BootstrapPlan& plan,
    absl::FunctionRef<absl::Status(const Bootstrapped&)> deliver) {
  bool empty = false;
  const absl::Status read =
      storage::ReadAndWait(store, [&empty](storage::ReadTxn& txn) {
        const absl::StatusOr<bool> answer = txn.IsEmpty();
        if (answer.ok()) empty = *answer;
        return answer.status();
      });
  if (!read.ok()) return read;
  if (!empty) return false;

  const absl::Time now = clock.Now();
  Founder owner = NewFounder("owner", plan.token_prefix, plan.account_id, now,
                             keyring, random);
  const Uuid account_id = owner.account.account_id;
  std::vector<storage::AuthorizationRecord> grants = {
      NewGrant(account_id, storage::GrantKind::kAccountOwner,
               SubjectOf(owner.account), now, random)};
  if (!plan.owner_user.empty()) {
    grants.push_back(NewGrant(
        account_id, storage::GrantKind::kAccountOwner,
        {storage::SubjectType::kUser, UserId(plan.owner_user)}, now, random));
  }
  if (absl::Status s = Deliver(owner, deliver); !s.ok()) return s;

  const audit::AuditLog audit(&keyring, &random, plan.genesis);
  const absl::Status written =
      storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
        const absl::StatusOr<bool> still_empty = txn.IsEmpty();
        if (!still_empty.ok()) return still_empty.status();
        if (!*still_empty) return Raced();
        return Insert(txn, owner.account, grants, "account.bootstrap", now,
                      audit);
      });
  if (!written.ok()) return written;
  return true;
}

absl::Status IssueSuperAdmin(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Clock& clock, RandomSource& random, const SuperAdminPlan& plan,
    absl::FunctionRef<absl::Status(const Bootstrapped&)> deliver) {
  const absl::Time now = clock.Now();
  Founder admin = NewFounder("super_admin", plan.token_prefix, plan.account_id,
                             now, keyring, random);
  const auto check_account = [&](storage::ReadTxn& txn) {
    const absl::StatusOr<bool> exists =
        txn.HasAccount(admin.account.account_id);
    if (!exists.ok()) return exists.status();
    return *exists && !plan.into_existing ? AccountExists() : absl::OkStatus();
  };
  if (absl::Status s = storage::ReadAndWait(store, check_account); !s.ok())
    return s;
  const std::vector<storage::AuthorizationRecord> grants = {
      NewGrant(admin.account.account_id, storage::GrantKind::kSuperAdmin,
               SubjectOf(admin.account), now, random)};
  if (absl::Status s = Deliver(admin, deliver); !s.ok()) return s;
  const audit::AuditLog audit(&keyring, &random);
  return storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
    if (absl::Status s = check_account(txn); !s.ok()) return s;
    return Insert(txn, admin.account, grants, "account.issue_super_admin", now,
                  audit);
  });
}

}  // namespace signet::domain
