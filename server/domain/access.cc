// SPDX-License-Identifier: Apache-2.0
#include "server/domain/access.h"

#include <vector>

#include "absl/status/status.h"
#include "server/base/error.h"

namespace signet {
namespace {

// Whether `grant` gives `right` on the whole of the account.
bool Gives(const AuthorizationRecord& grant, const Uuid& account_id,
           Right right) {
  if (grant.resource_type.has_value() || grant.resource_id.has_value()) {
    return false;
  }
  switch (grant.grant_kind) {
    case GrantKind::kSuperAdmin:
      return true;
    case GrantKind::kAccountOwner:
      return grant.account_id == account_id;
    case GrantKind::kCapability:
      return grant.account_id == account_id &&
             (grant.capability_key == kAuthManage ||
              (right == Right::kView && grant.capability_key == kAccountView));
  }
  return false;
}

}  // namespace

absl::StatusOr<GrantKind> Authorize(ReadTxn& txn,
                                    std::span<const Subject> subjects,
                                    const Uuid& account_id, Right right) {
  const absl::StatusOr<std::vector<AuthorizationRecord>> held =
      txn.ListHeldAuthorizations(subjects, account_id);
  if (!held.ok()) return held.status();
  bool super_admin = false;
  for (const AuthorizationRecord& grant : *held) {
    if (!Gives(grant, account_id, right)) continue;
    if (grant.grant_kind != GrantKind::kSuperAdmin) return grant.grant_kind;
    super_admin = true;
  }
  if (super_admin) return GrantKind::kSuperAdmin;
  return MakeError(absl::StatusCode::kPermissionDenied,
                   "the caller may not do this on the account, or there is no "
                   "such account",
                   {.reason = "ACCESS_DENIED"});
}

}  // namespace signet
