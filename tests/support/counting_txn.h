// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_COUNTING_TXN_H_
#define SIGNET_TESTS_SUPPORT_COUNTING_TXN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/store.h"

namespace signet {

// Passes everything on, and counts the rows that look-ups give.
class CountingTxn final : public storage::WriteTxn {
 public:
  // Both outlive it.
  CountingTxn(storage::WriteTxn& txn, int& rows) : txn_(txn), rows_(rows) {}

  absl::StatusOr<bool> IsEmpty() override { return Count(txn_.IsEmpty()); }
  absl::StatusOr<storage::ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override {
    return Count(txn_.GetServiceAccount(account_id, id));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
  FindServiceAccounts(const Uuid& id) override {
    return Count(txn_.FindServiceAccounts(id));
  }
  absl::StatusOr<storage::TokenOwner> FindToken(
      std::string_view public_id) override {
    return Count(txn_.FindToken(public_id));
  }
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) override {
    return Count(txn_.ListTokensInUse(account_id, id));
  }
  absl::StatusOr<storage::ServiceAccountPage> ListServiceAccounts(
      const storage::ServiceAccountQuery& query) override {
    return Count(txn_.ListServiceAccounts(query));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time from, absl::Time until, int limit) override {
    return Count(txn_.ListExpiring(from, until, limit));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) override {
    return Count(txn_.ListDead(before, limit));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const storage::Subject> subjects,
                         const Uuid& account_id) override {
    return Count(txn_.ListHeldAuthorizations(subjects, account_id));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject> subjects, const Uuid& account_id,
      const storage::HeldFilter& filter) override {
    return Count(txn_.ListHeldFor(subjects, account_id, filter));
  }
  absl::StatusOr<int> CountHeldAuthorizations(const storage::Subject& subject,
                                              const Uuid& account_id,
                                              int limit) override {
    return Count(txn_.CountHeldAuthorizations(subject, account_id, limit));
  }
  absl::StatusOr<storage::AuthorizationRecord> FindEqualAuthorization(
      const storage::AuthorizationRecord& grant) override {
    return Count(txn_.FindEqualAuthorization(grant));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject& subject, const storage::GrantFilter& filter,
      int limit) override {
    return Count(txn_.ListGrantsOf(subject, filter, limit));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) override {
    return Count(txn_.ListOwners(account_id, limit));
  }
  absl::StatusOr<storage::AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) override {
    return Count(txn_.GetAuthorization(account_id, id));
  }
  absl::StatusOr<storage::AuthorizationPage> ListAuthorizations(
      const storage::AuthorizationQuery& query) override {
    return Count(txn_.ListAuthorizations(query));
  }
  absl::StatusOr<std::vector<storage::OwnedToken>> ListTokens(
      std::string_view after, int limit) override {
    return Count(txn_.ListTokens(after, limit));
  }
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return Count(txn_.ListAccounts(after, limit));
  }
  absl::StatusOr<bool> HasAccount(const Uuid& account_id) override {
    return Count(txn_.HasAccount(account_id));
  }
  absl::StatusOr<storage::AuditChainRecord> GetAuditChain(
      const Uuid& account_id) override {
    return Count(txn_.GetAuditChain(account_id));
  }
  absl::StatusOr<storage::AuditPage> ListAuditEvents(
      const storage::AuditQuery& query) override {
    return Count(txn_.ListAuditEvents(query));
  }
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return Count(txn_.ListAuditedAccounts(after, limit));
  }
  absl::StatusOr<std::vector<storage::AuditHeadRecord>> ListAuditHeads()
      override {
    return Count(txn_.ListAuditHeads());
  }
  absl::StatusOr<storage::ReplayRecord> FindReplay(
      const std::array<uint8_t, 32>& lookup) override {
    return Count(txn_.FindReplay(lookup));
  }
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override {
    return Count(txn_.GetWatermark(name));
  }

  absl::Status EnsureAccount(const Uuid& account_id, absl::Time now) override {
    return txn_.EnsureAccount(account_id, now);
  }
  absl::Status InsertServiceAccount(
      const storage::ServiceAccountRecord& record) override {
    return txn_.InsertServiceAccount(record);
  }
  absl::Status UpdateServiceAccount(
      const storage::ServiceAccountRecord& record) override {
    return txn_.UpdateServiceAccount(record);
  }
  absl::Status ReplaceToken(
      const storage::ServiceAccountRecord& record) override {
    return txn_.ReplaceToken(record);
  }
  absl::Status UpdateToken(const Uuid& account_id,
                           const Uuid& service_account_id,
                           const storage::TokenRecord& token) override {
    return txn_.UpdateToken(account_id, service_account_id, token);
  }
  absl::Status TouchLastUsed(std::span<const storage::LastUse> uses) override {
    return txn_.TouchLastUsed(uses);
  }
  absl::StatusOr<int> DeleteReplacedTokens(const Uuid& account_id,
                                           const Uuid& id, int limit) override {
    return txn_.DeleteReplacedTokens(account_id, id, limit);
  }
  absl::Status DeleteServiceAccount(const Uuid& account_id,
                                    const Uuid& id) override {
    return txn_.DeleteServiceAccount(account_id, id);
  }
  absl::Status InsertAuthorization(
      const storage::AuthorizationRecord& record) override {
    return txn_.InsertAuthorization(record);
  }
  absl::Status RevokeAuthorization(const Uuid& account_id, const Uuid& id,
                                   absl::Time at,
                                   const storage::Seal& seal) override {
    return txn_.RevokeAuthorization(account_id, id, at, seal);
  }
  absl::Status SealAuthorization(const Uuid& account_id, const Uuid& id,
                                 const storage::Seal& seal) override {
    return txn_.SealAuthorization(account_id, id, seal);
  }
  absl::Status InsertAuditEvent(
      const storage::AuditEventRecord& record) override {
    return txn_.InsertAuditEvent(record);
  }
  absl::Status PutAuditChain(const storage::AuditChainRecord& record) override {
    return txn_.PutAuditChain(record);
  }
  absl::Status PutAuditHead(const storage::AuditHeadRecord& record) override {
    return txn_.PutAuditHead(record);
  }
  absl::Status DeleteAuditEventsBefore(const Uuid& account_id,
                                       uint64_t sequence) override {
    return txn_.DeleteAuditEventsBefore(account_id, sequence);
  }
  absl::Status PutReplay(const storage::ReplayRecord& record) override {
    return txn_.PutReplay(record);
  }
  absl::StatusOr<int> DeleteReplaysBefore(absl::Time before,
                                          int limit) override {
    return txn_.DeleteReplaysBefore(before, limit);
  }
  absl::Status SetWatermark(std::string_view name, absl::Time time) override {
    return txn_.SetWatermark(name, time);
  }

 private:
  template <typename Row>
  static int RowsOf(const std::vector<Row>& rows) {
    return static_cast<int>(rows.size());
  }
  static int RowsOf(const storage::ServiceAccountPage& page) {
    return RowsOf(page.records);
  }
  static int RowsOf(const storage::AuthorizationPage& page) {
    return RowsOf(page.records);
  }
  static int RowsOf(const storage::AuditPage& page) {
    return RowsOf(page.records);
  }
  template <typename Row>
  static int RowsOf(const Row&) {
    return 1;
  }

  template <typename Answer>
  Answer Count(Answer answer) {
    if (answer.ok()) rows_ += RowsOf(*answer);
    return answer;
  }

  storage::WriteTxn& txn_;
  int& rows_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_COUNTING_TXN_H_
