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
  absl::StatusOr<storage::ReplayRecord> FindReplay(
      const std::array<uint8_t, 32>& lookup) override;
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override;

 private:
  const MemoryTables& reads_;
};

extern template class MemoryReads<storage::ReadTxn>;
extern template class MemoryReads<storage::WriteTxn>;

class MemoryReadTxn final : public MemoryReads<storage::ReadTxn> {
 public:
  using MemoryReads::MemoryReads;
};

// Changes the tables in place and remembers how to undo it.
class MemoryWriteTxn final : public MemoryReads<storage::WriteTxn> {
 public:
  explicit MemoryWriteTxn(MemoryTables& tables)
      : MemoryReads(tables), tables_(tables) {}

  // Runs `body` and undoes its changes unless all went well. Returns the body's
  // status, or that of a change of its that failed.
  absl::Status Run(storage::Store::WriteBody& body);

  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now) override;
  absl::Status InsertServiceAccount(
      const storage::ServiceAccountRecord& record) override;
  absl::Status UpdateServiceAccount(
      const storage::ServiceAccountRecord& record) override;
  absl::Status ReplaceToken(
      const storage::ServiceAccountRecord& record) override;
  absl::Status UpdateToken(const Uuid& account_id,
                           const Uuid& service_account_id,
                           const storage::TokenRecord& token) override;
  absl::Status TouchLastUsed(std::span<const storage::LastUse> uses) override;
  absl::StatusOr<int> DeleteReplacedTokens(const Uuid& account_id,
                                           const Uuid& id, int limit) override;
  absl::Status DeleteServiceAccount(const Uuid& account_id,
                                    const Uuid& id) override;
  absl::Status InsertAuthorization(
      const storage::AuthorizationRecord& record) override;
  absl::Status RevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                   absl::Time at,
                                   const storage::Seal& seal) override;
  absl::Status SealAuthorization(const Uuid& account_id, const Uuid& id,
                                 const storage::Seal& seal) override;
  absl::Status InsertAuditEvent(
      const storage::AuditEventRecord& record) override;
  absl::Status PutAuditChain(const storage::AuditChainRecord& record) override;
  absl::Status PutAuditHead(const storage::AuditHeadRecord& record) override;
  absl::Status DeleteAuditEventsBefore(const Uuid& account_id,
                                       uint64_t sequence) override;
  absl::Status PutReplay(const storage::ReplayRecord& record) override;
  absl::StatusOr<int> DeleteReplaysBefore(absl::Time before,
                                          int limit) override;
  absl::Status SetWatermark(std::string_view name, absl::Time time) override;

 private:
  // Runs `change` unless one has failed, and remembers whether it failed. A
  // change looks first whether it can be made, and makes it then.
  template <typename Change>
  absl::Status Attempt(Change change);

  // Puts the row there or, given none, takes it away; remembers what was there.
  template <typename Map>
  void Set(Map& map, const typename Map::key_type& key,
           std::optional<typename Map::mapped_type> row);

  MemoryTables& tables_;
  std::vector<absl::AnyInvocable<void()>> undo_;
  absl::Status failed_change_;
};

}  // namespace signet::memory

#endif  // SIGNET_STORAGE_MEMORY_MEMORY_TXN_H_
