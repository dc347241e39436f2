// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_BOOTSTRAP_H_
#define SIGNET_SERVER_DOMAIN_BOOTSTRAP_H_

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "crypto/mac_keyring.h"
#include "server/audit/audit_head.h"
#include "storage/store.h"

namespace signet::domain {

// The credentials that nobody who calls the service can make, for who has its
// files: the first one, and one that may do everything. Their tokens never
// expire, whatever the policy for others, so that they cannot lock everyone
// out.

// What a first start puts into an empty store.
struct BootstrapPlan {
  std::string token_prefix = "hbx_sa";  // Valid for MintToken.
  std::optional<Uuid> account_id;       // Absent: a fresh one.
  // An OAuth user who becomes an owner too: its id, or its `sub`. Empty: none.
  std::string owner_user;
  // What the audit head begins with; absent: a fresh one.
  std::optional<audit::AuditHead> genesis = {};
};

struct Bootstrapped {
  Uuid account_id;
  Uuid service_account_id;
  Secret token;
};

// On an empty store makes, in one transaction, one account and one service
// account called `owner` that has `account_owner` on it. Blocks. False: the
// store was not empty, and nothing was done.
//
// `deliver` hands the credential to the operator. It is called before the
// transaction: where it fails nothing has been written, and a credential that
// was committed has been delivered for sure.
//   ABORTED / BOOTSTRAP_RACE: another process was faster; what was delivered
//     is void.
//   Whatever `deliver` or the store says.
absl::StatusOr<bool> BootstrapIfEmpty(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Clock& clock, RandomSource& random, const BootstrapPlan& plan,
    absl::FunctionRef<absl::Status(const Bootstrapped&)> deliver);

// Where IssueSuperAdmin puts what it makes.
struct SuperAdminPlan {
  std::string token_prefix = "hbx_sa";  // Valid for MintToken.
  std::optional<Uuid> account_id;       // Absent: a fresh one of its own.
  // Whether the account may be one that exists already, a tenant's perhaps.
  bool into_existing = false;
};

// Makes, in one transaction, a service account called `super_admin` that is
// one. Blocks. `deliver` as above: what it was given is void where this fails.
//   FAILED_PRECONDITION / ACCOUNT_EXISTS: it does, and the plan does not say
//     that it may; nothing was delivered.
//   Whatever `deliver` or the store says.
absl::Status IssueSuperAdmin(
    storage::Store& store, const crypto::MacKeyring& keyring,
    const Clock& clock, RandomSource& random, const SuperAdminPlan& plan,
    absl::FunctionRef<absl::Status(const Bootstrapped&)> deliver);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_BOOTSTRAP_H_
