// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_ACCESS_H_
#define SIGNET_SERVER_DOMAIN_ACCESS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "server/identity/caller.h"
#include "server/identity/principal.h"
#include "storage/store.h"

namespace signet::domain {

// Keys of the capabilities that this server asks for itself. Others may be
// granted too; they mean something to other services.
inline constexpr std::string_view kAuthManage = "auth.manage";
inline constexpr std::string_view kAccountView = "account.view";
inline constexpr std::string_view kAuthVerify = "auth.verify";

// What a caller wants to do on an account.
enum class Right {
  kView,    // Read: `account.view` or `auth.manage`.
  kManage,  // Create, update, rotate, revoke, grant: `auth.manage`.
  kVerify,  // Ask about others' tokens: `auth.verify` or `auth.manage`.
};

// Whether one who holds `held` has `right` on the whole account: the kind of
// grant that decides, the account's own before a super_admin's. `held` is what
// ListHeldAuthorizations gives for that account. Pure.
std::optional<storage::GrantKind> GrantFor(
    std::span<const storage::AuthorizationRecord> held, const Uuid& account_id,
    Right right);

// PERMISSION_DENIED / ACCESS_DENIED: names what the call needs; the same
// whether there is such an account or not.
absl::Status AccessDeniedError(Right right);

// A capability on an account, on all resources of a type there, or on one.
struct ScopedCapability {
  Uuid account_id;
  std::string capability_key;
  std::optional<std::string> resource_type = {};
  std::optional<Uuid> resource_id = {};
};

// Whether `held` gives the capability on at least as much. Pure.
bool Gives(const storage::AuthorizationRecord& held,
           const ScopedCapability& capability);

// Decides, inside the transaction that acts on the answer, whether one who goes
// by any of `subjects` (Principal::Subjects) has `right` on the whole account.
// `account_owner` there and `super_admin` anywhere give every right. A grant
// narrowed to a resource gives none on the account.
//
// OK holds the kind of grant that decided, the account's own before a
// super_admin's: unless it is kSuperAdmin, the account exists.
//   PERMISSION_DENIED / ACCESS_DENIED: no; the same, but for what
//     IsOnAbsentAccount() tells of it, whether the account exists or not.
//   Whatever the store says.
//
// A row is believed: that a service account has power on an account not its own
// only by a super_admin's word is a rule on granting, where the granter is
// known, not on reading.
absl::StatusOr<storage::GrantKind> Authorize(
    storage::ReadTxn& txn, std::span<const storage::Subject> subjects,
    const Uuid& account_id, Right right);

// As above, for a caller in the transaction that acts for it: its credential
// must still be good at `now`, which is read when the body runs, so that
// nothing is done after its end however long the call has waited.
//   UNAUTHENTICATED / TOKEN_INVALID: it was revoked, disabled, replaced or has
//     expired meanwhile; of an OAuth access token, it has expired.
absl::StatusOr<storage::GrantKind> AuthorizeCaller(
    storage::ReadTxn& txn, const identity::Caller& caller, absl::Time now,
    const Uuid& account_id, Right right);

// Authorization outside of a transaction that acts on it. Thread-safe; nothing
// blocks.
class Access {
 public:
  using Done = absl::AnyInvocable<void(absl::Status) &&>;

  // The store outlives this object, which outlives its calls.
  explicit Access(storage::Store* store) : store_(store) {}

  // Whether a call would get past Authorize, as far as can be told before it is
  // made: a lookup, or none where the caller's token was known to give the
  // right when the call came. OK if `account_id` is no UUID, as that fault
  // ranks later.
  void Admit(const identity::Principal& principal, std::string_view account_id,
             Right right, Done done);

 private:
  storage::Store* const store_;
};

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_ACCESS_H_
