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

namespace signet::sqlite {

// The look-ups of ReadTxn in authorizations and accounts, as prepared
// statements of one connection.
class AuthorizationReads {
 public:
  explicit AuthorizationReads(Preparer& prepare);

  absl::StatusOr<bool> AnyAccount();
  absl::StatusOr<bool> HasAccount(const Uuid& account_id);
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit);
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeld(
      std::span<const storage::Subject> subjects, const Uuid& account_id);
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject> subjects, const Uuid& account_id,
      const storage::HeldFilter& filter);
  absl::StatusOr<int> CountHeld(const storage::Subject& subject,
                                const Uuid& account_id, int limit);
  absl::StatusOr<storage::AuthorizationRecord> FindEqual(
      const storage::AuthorizationRecord& grant);
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject& subject, const storage::GrantFilter& filter,
      int limit);
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit);
  absl::StatusOr<storage::AuthorizationRecord> Get(const Uuid& account_id,
                                                   const Uuid& id);
  absl::StatusOr<storage::AuthorizationPage> List(
      const storage::AuthorizationQuery& query);

 private:
  // Adds what one subject holds of what `filter` lets through.
  absl::Status AddHeldFor(const storage::Subject& subject,
                          const Uuid& account_id,
                          const storage::HeldFilter& filter,
                          std::vector<storage::AuthorizationRecord>& held);

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
  absl::Status Insert(const storage::AuthorizationRecord& record);
  absl::Status Revoke(const Uuid& account_id, const Uuid& id, absl::Time at,
                      const storage::Seal& seal);
  absl::Status PutSeal(const Uuid& account_id, const Uuid& id,
                       const storage::Seal& seal);

 private:
  Statement ensure_account_;
  Statement insert_;
  Statement revoke_;
  Statement put_seal_;
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_AUTHORIZATION_ROWS_H_
