// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_
#define SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "storage/memory/memory_tables.h"
#include "storage/store.h"

namespace signet::memory {

// Look-ups in tables that somebody has locked.
template <typename Interface>
class MemoryReads : public Interface {
 public:
  explicit MemoryReads(const MemoryTables& tables) : reads_(tables) {}

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
      absl::Time from, absl::Time until, int limit) override;
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

 private:
  const MemoryTables& reads_;
};

extern template class MemoryReads<storage::ReadTxn>;
extern template class MemoryReads<storage::WriteTxn>;

class MemoryReadTxn : public MemoryReads<storage::ReadTxn> {
 public:
  using MemoryReads::MemoryReads;
};

// Changes the tables in place and remembers how to undo it. A change looks
// first whether it can be made, and makes it then.
class MemoryWriteTxn final : public MemoryReads<storage::WriteTxn> {
 public:
  explicit MemoryWriteTxn(MemoryTables& tables)
      : MemoryReads(tables), tables_(tables) {}

  // Runs `body` and undoes its changes unless all went well. Returns the body's
  // status, or that of a change of its that failed. Leaves in `journal` what it
  // changed.
  absl::Status Run(storage::Store::WriteBody& body,
                   storage::ChangeJournal& journal);

 protected:
  absl::Status DoEnsureAccount(const Uuid& account_id, absl::Time now) override;
  absl::Status DoInsertServiceAccount(
      const storage::ServiceAccountRecord& record) override;
  absl::Status DoUpdateServiceAccount(
      const storage::ServiceAccountRecord& record) override;
  absl::Status DoReplaceToken(
      const storage::ServiceAccountRecord& record) override;
  absl::StatusOr<storage::TokenStatus> DoGetTokenStatus(
      const Uuid& account_id, const Uuid& service_account_id,
      std::string_view public_id) override;
  absl::Status DoUpdateToken(const Uuid& account_id,
                             const Uuid& service_account_id,
                             const storage::TokenRecord& token) override;
  absl::Status DoTouchLastUsed(std::span<const storage::LastUse> uses) override;
  absl::StatusOr<int> DoDeleteReplacedTokens(const Uuid& account_id,
                                             const Uuid& id,
                                             int limit) override;
  absl::Status DoDeleteServiceAccount(const Uuid& account_id,
                                      const Uuid& id) override;
  absl::Status DoInsertAuthorization(
      const storage::AuthorizationRecord& record) override;
  absl::Status DoRevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                     absl::Time at,
                                     const storage::Seal& seal) override;
  absl::Status DoSealAuthorization(const Uuid& account_id, const Uuid& id,
                                   const storage::Seal& seal) override;
  absl::Status DoInsertAuditEvent(
      const storage::AuditEventRecord& record) override;
  absl::Status DoPutAuditChain(
      const storage::AuditChainRecord& record) override;
  absl::Status DoPutAuditHead(const storage::AuditHeadRecord& record) override;
  absl::Status DoDeleteAuditEventsBefore(const Uuid& account_id,
                                         uint64_t sequence) override;
  absl::Status DoPutIdempotencyRecord(
      const storage::IdempotencyRecord& record) override;
  absl::StatusOr<int> DoDeleteIdempotencyRecordsBefore(absl::Time before,
                                                       int limit) override;
  absl::Status DoSetWatermark(std::string_view name, absl::Time time) override;

 private:
  // Puts the row there or, given none, takes it away; remembers what was there.
  template <typename Map>
  void Set(Map& map, const typename Map::key_type& key,
           std::optional<typename Map::mapped_type> row);

  MemoryTables& tables_;
  std::vector<absl::AnyInvocable<void()>> undo_;
};

}  // namespace signet::memory

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_
