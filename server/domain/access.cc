// SPDX-License-Identifier: Apache-2.0
#include "server/domain/access.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "server/identity/auth_error.h"
#include "server/identity/token_snapshot.h"
#include "server/identity/token_state.h"

namespace signet::domain {
namespace {

// Whether `grant` gives `right` on the whole of the account.
bool GivesRight(const storage::AuthorizationRecord& grant,
                const Uuid& account_id, Right right) {
  const auto gives = [&](std::string_view key) {
    return Gives(
        grant, {.account_id = account_id, .capability_key = std::string(key)});
  };
  if (gives(kAuthManage)) return true;
  switch (right) {
    case Right::kManage:
      return false;
    case Right::kView:
      return gives(kAccountView);
    case Right::kVerify:
      return gives(kAuthVerify);
  }
  return false;
}

std::string_view NameOf(Right right) {
  switch (right) {
    case Right::kView:
      return "account.view or auth.manage";
    case Right::kManage:
      return "auth.manage";
    case Right::kVerify:
      return "auth.verify or auth.manage";
  }
  return "";
}

// Of what one holds, all that can give a Right: few, however much it is.
const storage::HeldFilter& OfRights() {
  static const auto* const filter = new storage::HeldFilter{
      .capability_keys = {std::string(kAuthManage), std::string(kAccountView),
                          std::string(kAuthVerify)}};
  return *filter;
}

}  // namespace

bool Gives(const storage::AuthorizationRecord& held,
           const ScopedCapability& capability) {
  const bool wide_enough = (!held.resource_type.has_value() ||
                            held.resource_type == capability.resource_type) &&
                           (!held.resource_id.has_value() ||
                            held.resource_id == capability.resource_id);
  if (!wide_enough) return false;
  if (held.grant_kind == storage::GrantKind::kSuperAdmin) return true;
  return held.account_id == capability.account_id &&
         (held.grant_kind == storage::GrantKind::kAccountOwner ||
          held.capability_key == capability.capability_key);
}

std::optional<storage::GrantKind> GrantFor(
    std::span<const storage::AuthorizationRecord> held, const Uuid& account_id,
    Right right) {
  std::optional<storage::GrantKind> found;
  for (const storage::AuthorizationRecord& grant : held) {
    if (!GivesRight(grant, account_id, right)) continue;
    if (grant.grant_kind != storage::GrantKind::kSuperAdmin)
      return grant.grant_kind;
    found = storage::GrantKind::kSuperAdmin;
  }
  return found;
}

absl::Status AccessDeniedError(Right right) {
  return MakeError(absl::StatusCode::kPermissionDenied,
                   absl::StrCat("this needs ", std::string(NameOf(right)),
                                " on the account, or there is no such account"),
                   {.reason = "ACCESS_DENIED"});
}

absl::StatusOr<storage::GrantKind> Authorize(
    storage::ReadTxn& txn, std::span<const storage::Subject> subjects,
    const Uuid& account_id, Right right) {
  const absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
      txn.ListHeldFor(subjects, account_id, OfRights());
  if (!held.ok()) return held.status();
  const std::optional<storage::GrantKind> grant =
      GrantFor(*held, account_id, right);
  if (grant.has_value()) return *grant;
  const absl::StatusOr<bool> exists = txn.HasAccount(account_id);
  if (!exists.ok()) return exists.status();
  absl::Status denial = AccessDeniedError(right);
  identity::NoteAccount(denial, *exists);
  return denial;
}

absl::StatusOr<storage::GrantKind> AuthorizeCaller(
    storage::ReadTxn& txn, const identity::Caller& caller, absl::Time now,
    const Uuid& account_id, Right right) {
  const identity::Principal& principal = caller.principal;
  if (principal.kind == identity::PrincipalKind::kServiceAccount) {
    const absl::StatusOr<storage::TokenOwner> found =
        txn.FindToken(principal.token_public_id);
    if (!found.ok() && !absl::IsNotFound(found.status())) {
      return found.status();
    }
    if (!found.ok() || !identity::IsLive(*found, now))
      return identity::TokenInvalidError();
  } else if (principal.credential_expires_at.has_value() &&
             now >= *principal.credential_expires_at) {
    return identity::TokenInvalidError();
  }
  return Authorize(txn, principal.Subjects(), account_id, right);
}

void Access::Admit(const identity::Principal& principal,
                   std::string_view account_id, Right right, Done done) {
  const std::optional<Uuid> account = Uuid::Parse(account_id);
  if (!account.has_value() ||
      (principal.token_snapshot != nullptr &&
       GrantFor(principal.token_snapshot->held, *account, right).has_value())) {
    std::move(done)(absl::OkStatus());
    return;
  }
  store_->Read(
      [subjects = principal.Subjects(), account = *account,
       right](storage::ReadTxn& txn) {
        return Authorize(txn, subjects, account, right).status();
      },
      std::move(done), {.work_for = principal.work_for()});
}

}  // namespace signet::domain
