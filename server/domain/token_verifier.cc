// SPDX-License-Identifier: Apache-2.0
#include "server/domain/token_verifier.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "server/domain/access.h"
#include "server/domain/violations.h"
#include "server/identity/credential.h"

namespace signet::domain {
namespace {

TokenVerdict VerdictOf(identity::TokenState state) {
  switch (state) {
    case identity::TokenState::kUnknown:
      return TokenVerdict::kUnknown;
    case identity::TokenState::kRevoked:
      return TokenVerdict::kRevoked;
    case identity::TokenState::kReplaced:
      return TokenVerdict::kReplaced;
    case identity::TokenState::kExpired:
      return TokenVerdict::kExpired;
    case identity::TokenState::kDisabled:
      return TokenVerdict::kDisabled;
    case identity::TokenState::kLive:
      return TokenVerdict::kActive;
  }
  return TokenVerdict::kUnknown;
}

bool IsSuperAdmin(std::span<const storage::AuthorizationRecord> held) {
  return std::any_of(
      held.begin(), held.end(), [](const storage::AuthorizationRecord& grant) {
        return grant.grant_kind == storage::GrantKind::kSuperAdmin;
      });
}

std::string Lacked(const Requirement& requirement,
                   std::span<const storage::AuthorizationRecord> held,
                   const Uuid& home) {
  const RequiredCapability* lacked = requirement.FirstLacked(held, home);
  if (lacked == nullptr) return "";
  return absl::StrCat(lacked->capability_key, lacked->resource_type.has_value()
                                                  ? " on the resource"
                                                  : " on the account");
}

TokenVerification Decide(identity::TokenSnapshotPtr snapshot,
                         const Requirement* requirement,
                         std::span<const storage::AuthorizationRecord> held) {
  if (requirement != nullptr &&
      !requirement->IsMet(held, snapshot->account_id)) {
    return {.verdict = TokenVerdict::kCapabilityMissing};
  }
  return {.verdict = TokenVerdict::kActive, .snapshot = std::move(snapshot)};
}

// The same, with what a requirement that is not met lacks. Not for the checks
// of others' tokens that are answered from memory: they need no text.
TokenVerification DecideAndExplain(
    identity::TokenSnapshotPtr snapshot, const Requirement* requirement,
    std::span<const storage::AuthorizationRecord> held) {
  const Uuid home = snapshot->account_id;
  TokenVerification verification =
      Decide(std::move(snapshot), requirement, held);
  if (verification.verdict == TokenVerdict::kCapabilityMissing) {
    verification.lacked = Lacked(*requirement, held, home);
  }
  return verification;
}

// Whether the requirement is about accounts whose grants the snapshot does not
// hold.
bool AsksOfOtherAccounts(const identity::TokenSnapshot& snapshot,
                         const Requirement* requirement) {
  return requirement != nullptr && !IsSuperAdmin(snapshot.held) &&
         !requirement->OtherAccounts(snapshot.account_id).empty();
}

// Adds what `subjects` hold on `accounts`, each grant once.
absl::Status AddHeld(storage::ReadTxn& txn,
                     std::span<const storage::Subject> subjects,
                     std::span<const Uuid> accounts,
                     std::vector<storage::AuthorizationRecord>& held) {
  for (const Uuid& account_id : accounts) {
    absl::StatusOr<std::vector<storage::AuthorizationRecord>> there =
        txn.ListHeldAuthorizations(subjects, account_id);
    if (!there.ok()) return there.status();
    std::move(there->begin(), there->end(), std::back_inserter(held));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CapabilityMissingError(const TokenVerification& verification) {
  return MakeError(
      absl::StatusCode::kPermissionDenied,
      verification.lacked.empty()
          ? "the token is not of this account, or its user holds "
            "nothing there"
          : absl::StrCat("the credential lacks ", verification.lacked),
      {.reason = "CAPABILITY_MISSING"});
}

std::string_view TokenVerdictName(TokenVerdict verdict) {
  switch (verdict) {
    case TokenVerdict::kActive:
      return "";
    case TokenVerdict::kUnknown:
      return "TOKEN_UNKNOWN";
    case TokenVerdict::kRevoked:
      return "TOKEN_REVOKED";
    case TokenVerdict::kReplaced:
      return "TOKEN_REPLACED";
    case TokenVerdict::kExpired:
      return "TOKEN_EXPIRED";
    case TokenVerdict::kDisabled:
      return "TOKEN_DISABLED";
    case TokenVerdict::kCapabilityMissing:
      return "CAPABILITY_MISSING";
  }
  return "TOKEN_UNKNOWN";
}

bool TokenVerifier::IsOauth(std::string_view token) {
  return identity::Credential::IsJwt(token);
}

std::string TokenVerifier::AccountAskedFor(const identity::Principal& caller,
                                           const std::string& account_id) {
  if (!account_id.empty()) return account_id;
  return caller.home_account_id.value_or(Uuid()).ToString();
}

std::optional<VerifyScope> TokenVerifier::ScopeAtOnce(
    const identity::TokenSnapshot& asker, std::string_view account_id) {
  Uuid account = asker.account_id;
  if (!account_id.empty()) {
    const std::optional<Uuid> read = Uuid::Parse(account_id);
    if (!read.has_value()) return std::nullopt;
    account = *read;
  }
  const std::optional<storage::GrantKind> grant =
      GrantFor(asker.held, account, kRight);
  if (!grant.has_value()) return std::nullopt;
  const bool everywhere = account_id.empty() && IsSuperAdmin(asker.held);
  return VerifyScope{.every_account = everywhere,
                     .account_id = account,
                     .work_for = {.tenant_id = asker.account_id,
                                  .principal_id = asker.subject_id}};
}

void TokenVerifier::FindScope(const identity::CallerPtr& caller,
                              const std::string& account_id,
                              OutcomeDone<VerifyScope> done) {
  Violations violations;
  const std::optional<Uuid> account = violations.TakeId(
      "account_id", AccountAskedFor(caller->principal, account_id));
  if (!violations.empty()) {
    std::move(done)(std::move(violations).ToStatus());
    return;
  }
  const WorkFor work_for = caller->principal.work_for_on(*account);
  const VerifyScope there = {
      .every_account = false, .account_id = *account, .work_for = work_for};
  const VerifyScope everywhere = {.every_account = true, .work_for = work_for};
  if (caller->trusted) {
    std::move(done)(account_id.empty() ? everywhere : there);
    return;
  }
  ReadOutcome<VerifyScope>(
      *store_, identity::ReadFor(caller),
      [this, caller, there, everywhere, any = account_id.empty()](
          storage::ReadTxn& txn) -> absl::StatusOr<VerifyScope> {
        const absl::StatusOr<storage::GrantKind> grant = AuthorizeCaller(
            txn, *caller, clock_->Now(), there.account_id, kRight);
        if (!grant.ok()) return grant.status();
        if (!any) return there;
        // An account's own grant decides before a super_admin's.
        const absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
            txn.ListHeldAuthorizations(caller->principal.Subjects(), Uuid());
        if (!held.ok()) return held.status();
        return IsSuperAdmin(*held) ? everywhere : there;
      },
      std::move(done));
}

std::optional<TokenVerification> TokenVerifier::VerifyAtOnce(
    std::string_view token, const VerifyScope& scope,
    const Requirement* requirement, absl::Time now) {
  if (IsOauth(token)) return std::nullopt;
  const std::optional<identity::LookupResult> finding =
      directory_->FindAtOnce(token, now);
  if (!finding.has_value()) return std::nullopt;
  return Evaluate(*finding, scope, requirement);
}

std::optional<TokenVerification> TokenVerifier::Evaluate(
    const identity::LookupResult& finding, const VerifyScope& scope,
    const Requirement* requirement) {
  if (finding.snapshot == nullptr) return TokenVerification();
  const identity::TokenSnapshot& snapshot = *finding.snapshot;
  if (!scope.every_account && snapshot.account_id != scope.account_id) {
    return TokenVerification();
  }
  if (finding.state != identity::TokenState::kLive) {
    return TokenVerification{.verdict = VerdictOf(finding.state)};
  }
  if (AsksOfOtherAccounts(snapshot, requirement)) return std::nullopt;
  return Decide(finding.snapshot, requirement, snapshot.held);
}

void TokenVerifier::Verify(std::string_view token, const VerifyScope& scope,
                           std::shared_ptr<const Requirement> requirement,
                           absl::Time now,
                           OutcomeDone<TokenVerification> done) {
  if (!IsOauth(token)) {
    directory_->Find(
        token, now, scope.work_for,
        [this, scope, requirement = std::move(requirement),
         done = std::move(done)](
            absl::StatusOr<identity::LookupResult> finding) mutable {
          if (!finding.ok()) {
            std::move(done)(finding.status());
            return;
          }
          std::optional<TokenVerification> verification =
              Evaluate(*finding, scope, requirement.get());
          if (verification.has_value()) {
            std::move(done)(*std::move(verification));
          } else {
            ReadOthers(std::move(finding->snapshot), scope.work_for,
                       std::move(requirement), std::move(done));
          }
        });
    return;
  }
  const absl::StatusOr<identity::Credential> credential =
      identity::Credential::FromToken(token);
  if (!credential.ok()) {
    std::move(done)(TokenVerification());
    return;
  }
  authenticator_->Authenticate(
      *credential, now,
      [this, scope, requirement = std::move(requirement),
       done =
           std::move(done)](absl::StatusOr<identity::Principal> user) mutable {
        if (absl::IsUnavailable(user.status())) {
          std::move(done)(user.status());
        } else if (!user.ok()) {
          std::move(done)(TokenVerification());
        } else {
          ReadUser(*user, scope.work_for, scope.account_id,
                   std::move(requirement), std::move(done));
        }
      });
}

void TokenVerifier::VerifyCaller(const identity::Principal& caller,
                                 const std::optional<Uuid>& account_id,
                                 std::shared_ptr<const Requirement> requirement,
                                 OutcomeDone<TokenVerification> done) {
  const identity::TokenSnapshotPtr& snapshot = caller.token_snapshot;
  if (snapshot == nullptr) {
    ReadUser(caller, caller.work_for(), account_id.value_or(Uuid()),
             std::move(requirement), std::move(done));
    return;
  }
  if (requirement == nullptr && account_id.has_value() &&
      *account_id != snapshot->account_id && !IsSuperAdmin(snapshot->held)) {
    std::move(done)(
        TokenVerification{.verdict = TokenVerdict::kCapabilityMissing});
    return;
  }
  if (AsksOfOtherAccounts(*snapshot, requirement.get())) {
    ReadOthers(snapshot, caller.work_for(), std::move(requirement),
               std::move(done));
  } else {
    std::move(done)(
        DecideAndExplain(snapshot, requirement.get(), snapshot->held));
  }
}

void TokenVerifier::ReadOthers(identity::TokenSnapshotPtr snapshot,
                               const WorkFor& work_for,
                               std::shared_ptr<const Requirement> requirement,
                               OutcomeDone<TokenVerification> done) {
  const std::vector<storage::Subject> subjects =
      identity::PrincipalOf(snapshot).Subjects();
  ReadOutcome<TokenVerification>(
      *store_, {.work_for = work_for},
      [snapshot = std::move(snapshot), subjects,
       requirement = std::move(requirement)](
          storage::ReadTxn& txn) -> absl::StatusOr<TokenVerification> {
        std::vector<storage::AuthorizationRecord> held = snapshot->held;
        const absl::Status status =
            AddHeld(txn, subjects,
                    requirement->OtherAccounts(snapshot->account_id), held);
        if (!status.ok()) return status;
        return DecideAndExplain(snapshot, requirement.get(), held);
      },
      std::move(done));
}

void TokenVerifier::ReadUser(const identity::Principal& user,
                             const WorkFor& work_for, const Uuid& account_id,
                             std::shared_ptr<const Requirement> requirement,
                             OutcomeDone<TokenVerification> done) {
  auto snapshot = std::make_shared<identity::TokenSnapshot>();
  snapshot->kind = identity::PrincipalKind::kUser;
  snapshot->subject_id = user.id;
  snapshot->account_id = account_id;
  snapshot->expires_at =
      user.credential_expires_at.value_or(absl::InfiniteFuture());
  ReadOutcome<TokenVerification>(
      *store_, {.work_for = work_for},
      [snapshot = std::move(snapshot), subjects = user.Subjects(),
       requirement = std::move(requirement)](
          storage::ReadTxn& txn) -> absl::StatusOr<TokenVerification> {
        snapshot->held.clear();  // A body may run again.
        absl::Status status = AddHeld(
            txn, subjects, std::span(&snapshot->account_id, 1), snapshot->held);
        std::vector<storage::AuthorizationRecord> held = snapshot->held;
        if (status.ok() && requirement != nullptr) {
          status =
              AddHeld(txn, subjects,
                      requirement->OtherAccounts(snapshot->account_id), held);
        }
        if (!status.ok()) return status;
        // A user belongs to the accounts on which it holds something.
        if (snapshot->account_id != Uuid() && snapshot->held.empty()) {
          return TokenVerification{.verdict = TokenVerdict::kCapabilityMissing};
        }
        return DecideAndExplain(snapshot, requirement.get(), held);
      },
      std::move(done));
}

}  // namespace signet::domain
