// SPDX-License-Identifier: Apache-2.0
#include "server/domain/last_owner.h"

#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/authorizations.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::domain {
namespace {

auto IsLastOwner() {
  return ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER");
}

// An account, kAway, whose owners are made by each test; a super_admin acts.
class LastOwner : public testing::Test {
 protected:
  ServiceAccounts& accounts() { return oauth_ ? world_.accounts : without_; }
  Authorizations& authorizations() {
    return oauth_ ? world_.authorizations : grants_without_;
  }

  // A service account of `home` that owns kAway.
  IssuedServiceAccount IssueOwner(const Uuid& home) {
    ServiceAccounts::CreateRequest request = world_.Good();
    request.account_id = home.ToString();
    absl::StatusOr<IssuedServiceAccount> issued =
        world_.Create(world_.super_admin, request);
    EXPECT_THAT(issued, IsOk());
    MakeOwner(
        {storage::SubjectType::kServiceAccount, issued->record.id.ToString()});
    return *std::move(issued);
  }
  storage::ServiceAccountRecord Owner(const Uuid& home) {
    return IssueOwner(home).record;
  }

  Uuid MakeOwner(const storage::Subject& subject) {
    const storage::AuthorizationRecord grant =
        SampleGrant(world_.kAway, world_.next_grant++, subject,
                    storage::GrantKind::kAccountOwner);
    world_.Grant(grant);
    return grant.id;
  }

  absl::Status Revoke(const storage::ServiceAccountRecord& target) {
    return RevokeAs(world_.super_admin, target);
  }

  absl::Status RevokeAs(const identity::Principal& who,
                        const storage::ServiceAccountRecord& target) {
    Outcome<storage::ServiceAccountRecord> outcome;
    accounts().Revoke(CallerFor(who),
                      {.account_id = target.account_id.ToString(),
                       .service_account_id = target.id.ToString()},
                      outcome.Done());
    return outcome.Take().status();
  }

  absl::Status Update(const storage::ServiceAccountRecord& target,
                      ServiceAccounts::UpdateRequest request) {
    request.account_id = target.account_id.ToString();
    request.service_account_id = target.id.ToString();
    Outcome<storage::ServiceAccountRecord> outcome;
    accounts().Update(CallerFor(world_.super_admin), std::move(request),
                      outcome.Done());
    return outcome.Take().status();
  }

  absl::StatusOr<ServiceAccounts::Batch> BatchRevoke(const Uuid& account_id,
                                                     bool dry_run) {
    Outcome<ServiceAccounts::Batch> outcome;
    accounts().BatchRevoke(CallerFor(world_.super_admin),
                           {.account_id = account_id.ToString(),
                            .conditions = {.name_prefix = "ci"},
                            .dry_run = dry_run},
                           outcome.Done());
    return outcome.Take();
  }

  absl::Status RevokeGrant(const Uuid& id) {
    Outcome<storage::AuthorizationRecord> outcome;
    authorizations().Revoke(CallerFor(world_.super_admin),
                            {.account_id = world_.kAway.ToString(),
                             .authorization_id = id.ToString()},
                            outcome.Done());
    return outcome.Take().status();
  }

  bool Exists(const storage::ServiceAccountRecord& target) {
    const auto found = world_.Get(
        world_.super_admin, target.account_id.ToString(), target.id.ToString());
    return found.ok() && *found == target;
  }

