// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_ACCESS_H_
#define SIGNET_SERVER_DOMAIN_ACCESS_H_

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/base/uuid.h"
#include "storage/store.h"

namespace signet {

// Keys of the capabilities that this server asks for itself. Others may be
// granted too; they mean something to other services.
inline constexpr std::string_view kAuthManage = "auth.manage";
inline constexpr std::string_view kAccountView = "account.view";

// What a caller wants to do on an account.
enum class Right {
  kView,    // Read: `account.view` or `auth.manage`.
  kManage,  // Create, update, rotate, revoke, grant: `auth.manage`.
};

// Decides, inside the transaction that acts on the answer, whether one who goes
// by any of `subjects` (Principal::Subjects) has `right` on the whole account.
// `account_owner` there and `super_admin` anywhere give every right. A grant
// narrowed to a resource gives none on the account.
//
// OK holds the kind of grant that decided, the account's own before a
// super_admin's: unless it is kSuperAdmin, the account exists.
//   PERMISSION_DENIED / ACCESS_DENIED: no; the same whether the account exists
//     or not.
//   Whatever the store says.
//
// A row is believed: that a service account has power on an account not its own
// only by a super_admin's word is a rule on granting, where the granter is
// known, not on reading.
absl::StatusOr<GrantKind> Authorize(ReadTxn& txn,
                                    std::span<const Subject> subjects,
                                    const Uuid& account_id, Right right);

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_ACCESS_H_
