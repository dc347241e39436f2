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

// Counts the rows that look-ups give.
class CountingTxn final : public storage::ForwardingWriteTxn {
 public:
  // Both outlive it.
  CountingTxn(storage::WriteTxn& txn, int& rows)
      : ForwardingWriteTxn(txn), rows_(rows) {}

  absl::StatusOr<bool> IsEmpty() override {
    return Count(ForwardingWriteTxn::IsEmpty());
  }
  absl::StatusOr<storage::ServiceAccountRecord> GetServiceAccount(
      const Uuid& account_id, const Uuid& id) override {
    return Count(ForwardingWriteTxn::GetServiceAccount(account_id, id));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
  FindServiceAccounts(const Uuid& id) override {
    return Count(ForwardingWriteTxn::FindServiceAccounts(id));
  }
  absl::StatusOr<storage::TokenOwner> FindToken(
      std::string_view public_id) override {
    return Count(ForwardingWriteTxn::FindToken(public_id));
  }
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid& account_id, const Uuid& id) override {
    return Count(ForwardingWriteTxn::ListTokensInUse(account_id, id));
  }
  absl::StatusOr<storage::ServiceAccountPage> ListServiceAccounts(
      const storage::ServiceAccountQuery& query) override {
    return Count(ForwardingWriteTxn::ListServiceAccounts(query));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time from, absl::Time until, int limit) override {
    return Count(ForwardingWriteTxn::ListExpiring(from, until, limit));
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time before, int limit) override {
    return Count(ForwardingWriteTxn::ListDead(before, limit));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const storage::Subject> subjects,
                         const Uuid& account_id) override {
    return Count(
        ForwardingWriteTxn::ListHeldAuthorizations(subjects, account_id));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject> subjects, const Uuid& account_id,
      const storage::HeldFilter& filter) override {
    return Count(ForwardingWriteTxn::ListHeldFor(subjects, account_id, filter));
  }
  absl::StatusOr<int> CountHeldAuthorizations(const storage::Subject& subject,
                                              const Uuid& account_id,
                                              int limit) override {
    return Count(ForwardingWriteTxn::CountHeldAuthorizations(
        subject, account_id, limit));
  }
  absl::StatusOr<storage::AuthorizationRecord> FindEqualAuthorization(
      const storage::AuthorizationRecord& grant) override {
    return Count(ForwardingWriteTxn::FindEqualAuthorization(grant));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject& subject, const storage::GrantFilter& filter,
      int limit) override {
    return Count(ForwardingWriteTxn::ListGrantsOf(subject, filter, limit));
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid& account_id, int limit) override {
    return Count(ForwardingWriteTxn::ListOwners(account_id, limit));
  }
  absl::StatusOr<storage::AuthorizationRecord> GetAuthorization(
      const Uuid& account_id, const Uuid& id) override {
    return Count(ForwardingWriteTxn::GetAuthorization(account_id, id));
  }
  absl::StatusOr<storage::AuthorizationPage> ListAuthorizations(
      const storage::AuthorizationQuery& query) override {
    return Count(ForwardingWriteTxn::ListAuthorizations(query));
  }
  absl::StatusOr<std::vector<storage::OwnedToken>> ListTokens(
      std::string_view after, int limit) override {
    return Count(ForwardingWriteTxn::ListTokens(after, limit));
  }
  absl::StatusOr<std::vector<Uuid>> ListAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return Count(ForwardingWriteTxn::ListAccounts(after, limit));
  }
  absl::StatusOr<bool> HasAccount(const Uuid& account_id) override {
    return Count(ForwardingWriteTxn::HasAccount(account_id));
  }
  absl::StatusOr<storage::AuditChainRecord> GetAuditChain(
      const Uuid& account_id) override {
    return Count(ForwardingWriteTxn::GetAuditChain(account_id));
  }
  absl::StatusOr<storage::AuditPage> ListAuditEvents(
      const storage::AuditQuery& query) override {
    return Count(ForwardingWriteTxn::ListAuditEvents(query));
  }
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>& after, int limit) override {
    return Count(ForwardingWriteTxn::ListAuditedAccounts(after, limit));
  }
  absl::StatusOr<std::vector<storage::AuditHeadRecord>> ListAuditHeads()
      override {
    return Count(ForwardingWriteTxn::ListAuditHeads());
  }
  absl::StatusOr<storage::IdempotencyRecord> FindIdempotencyRecord(
      const std::array<uint8_t, 32>& lookup) override {
    return Count(ForwardingWriteTxn::FindIdempotencyRecord(lookup));
  }
  absl::StatusOr<absl::Time> GetWatermark(std::string_view name) override {
    return Count(ForwardingWriteTxn::GetWatermark(name));
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