  TokenWorld world_;
  bool oauth_ = true;
  ServiceAccounts without_{
      &world_.store,     world_.keyring.get(),
      &world_.audit,     &world_.denials,
      &world_.last_uses, &world_.clock,
      &world_.random,    {.oauth_owners = OauthOwners::kCannotAct}};
  Authorizations grants_without_{&world_.store,  world_.keyring.get(),
                                 &world_.audit,  &world_.clock,
                                 &world_.random, OauthOwners::kCannotAct};
};

// Whatever account it belongs to.
TEST_F(LastOwner, IsNeitherRevokedNorDisabled) {
  for (const Uuid& home : {world_.kAway, world_.kHome}) {
    const storage::ServiceAccountRecord only = Owner(home);
    EXPECT_THAT(Revoke(only), IsLastOwner());
    EXPECT_THAT(Update(only, {.enabled = false}), IsLastOwner());
    EXPECT_THAT(Update(only, {.name = "x", .enabled = false}), IsLastOwner());
    EXPECT_THAT(BatchRevoke(home, false), IsLastOwner());
    EXPECT_THAT(BatchRevoke(home, true), IsLastOwner());
    EXPECT_TRUE(Exists(only)) << "nothing changed";
    const storage::ServiceAccountRecord other = Owner(world_.kAway);
    EXPECT_THAT(Revoke(only), IsOk());
    EXPECT_THAT(Revoke(other), IsLastOwner());
    // So that the next round has one owner.
    world_.ChangeRecord(other, [](storage::ServiceAccountRecord& it) {
      it.revoked_at = SampleTime();
    });
  }
}

// Or a leaked owner would hide the next one behind owners that it makes up.
TEST_F(LastOwner, TheNextOneIsFoundBesideAnyNumberThatCannotAct) {
  oauth_ = false;
  const storage::ServiceAccountRecord leaked = Owner(world_.kAway);
  for (int i = 0; i < kMaxOwners; ++i) {
    MakeOwner({storage::SubjectType::kUser, "made up " + std::to_string(i)});
  }
  EXPECT_THAT(Revoke(leaked), IsLastOwner());
  Owner(world_.kAway);
  EXPECT_THAT(Revoke(leaked), IsOk());
}

// Nor hide whoever puts it out.
TEST_F(LastOwner, TheCallerIsFoundBehindAnyNumberThatCannotAct) {
  oauth_ = false;
  const IssuedServiceAccount good = IssueOwner(world_.kAway);
  const storage::ServiceAccountRecord leaked = Owner(world_.kAway);
  for (int i = 0; i < kMaxOwners; ++i) {
    MakeOwner({storage::SubjectType::kUser, "made up " + std::to_string(i)});
  }
  EXPECT_THAT(Revoke(leaked), IsLastOwner()) << "a super_admin is no owner";
  EXPECT_THAT(RevokeAs(DomainWorld::Bearer(good), leaked), IsOk());
  EXPECT_THAT(RevokeAs(DomainWorld::Bearer(good), good.record), IsLastOwner());
}

// Of all the accounts that it owns: what is looked at is bounded in all.
TEST_F(LastOwner, OwningManyAccountsCostsNoMoreThanOne) {
  oauth_ = false;
  const storage::ServiceAccountRecord leaked = Owner(world_.kAway);
  const Uuid& other = world_.kHome;
  for (const Uuid& account : {world_.kAway, other}) {
    for (int i = 0; i < kMaxOwners; ++i) {
      const storage::Subject subject =
          i == 0 && account == other
              ? storage::Subject{storage::SubjectType::kServiceAccount,
                                 leaked.id.ToString()}
              : storage::Subject{storage::SubjectType::kUser,
                                 "made up " + std::to_string(i)};
      world_.Grant(SampleGrant(account, world_.next_grant++, subject,
                               storage::GrantKind::kAccountOwner));
    }
  }
  world_.store.Forget();
  EXPECT_THAT(Update(leaked, {.enabled = false}), IsLastOwner());
  EXPECT_LT(world_.store.most_rows_read(), kMaxOwners + 100);
}

TEST_F(LastOwner, ABatchDoesNotEndThemTogether) {
  const storage::ServiceAccountRecord one = Owner(world_.kAway);
  const storage::ServiceAccountRecord two = Owner(world_.kAway);
  EXPECT_THAT(BatchRevoke(world_.kAway, true), IsLastOwner());
  EXPECT_THAT(BatchRevoke(world_.kAway, false), IsLastOwner());
  EXPECT_TRUE(Exists(one) && Exists(two));
  Owner(world_.kHome);
  EXPECT_THAT(BatchRevoke(world_.kAway, false), IsOk());
}

TEST_F(LastOwner, OneThatCannotActIsNone) {
  const storage::ServiceAccountRecord only = Owner(world_.kAway);
  const storage::ServiceAccountRecord other = Owner(world_.kHome);
  ASSERT_THAT(Update(other, {.enabled = false}), IsOk());
  EXPECT_THAT(Revoke(only), IsLastOwner());
  EXPECT_THAT(Revoke(other), IsOk()) << "it could not act anyway";
  MakeOwner({storage::SubjectType::kServiceAccount, SampleId(77).ToString()});
  EXPECT_THAT(Revoke(only), IsLastOwner()) << "nobody has that id";

  const storage::ServiceAccountRecord expiring = Owner(world_.kAway);
  ASSERT_THAT(
      Update(expiring,
             {.set_expires_at = true,
              .expires_at =
                  RawTimestamp{
                      .seconds = absl::ToUnixSeconds(world_.clock.Now()) + 1}}),
      IsOk());
  world_.clock.Advance(absl::Seconds(2));
  EXPECT_THAT(Revoke(only), IsLastOwner());
}

// However many there are.
TEST_F(LastOwner, OneThatHasEndedCostsTwoRows) {
  constexpr int kDead = 200;
  const storage::ServiceAccountRecord other = Owner(world_.kAway);
  for (int i = 0; i < kDead; ++i) {
    world_.ChangeRecord(Owner(world_.kAway),
                        [](storage::ServiceAccountRecord& it) {
                          it.revoked_at = SampleTime();
                        });
  }
  const storage::ServiceAccountRecord one = Owner(world_.kAway);
  world_.store.Forget();
  EXPECT_THAT(Revoke(one), IsOk());
  EXPECT_GT(world_.store.most_rows_read(), kDead);
  EXPECT_LT(world_.store.most_rows_read(), 2 * kDead + 20);
  EXPECT_THAT(Revoke(other), IsLastOwner());
}

TEST_F(LastOwner, UsersAndGroupsActWhereTheyCanSignIn) {
  const storage::ServiceAccountRecord only = Owner(world_.kAway);
  const Uuid user = MakeOwner(world_.nobody.Subjects()[0]);
  oauth_ = false;
  EXPECT_THAT(Revoke(only), IsLastOwner());
  EXPECT_THAT(RevokeGrant(user), IsOk()) << "it could not act anyway";
  MakeOwner({storage::SubjectType::kGroup, "owners"});
  EXPECT_THAT(Revoke(only), IsLastOwner());
  oauth_ = true;
  EXPECT_THAT(Revoke(only), IsOk());
}

TEST_F(LastOwner, KeepsItsOwnership) {
  const Uuid user = MakeOwner(world_.nobody.Subjects()[0]);
  EXPECT_THAT(RevokeGrant(user), IsLastOwner());
  const Uuid group = MakeOwner({storage::SubjectType::kGroup, "owners"});
  EXPECT_THAT(RevokeGrant(user), IsOk());
  EXPECT_THAT(RevokeGrant(group), IsLastOwner());
}

TEST_F(LastOwner, MayBeRotatedShortenedAndRenamed) {
  const storage::ServiceAccountRecord only = Owner(world_.kAway);
  EXPECT_THAT(Update(only, {.name = "x"}), IsOk());
  EXPECT_THAT(Update(only, {.set_expires_at = true,
                            .expires_at = RawTimestamp{.seconds = 4102444800}}),
              IsOk());
  Outcome<IssuedServiceAccount> outcome;
  accounts().Rotate(CallerFor(world_.super_admin),
                    {.account_id = world_.kAway.ToString(),
                     .service_account_id = only.id.ToString()},
                    outcome.Done());
  EXPECT_THAT(outcome.Take(), IsOk());
}

// Who presents its token ends it all the same.
TEST_F(LastOwner, EndsWhereItsTokenIsPresented) {
  const storage::ServiceAccountRecord only = Owner(world_.kAway);
  identity::Principal self = ServiceAccountOf(only.account_id, only.id);
  self.token_public_id = only.token.public_id;
  std::optional<absl::Status> outcome;
  accounts().RevokeSelf(CallerFor(self), {},
                        [&outcome](absl::Status s) { outcome = s; });
  EXPECT_THAT(*outcome, IsOk());
}

}  // namespace
}  // namespace signet::domain
