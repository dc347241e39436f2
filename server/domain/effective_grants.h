// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_EFFECTIVE_GRANTS_H_
#define SIGNET_SERVER_DOMAIN_EFFECTIVE_GRANTS_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "server/domain/transact.h"
#include "server/identity/caller.h"
#include "storage/store.h"

namespace signet::domain {

// What a principal holds on an account.
struct EffectiveGrants {
  struct OnResource {
    std::string capability_key;
    std::string resource_type;
    std::optional<Uuid> resource_id;
    friend auto operator<=>(const OnResource&, const OnResource&) = default;
  };

  std::optional<Uuid> account_id;  // Absent: none was asked for.
  bool account_owner = false;
  bool super_admin = false;
  std::vector<std::string> capabilities;  // On all of it; sorted, unique.
  std::vector<OnResource> on_resources;   // Sorted, unique.
};

// What `held` comes to on the account. Pure.
EffectiveGrants SumGrants(const std::optional<Uuid>& account_id,
                          std::span<const storage::AuthorizationRecord> held);

// Reads what the caller holds on the account that `account_id` names; where it
// is empty, on the one the caller belongs to. Needs no right: it says nothing
// about anyone else, not even whether the account exists.
//   INVALID_ARGUMENT / FIELD_INVALID: `account_id` is no UUID.
void ReadEffectiveGrants(storage::Store& store, const identity::Caller& caller,
                         const std::string& account_id,
                         OutcomeDone<EffectiveGrants> done);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_EFFECTIVE_GRANTS_H_
