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
class StubReadTxn : public ReadTxn {
 public:
  absl::StatusOr<bool> IsEmpty() override { return Unexpected(); }
  absl::StatusOr<ServiceAccountRecord> GetServiceAccount(const Uuid&,
                                                         const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<ServiceAccountRecord>> FindServiceAccounts(
      const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<TokenOwner> FindToken(std::string_view) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<TokenRecord>> ListTokensInUse(
      const Uuid&, const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<ServiceAccountPage> ListServiceAccounts(
      const ServiceAccountQuery&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<ServiceAccountRecord>> ListExpiring(absl::Time,
                                                                 absl::Time,
                                                                 int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<ServiceAccountRecord>> ListDead(absl::Time,
                                                             int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldAuthorizations(
      std::span<const Subject>, const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListHeldFor(
      std::span<const Subject>, const Uuid&, const HeldFilter&) override {
    return Unexpected();
  }
  absl::StatusOr<int> CountHeldAuthorizations(const Subject&, const Uuid&,
                                              int) override {
    return Unexpected();
  }
  absl::StatusOr<AuthorizationRecord> FindEqualAuthorization(
      const AuthorizationRecord&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListGrantsOf(
      const Subject&, std::optional<GrantKind>, int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<AuthorizationRecord>> ListOwners(const Uuid&,
                                                              int) override {
    return Unexpected();
  }
  absl::StatusOr<AuthorizationRecord> GetAuthorization(const Uuid&,
                                                       const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<AuthorizationPage> ListAuthorizations(
      const AuthorizationQuery&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<OwnedToken>> ListTokens(std::string_view,
                                                     int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<Uuid>> ListAccounts(const std::optional<Uuid>&,
                                                 int) override {
    return Unexpected();
  }
  absl::StatusOr<bool> HasAccount(const Uuid&) override { return Unexpected(); }
  absl::StatusOr<AuditChainRecord> GetAuditChain(const Uuid&) override {
    return Unexpected();
  }
  absl::StatusOr<AuditPage> ListAuditEvents(const AuditQuery&) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<Uuid>> ListAuditedAccounts(
      const std::optional<Uuid>&, int) override {
    return Unexpected();
  }
  absl::StatusOr<std::vector<AuditHeadRecord>> ListAuditHeads() override {
    return Unexpected();
  }
  absl::StatusOr<ReplayRecord> FindReplay(
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
