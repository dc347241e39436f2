// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_SEAL_SEAL_DATABASE_H_
#define SIGNET_SERVER_SEAL_SEAL_DATABASE_H_

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_head.h"
#include "storage/store.h"

namespace signet::seal {

// The action of the event that says that an account's rows were sealed.
inline constexpr std::string_view kSealedAction = "account.sealed";

// What was sealed. Of owners and super_admins those in force.
struct SealedRows {
  uint64_t accounts = 0;
  uint64_t service_accounts = 0;
  uint64_t tokens = 0;
  uint64_t authorizations = 0;
  uint64_t account_owners = 0;
  uint64_t super_admins = 0;
  audit::AuditHead head;
};

// Gives every row of a database that has no seals its seal, whatever it says:
// anyone who forged one before has it believed from now on. Then appends an
// event to each account's audit log, and makes the audit head. Where it was
// broken off it can be run again, until there is a head. `store` is the engine
// itself, not a SealedStore, and nobody else writes to it. Blocks; one
// transaction of some hundred rows after another. Borrows all.
//
// Calls `show` for each unrevoked `account_owner` and `super_admin`, so that
// who decides can look at them, and `progress` now and then with the rows seen.
//   FAILED_PRECONDITION: there is a head already.
//   Otherwise the store's errors.
absl::StatusOr<SealedRows> SealDatabase(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Clock& clock, RandomSource& random,
    absl::FunctionRef<void(const storage::AuthorizationRecord&)> show,
    absl::FunctionRef<void(uint64_t)> progress);

}  // namespace signet::seal

#endif  // SIGNET_SERVER_SEAL_SEAL_DATABASE_H_
