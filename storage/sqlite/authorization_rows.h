// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_AUTHORIZATION_ROWS_H_
#define SIGNET_STORAGE_SQLITE_AUTHORIZATION_ROWS_H_

#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/uuid.h"
#include "storage/queries.h"
#include "storage/records.h"
#include "storage/sqlite/connection/statement.h"

namespace signet {

// The look-ups of ReadTxn in authorizations and accounts, as prepared
// statements of one connection.
class AuthorizationReads {
 public:
  explicit AuthorizationReads(Preparer& prepare);

  absl::StatusOr<bool> AnyAccount();
  absl::StatusOr<bool> HasAccount(const Uuid& account_id);
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit);
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeld(
      std::span<const Subject> subjects, const Uuid& account_id);
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldFor(
      std::span<const Subject> subjects, const Uuid& account_id,
      const HeldFilter& filter);
  absl::StatusOr<int> CountHeld(const Subject& subject, const Uuid& account_id,
                                int limit);
  absl::StatusOr<AuthorizationRecord> FindEqual(
      const AuthorizationRecord& grant);
  absl::StatusOr<std::vector<AuthorizationRecord>> ListGrantsOf(
      const Subject& subject, std::optional<GrantKind> kind, int limit);
  absl::StatusOr<std::vector<AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit);
  absl::StatusOr<AuthorizationRecord> Get(const Uuid& account_id,
                                          const Uuid& id);
  absl::StatusOr<AuthorizationPage> List(const AuthorizationQuery& query);

 private:
  // Adds what one subject holds of what `filter` lets through.
  absl::Status AddHeldFor(const Subject& subject, const Uuid& account_id,
                          const HeldFilter& filter,
                          std::vector<AuthorizationRecord>& held);

  Statement any_account_;
  Statement has_account_;
  Statement list_accounts_;
  Statement held_;
  Statement held_kinds_;
  Statement held_capability_;
  Statement count_held_;
  Statement equal_;
  Statement grants_of_;
  Statement owners_;
  Statement get_;
  Statement list_;
};

// The changes of WriteTxn to them.
class AuthorizationWrites {
 public:
  explicit AuthorizationWrites(Preparer& prepare);

  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now);
  absl::Status Insert(const AuthorizationRecord& record);
  absl::Status Revoke(const Uuid& account_id, const Uuid& id, absl::Time at,
                      const Seal& seal);
  absl::Status PutSeal(const Uuid& account_id, const Uuid& id,
                       const Seal& seal);

 private:
  Statement ensure_account_;
  Statement insert_;
  Statement revoke_;
  Statement put_seal_;
};

}  // namespace signet

#endif  // SIGNET_STORAGE_SQLITE_AUTHORIZATION_ROWS_H_
