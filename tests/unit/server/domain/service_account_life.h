// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_DOMAIN_SERVICE_ACCOUNT_LIFE_H_
#define SIGNET_TESTS_UNIT_SERVER_DOMAIN_SERVICE_ACCOUNT_LIFE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "server/identity/token_state.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {

// One service account, and what its owner does with it.
class ServiceAccountLife : public testing::Test {
 protected:
  void SetUp() override { issued_.emplace(Create("ci")); }

  IssuedServiceAccount Create(const std::string& name) {
    ServiceAccounts::CreateRequest request = world_.Good();
    request.name = name;
    absl::StatusOr<IssuedServiceAccount> issued =
        world_.Create(world_.owner, std::move(request));
    EXPECT_THAT(issued, IsOk());
    world_.clock.Advance(absl::Seconds(1));
    return *std::move(issued);
  }

  const storage::ServiceAccountRecord& record() const {
    return issued_->record;
  }
  std::string id() const { return record().id.ToString(); }

  storage::ServiceAccountRecord Stored(const Uuid& id) {
    return *world_.Get(world_.owner, home_, id.ToString());
  }

  absl::StatusOr<storage::ServiceAccountRecord> Update(
      const identity::Principal& who, ServiceAccounts::UpdateRequest request) {
    request.account_id = home_;
    if (request.service_account_id.empty()) request.service_account_id = id();
    Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Update(CallerFor(who), std::move(request), outcome.Done());
    return outcome.Take();
  }

  absl::StatusOr<IssuedServiceAccount> Rotate(
      const identity::Principal& who,
      ServiceAccounts::RotateRequest request = {}) {
    request.account_id = home_;
    if (request.service_account_id.empty()) request.service_account_id = id();
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(who), std::move(request), outcome.Done());
    return outcome.Take();
  }

  absl::StatusOr<storage::ServiceAccountRecord> Revoke(
      const identity::Principal& who,
      ServiceAccounts::RevokeRequest request = {}) {
    request.account_id = home_;
    if (request.service_account_id.empty()) request.service_account_id = id();
    Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Revoke(CallerFor(who), std::move(request), outcome.Done());
    return outcome.Take();
  }

  absl::Status RevokeSelf(const identity::Principal& who,
                          ServiceAccounts::RevokeSelfRequest request = {}) {
    std::optional<absl::Status> result;
    world_.accounts.RevokeSelf(CallerFor(who), std::move(request),
                               [&result](absl::Status s) { result = s; });
    return *result;
  }

  absl::StatusOr<ServiceAccounts::Batch> BatchRevoke(
      const identity::Principal& who,
      ServiceAccounts::BatchRevokeRequest request) {
    request.account_id = home_;
    Outcome<ServiceAccounts::Batch> outcome;
    world_.accounts.BatchRevoke(CallerFor(who), std::move(request),
                                outcome.Done());
    return outcome.Take();
  }

  bool Authenticates(const std::string& public_id) {
    bool live = false;
    EXPECT_THAT(storage::ReadAndWait(
                    world_.store,
                    [&](storage::ReadTxn& txn) {
                      const auto found = txn.FindToken(public_id);
                      live = found.ok() &&
                             identity::IsLive(*found, world_.clock.Now());
                      return absl::OkStatus();
                    }),
                IsOk());
    return live;
  }

  // `action` and `outcome` of every event, oldest first.
  std::vector<std::string> Events() {
    std::vector<std::string> events;
    storage::AuditQuery query = {.account_id = world_.kHome,
                                 .descending = false,
                                 .limit = 100,
                                 .scan_limit = 100};
    EXPECT_THAT(storage::ReadAndWait(
                    world_.store,
                    [&](storage::ReadTxn& txn) {
                      const auto page = txn.ListAuditEvents(query);
                      events.clear();  // The body may run again.
                      for (const auto& event : page->records) {
                        events.push_back(event.action + " " + event.details);
                      }
                      return page.status();
                    }),
                IsOk());
    return events;
  }

  DomainWorld world_;
  const std::string home_ = world_.kHome.ToString();
  std::optional<IssuedServiceAccount> issued_;
};

}  // namespace signet::domain

#endif  // SIGNET_TESTS_UNIT_SERVER_DOMAIN_SERVICE_ACCOUNT_LIFE_H_
