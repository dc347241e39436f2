// SPDX-License-Identifier: Apache-2.0
#include "server/domain/bootstrap.h"

#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/domain/audit_log.h"
#include "server/domain/token_issue.h"

namespace signet {
namespace {

absl::Status Raced() {
  return MakeError(
      absl::StatusCode::kAborted,
      "bootstrap: another process filled the store at the same time; the "
      "credential just delivered is void",
      {.reason = "BOOTSTRAP_RACE"});
}

AuthorizationRecord Ownership(const Uuid& account_id, Subject subject,
                              absl::Time now, RandomSource& random) {
  AuthorizationRecord grant;
  grant.id = Uuid::V7(now, random);
  grant.account_id = account_id;
  grant.grant_kind = GrantKind::kAccountOwner;
  grant.subject = std::move(subject);
  grant.created_at = WholeMicros(now);
  return grant;
}

// An id is recorded in lower case; anything else is a `sub`, kept as it is.
std::string UserId(const std::string& text) {
  const std::optional<Uuid> id = Uuid::Parse(text);
  return id.has_value() ? id->ToString() : text;
}

}  // namespace

absl::StatusOr<bool> BootstrapIfEmpty(
    Store& store, const MacKeyring& keyring, const Clock& clock,
    RandomSource& random, const BootstrapPlan& plan,
    absl::FunctionRef<absl::Status(const Bootstrapped&)> deliver) {
  bool empty = false;
  const absl::Status read = ReadAndWait(store, [&empty](ReadTxn& txn) {
    const absl::StatusOr<bool> answer = txn.IsEmpty();
    if (answer.ok()) empty = *answer;
    return answer.status();
  });
  if (!read.ok()) return read;
  if (!empty) return false;

  const absl::Time now = clock.Now();
  IssuedToken token =
      IssueToken(plan.token_prefix, now, std::nullopt, keyring, random);
  ServiceAccountRecord owner;
  owner.account_id = plan.account_id.value_or(Uuid::V7(now, random));
  owner.id = Uuid::V7(now, random);
  owner.name = "owner";
  owner.token = std::move(token.record);
  owner.created_at = owner.token.created_at;
  owner.updated_at = owner.created_at;
  std::vector<AuthorizationRecord> grants = {Ownership(
      owner.account_id, {SubjectType::kServiceAccount, owner.id.ToString()},
      now, random)};
  if (!plan.owner_user.empty()) {
    grants.push_back(Ownership(owner.account_id,
                               {SubjectType::kUser, UserId(plan.owner_user)},
                               now, random));
  }

  const absl::Status delivered = deliver({.account_id = owner.account_id,
                                          .service_account_id = owner.id,
                                          .token = std::move(token.text)});
  if (!delivered.ok()) return delivered;

  const absl::Status written = WriteAndWait(store, [&](WriteTxn& txn) {
    const absl::StatusOr<bool> still_empty = txn.IsEmpty();
    if (!still_empty.ok()) return still_empty.status();
    if (!*still_empty) return Raced();
    absl::Status status = txn.EnsureAccount(owner.account_id, owner.created_at);
    status.Update(txn.InsertServiceAccount(owner));
    for (const AuthorizationRecord& grant : grants) {
      status.Update(txn.InsertAuthorization(grant));
    }
    if (!status.ok()) return status;
    return AuditLog(&keyring).AppendSystem(
        txn, owner.account_id, now,
        {.action = "account.bootstrap",
         .resource_type = std::string(kServiceAccountResource),
         .resource_id = owner.id.ToString(),
         .details = {{"token_public_id", owner.token.public_id}}});
  });
  if (!written.ok()) return written;
  return true;
}

}  // namespace signet
