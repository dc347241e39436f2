// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_SQLITE_READ_TXN_H_
#define SIGNET_STORAGE_SQLITE_READ_TXN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/sqlite/audit_rows.h"
#include "storage/sqlite/authorization_rows.h"
#include "storage/sqlite/connection/connection.h"
#include "storage/sqlite/connection/statement.h"
#include "storage/sqlite/service_account_reads.h"
#include "storage/sqlite/upkeep_rows.h"
#include "storage/store.h"

namespace signet::sqlite {

// The prepared look-ups of one connection.
struct ReadStatements {
  static absl::StatusOr<ReadStatements> Prepare(SqliteConnection& connection);

  ServiceAccountReads service_accounts;
  AuthorizationReads authorizations;
  AuditReads audit;
  UpkeepReads upkeep;
};

// The look-ups of a ReadTxn or a WriteTxn (`Interface`). Lasts as long as its
// connection and serves one body after another; the code that runs the body
// begins and ends the transaction. Not thread-safe.
template <typename Interface>
class SqliteReads : public Interface {
 public:
  absl::StatusOr<bool> IsEmpty() override;
  absl::StatusOr<storage::ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
  FindServiceAccounts(const Uuid& id) override;
  absl::StatusOr<storage::TokenOwner> FindToken(
      std::string_view public_id) override;
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<storage::ServiceAccountPage> ListServiceAccounts(
      const storage::ServiceAccountQuery& query) override;
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time from, std::string_view after, absl::Time until,
      int limit) override;
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) override;
  absl::StatusOr<std::vector<storage::AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const storage::Subject> subjects,
                         const Uuid& account_id) override;
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject> subjects, const Uuid& account_id,
      const storage::HeldFilter& filter) override;
  absl::StatusOr<int> CountHeldAuthorizations(const storage::Subject& subject,
                                              const Uuid& account_id,
                                              int limit) override;
  absl::StatusOr<storage::AuthorizationRecord> FindEqualAuthorization(
      const storage::AuthorizationRecord& grant) override;
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject& subject, const storage::GrantFilter& filter,
      int limit) override;
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) override;
  absl::StatusOr<storage::AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) override;
  absl::StatusOr<storage::AuthorizationPage> ListAuthorizations(
      const storage::AuthorizationQuery& query) override;
  absl::StatusOr<std::vector<storage::OwnedToken>> ListTokens(
      std::string_view after, int limit) override;
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit) override;
  absl::StatusOr<bool> HasAccount(const Uuid& account_id) override;
  absl::StatusOr<storage::AuditChainRecord> GetAuditChain(
      const Uuid& account_id) override;
  absl::StatusOr<storage::AuditPage> ListAuditEvents(
      const storage::AuditQuery& query) override;
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>& after, int limit) override;
  absl::StatusOr<std::vector<storage::AuditHeadRecord>> ListAuditHeads()
      override;
  absl::StatusOr<storage::IdempotencyRecord> FindIdempotencyRecord(
      const std::array<uint8_t, 32>& lookup) override;
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override;

  // The first trouble with the medium (IsEngineFailure) since it was last
  // forgotten, whether or not the body passed it on.
  const absl::Status& engine_failure() const { return engine_failure_; }

  // Before another body.
  void ForgetFailure() { engine_failure_ = absl::OkStatus(); }

 protected:
  explicit SqliteReads(ReadStatements statements)
      : statements_(std::move(statements)) {}

  // Remembers `status` if it tells of the medium, and returns it.
  absl::Status Note(absl::Status status);
  template <typename T>
  absl::StatusOr<T> Note(absl::StatusOr<T> result) {
    if (!result.ok()) Note(result.status()).IgnoreError();
    return result;
  }
  // Remembers `status`, not OK, whatever it tells.
  void SetEngineFailure(const absl::Status& status) {
    if (engine_failure_.ok()) engine_failure_ = status;
  }

 private:
  ReadStatements statements_;
  absl::Status engine_failure_;
};

extern template class SqliteReads<storage::ReadTxn>;
extern template class SqliteReads<storage::WriteTxn>;

// What a ReadBody sees.
class SqliteReadTxn final : public SqliteReads<storage::ReadTxn> {
 public:
  explicit SqliteReadTxn(ReadStatements statements)
      : SqliteReads(std::move(statements)) {}
};

}  // namespace signet::sqlite

#endif  // SIGNET_STORAGE_SQLITE_READ_TXN_H_
