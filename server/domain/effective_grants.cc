// SPDX-License-Identifier: Apache-2.0
#include "server/domain/effective_grants.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "server/domain/violations.h"

namespace signet::domain {
namespace {

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

EffectiveGrants SumGrants(const std::optional<Uuid>& account_id,
                          std::span<const storage::AuthorizationRecord> held) {
  EffectiveGrants grants;
  grants.account_id = account_id;
  for (const storage::AuthorizationRecord& grant : held) {
    if (grant.grant_kind == storage::GrantKind::kSuperAdmin) {
      grants.super_admin = true;
    } else if (grant.account_id != account_id) {
      continue;
    } else if (grant.grant_kind == storage::GrantKind::kAccountOwner) {
      grants.account_owner = true;
    } else if (grant.resource_type.has_value()) {
      grants.on_resources.push_back({.capability_key = *grant.capability_key,
                                     .resource_type = *grant.resource_type,
                                     .resource_id = grant.resource_id});
    } else {
      grants.capabilities.push_back(*grant.capability_key);
    }
  }
  SortUnique(grants.capabilities);
  SortUnique(grants.on_resources);
  return grants;
}

void ReadEffectiveGrants(storage::Store& store, const identity::Caller& caller,
                         const std::string& account_id,
                         OutcomeDone<EffectiveGrants> done) {
  std::optional<Uuid> account = caller.principal.home_account_id;
  if (!account_id.empty()) {
    Violations violations;
    account = violations.TakeId("account_id", account_id);
    if (!violations.empty()) {
      std::move(done)(std::move(violations).ToStatus());
      return;
    }
  }
  ReadOutcome<EffectiveGrants>(
      store, {.work_for = caller.principal.work_for()},
      [subjects = caller.principal.Subjects(),
       account](storage::ReadTxn& txn) -> absl::StatusOr<EffectiveGrants> {
        // Without an account only what reaches everywhere is found.
        const absl::StatusOr<std::vector<storage::AuthorizationRecord>> held =
            txn.ListHeldAuthorizations(subjects, account.value_or(Uuid()));
        if (!held.ok()) return held.status();
        return SumGrants(account, *held);
      },
      std::move(done));
}

}  // namespace signet::domain
