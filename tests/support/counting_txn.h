// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_COUNTING_TXN_H_
#define SIGNET_TESTS_SUPPORT_COUNTING_TXN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/forwarding.h"

namespace signet {

// Counts the rows that look-ups give; over ForwardingReadTxn or
// ForwardingWriteTxn.
template <typename Forwarding>
class CountingTxn final : public Forwarding {
 public:
  // Both outlive it.
  template <typename Txn>
  CountingTxn(Txn& txn, int& rows) : Forwarding(txn), rows_(rows) {}

  absl::StatusOr<bool> IsEmpty() override {
    return Count(Forwarding::IsEmpty());
  }
  absl::StatusOr<storage::ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override {
    return Count(Forwarding::GetServiceAccount(account_id, id));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
  FindServiceAccounts(const Uuid& id) override {
    return Count(Forwarding::FindServiceAccounts(id));
  }
  absl::StatusOr<storage::TokenOwner> FindToken(
      std::string_view public_id) override {
    return Count(Forwarding::FindToken(public_id));
  }
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) override {
    return Count(Forwarding::ListTokensInUse(account_id, id));
  }
  absl::StatusOr<storage::ServiceAccountPage> ListServiceAccounts(
      const storage::ServiceAccountQuery& query) override {
    return Count(Forwarding::ListServiceAccounts(query));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time from, std::string_view after, absl::Time until,
      int limit) override {
    return Count(Forwarding::ListExpiring(from, after, until, limit));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) override {
    return Count(Forwarding::ListDead(before, limit));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const storage::Subject> subjects,
                         const Uuid& account_id) override {
    return Count(Forwarding::ListHeldAuthorizations(subjects, account_id));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject> subjects, const Uuid& account_id,
      const storage::HeldFilter& filter) override {
    return Count(Forwarding::ListHeldFor(subjects, account_id, filter));
  }
  absl::StatusOr<int> CountHeldAuthorizations(const storage::Subject& subject,
                                              const Uuid& account_id,
                                              int limit) override {
    return Count(
        Forwarding::CountHeldAuthorizations(subject, account_id, limit));
  }
  absl::StatusOr<storage::AuthorizationRecord> FindEqualAuthorization(
      const storage::AuthorizationRecord& grant) override {
    return Count(Forwarding::FindEqualAuthorization(grant));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject& subject, const storage::GrantFilter& filter,
      int limit) override {
    return Count(Forwarding::ListGrantsOf(subject, filter, limit));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) override {
    return Count(Forwarding::ListOwners(account_id, limit));
  }
  absl::StatusOr<storage::AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) override {
    return Count(Forwarding::GetAuthorization(account_id, id));
  }
  absl::StatusOr<storage::AuthorizationPage> ListAuthorizations(
      const storage::AuthorizationQuery& query) override {
    return Count(Forwarding::ListAuthorizations(query));
  }
  absl::StatusOr<std::vector<storage::OwnedToken>> ListTokens(
      std::string_view after, int limit) override {
    return Count(Forwarding::ListTokens(after, limit));
  }
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return Count(Forwarding::ListAccounts(after, limit));
  }
  absl::StatusOr<bool> HasAccount(const Uuid& account_id) override {
    return Count(Forwarding::HasAccount(account_id));
  }
  absl::StatusOr<storage::AuditChainRecord> GetAuditChain(
      const Uuid& account_id) override {
    return Count(Forwarding::GetAuditChain(account_id));
  }
  absl::StatusOr<storage::AuditPage> ListAuditEvents(
      const storage::AuditQuery& query) override {
    return Count(Forwarding::ListAuditEvents(query));
  }
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return Count(Forwarding::ListAuditedAccounts(after, limit));
  }
  absl::StatusOr<std::vector<storage::AuditHeadRecord>> ListAuditHeads()
      override {
    return Count(Forwarding::ListAuditHeads());
  }
  absl::StatusOr<storage::IdempotencyRecord> FindIdempotencyRecord(
      const std::array<uint8_t, 32>& lookup) override {
    return Count(Forwarding::FindIdempotencyRecord(lookup));
  }
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override {
    return Count(Forwarding::GetWatermark(name));
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

  int& rows_;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_COUNTING_TXN_H_
