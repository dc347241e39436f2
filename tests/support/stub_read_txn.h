// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_STUB_READ_TXN_H_
#define SIGNET_TESTS_SUPPORT_STUB_READ_TXN_H_

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

// A ReadTxn whose every look-up fails. A fake overrides those that its test
// is about.
class StubReadTxn : public storage::ReadTxn {
 public:
  absl::StatusOr<bool> IsEmpty() override { return Unexpected(); }
  absl::StatusOr<storage::ServiceAccountRecord> GetServiceAccount(
      const Uuid&, const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>>
  FindServiceAccounts(const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<storage::TokenOwner> FindToken(std::string_view) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::TokenRecord>> ListTokensInUse(
      const Uuid&, const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<storage::ServiceAccountPage> ListServiceAccounts(
      const storage::ServiceAccountQuery&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListExpiring(
      absl::Time, absl::Time, int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::ServiceAccountRecord>> ListDead(
      absl::Time, int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>>
  ListHeldAuthorizations(std::span<const storage::Subject>,
                         const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListHeldFor(
      std::span<const storage::Subject>, const Uuid&,
      const storage::HeldFilter&) override {
    return Unexpected();
  }
  absl::StatusOr<int> CountHeldAuthorizations(const storage::Subject&,
                                              const Uuid&, int) override {
    return Unexpected();
  }
  absl::StatusOr<storage::AuthorizationRecord> FindEqualAuthorization(
      const storage::AuthorizationRecord&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListGrantsOf(
      const storage::Subject&, const storage::GrantFilter&, int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::AuthorizationRecord>> ListOwners(
      const Uuid&, int) override {
    return Unexpected();
  }
  absl::StatusOr<storage::AuthorizationRecord> GetAuthorization(
      const Uuid&, const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<storage::AuthorizationPage> ListAuthorizations(
      const storage::AuthorizationQuery&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::OwnedToken>> ListTokens(std::string_view,
                                                              int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<Uuid>> ListAccounts(const std::optional<Uuid>&,
                                                 int) override {
    return Unexpected();
  }
  absl::StatusOr<bool> HasAccount(const Uuid&) override { return Unexpected(); }
  absl::StatusOr<storage::AuditChainRecord> GetAuditChain(
      const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<storage::AuditPage> ListAuditEvents(
      const storage::AuditQuery&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>&, int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<storage::AuditHeadRecord>> ListAuditHeads()
      override {
    return Unexpected();
  }
  absl::StatusOr<storage::ReplayRecord> FindReplay(
      const std::array<uint8_t, 32>&) override {
    return Unexpected();
  }
  absl::StatusOr<absl::Time> GetWatermark(std::string_view) override {
    return Unexpected();
  }

 private:
  static absl::Status Unexpected() {
    return absl::UnimplementedError("not for this test");
  }
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_STUB_READ_TXN_H_
