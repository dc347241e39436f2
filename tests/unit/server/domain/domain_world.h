// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_DOMAIN_DOMAIN_WORLD_H_
#define SIGNET_TESTS_UNIT_SERVER_DOMAIN_DOMAIN_WORLD_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "server/crypto/mac_keyring.h"
#include "server/domain/service_accounts.h"
#include "tests/support/fake_clock.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"
#include "tests/support/unreliable_store.h"

namespace signet {

inline Principal User(const Uuid& id) {
  Principal user;
  user.kind = PrincipalKind::kUser;
  user.id = id;
  user.oauth_subject = id.ToString();
  return user;
}

inline Principal ServiceAccountOf(const Uuid& account_id, const Uuid& id) {
  Principal account;
  account.kind = PrincipalKind::kServiceAccount;
  account.id = id;
  account.home_account_id = account_id;
  return account;
}

// The domain on a memory store, with the clock standing still. In it: kHome and
// an owner of it, a viewer, a super_admin whose grant lies on kHome, and one
// who holds nothing.
struct DomainWorld {
  const Uuid kHome = SampleId(1);
  const Uuid kAbsent = SampleId(2);
  const Principal owner = User(SampleId(11));
  const Principal viewer = User(SampleId(12));
  const Principal super_admin = User(SampleId(13));
  const Principal nobody = User(SampleId(14));
  const Principal program = ServiceAccountOf(kHome, SampleId(15));  // An owner.

  UnreliableStore store;
  FakeClock clock;
  SeededRandom random;
  std::unique_ptr<MacKeyring> keyring = MacKeyring::ForTest("key");
  ServiceAccounts accounts{&store, keyring.get(), &clock, &random, {}};

  DomainWorld() {
    AuthorizationRecord grants[] = {
        SampleGrant(kHome, 101, owner.Subjects()[0], GrantKind::kAccountOwner),
        SampleCapability(kHome, 102, viewer.Subjects()[0]),
        SampleGrant(kHome, 103, super_admin.Subjects()[0],
                    GrantKind::kSuperAdmin),
        SampleGrant(kHome, 104, program.Subjects()[0],
                    GrantKind::kAccountOwner)};
    grants[1].capability_key = "account.view";
    EXPECT_THAT(WriteAndWait(store,
                             [&](WriteTxn& txn) {
                               absl::Status status =
                                   txn.EnsureAccount(kHome, SampleTime());
                               for (const AuthorizationRecord& grant : grants) {
                                 status.Update(txn.InsertAuthorization(grant));
                               }
                               return status;
                             }),
                IsOk());
    writes_before = store.writes();
  }

  int writes() const { return store.writes() - writes_before; }

  absl::StatusOr<IssuedServiceAccount> Create(
      const Principal& principal, ServiceAccounts::CreateRequest request,
      ServiceAccounts::Expired expired = nullptr) {
    std::optional<absl::StatusOr<IssuedServiceAccount>> result;
    accounts.Create(principal, std::move(request), std::move(expired),
                    [&result](absl::StatusOr<IssuedServiceAccount> outcome) {
                      EXPECT_FALSE(result.has_value()) << "answered twice";
                      result.emplace(std::move(outcome));
                    });
    return *std::move(result);
  }

  absl::StatusOr<ServiceAccountRecord> Get(const Principal& principal,
                                           const std::string& account_id,
                                           const std::string& id) {
    std::optional<absl::StatusOr<ServiceAccountRecord>> result;
    accounts.Get(principal,
                 {.account_id = account_id, .service_account_id = id},
                 [&result](absl::StatusOr<ServiceAccountRecord> outcome) {
                   EXPECT_FALSE(result.has_value()) << "answered twice";
                   result.emplace(std::move(outcome));
                 });
    return *std::move(result);
  }

  // A request that breaks no rule.
  ServiceAccounts::CreateRequest Good() const {
    return {.account_id = kHome.ToString(), .name = "ci", .expires_at = {}};
  }

  int writes_before = 0;
};

}  // namespace signet

#endif  // SIGNET_TESTS_UNIT_SERVER_DOMAIN_DOMAIN_WORLD_H_
