// SPDX-License-Identifier: Apache-2.0
#include "server/domain/authorizations.h"

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/effective_grants.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

class AuthorizationsTest : public testing::Test {
 protected:
  Authorizations::GrantRequest Capability(const identity::Principal& to,
                                          const std::string& key) {
    return {.account_id = home_,
            .grant_kind = "capability",
            .subject_type = "user",
            .subject_id = to.id.ToString(),
            .capability_key = key};
  }

  absl::StatusOr<storage::AuthorizationRecord> Grant(
      const identity::Principal& who, Authorizations::GrantRequest request) {
    Outcome<storage::AuthorizationRecord> outcome;
    world_.authorizations.Grant(CallerFor(who), std::move(request),
                                outcome.Done());
    return outcome.Take();
  }

  absl::StatusOr<storage::AuthorizationRecord> Revoke(
      const identity::Principal& who, const Uuid& id) {
    Outcome<storage::AuthorizationRecord> outcome;
    world_.authorizations.Revoke(
        CallerFor(who),
        {.account_id = home_, .authorization_id = id.ToString()},
        outcome.Done());
    return outcome.Take();
  }

  absl::StatusOr<Authorizations::Page> List(
      Authorizations::ListRequest request) {
    request.account_id = home_;
    Outcome<Authorizations::Page> outcome;
    world_.authorizations.List(CallerFor(world_.owner), request,
                               outcome.Done());
    return outcome.Take();
  }

  std::vector<Uuid> Ids(const Authorizations::ListRequest& request) {
    const auto page = List(request);
    EXPECT_THAT(page, IsOk());
    std::vector<Uuid> ids;
    for (const auto& record : page->records) ids.push_back(record.id);
    return ids;
  }

  EffectiveGrants Held(const identity::Principal& who,
                       const std::string& account_id) {
    Outcome<EffectiveGrants> outcome;
    ReadEffectiveGrants(world_.store, *CallerFor(who), account_id,
                        outcome.Done());
    return *outcome.Take();
  }

  static auto Denied(const char* reason) {
    return ErrorIs(absl::StatusCode::kPermissionDenied, reason);
  }

  DomainWorld world_;
  const std::string home_ = world_.kHome.ToString();
};

TEST_F(AuthorizationsTest, AGrantIsInForceAtOnceAndIsListed) {
  const auto granted =
      Grant(world_.owner, Capability(world_.nobody, "auth.manage"));
  ASSERT_THAT(granted, IsOk());
  EXPECT_EQ(granted->account_id, world_.kHome);
  EXPECT_EQ(granted->subject, (storage::Subject{storage::SubjectType::kUser,
                                                world_.nobody.id.ToString()}));
  EXPECT_EQ(granted->capability_key, "auth.manage");
  EXPECT_EQ(granted->revoked_at, std::nullopt);
  EXPECT_THAT(world_.Create(world_.nobody, world_.Good()), IsOk());
  EXPECT_THAT(Ids({.subject_id = world_.nobody.id.ToString()}),
              ElementsAre(granted->id));
}

TEST_F(AuthorizationsTest, WhatIsHeldAlreadyIsAnsweredAsItIs) {
  const auto first =
      Grant(world_.owner, Capability(world_.nobody, "mailbox.create"));
  ASSERT_THAT(first, IsOk());
  world_.clock.Advance(absl::Hours(1));
  EXPECT_THAT(Grant(world_.owner, Capability(world_.nobody, "mailbox.create")),
              IsOkAndHolds(*first));
  Authorizations::GrantRequest narrower =
      Capability(world_.nobody, "mailbox.create");
  narrower.resource_type = "domain";
  EXPECT_NE(Grant(world_.owner, narrower)->id, first->id);
}

TEST_F(AuthorizationsTest, ARevokedGrantIsOverAndCanBeGivenAnew) {
  const auto granted =
      Grant(world_.owner, Capability(world_.nobody, "auth.manage"));
  ASSERT_THAT(granted, IsOk());
  const auto revoked = Revoke(world_.owner, granted->id);
  ASSERT_THAT(revoked, IsOk());
  EXPECT_EQ(revoked->revoked_at, WholeMicros(world_.clock.Now()));
  EXPECT_THAT(world_.Create(world_.nobody, world_.Good()),
              Denied("ACCESS_DENIED"));
  world_.clock.Advance(absl::Hours(1));
  EXPECT_THAT(Revoke(world_.owner, granted->id), IsOkAndHolds(*revoked));
  const auto again =
      Grant(world_.owner, Capability(world_.nobody, "auth.manage"));
  ASSERT_THAT(again, IsOk());
  EXPECT_NE(again->id, granted->id);
  EXPECT_THAT(Ids({.subject_id = world_.nobody.id.ToString()}),
              ElementsAre(again->id));
  EXPECT_THAT(
      Ids({.subject_id = world_.nobody.id.ToString(), .include_revoked = true}),
      ElementsAre(again->id, granted->id));
}

TEST_F(AuthorizationsTest, OnlyWhoManagesMayGrantListOrRevoke) {
  EXPECT_THAT(Grant(world_.viewer, Capability(world_.nobody, "account.view")),
              Denied("ACCESS_DENIED"));
  EXPECT_THAT(Revoke(world_.viewer, SampleId(101)), Denied("ACCESS_DENIED"));
  Outcome<Authorizations::Page> outcome;
  world_.authorizations.List(CallerFor(world_.viewer), {.account_id = home_},
                             outcome.Done());
  EXPECT_THAT(outcome.Take(), Denied("ACCESS_DENIED"));
}

TEST_F(AuthorizationsTest, ARevokedServiceAccountIsGrantedNothing) {
  const auto issued = world_.Create(world_.owner, world_.Good());
  ASSERT_THAT(issued, IsOk());
  Authorizations::GrantRequest request =
      Capability(world_.nobody, "mailbox.create");
  request.subject_type = "service_account";
  request.subject_id = issued->record.id.ToString();
  const auto before = Grant(world_.owner, request);
  ASSERT_THAT(before, IsOk());
  Outcome<storage::ServiceAccountRecord> revoked;
  world_.accounts.Revoke(
      CallerFor(world_.owner),
      {.account_id = home_, .service_account_id = request.subject_id},
      revoked.Done());
  ASSERT_THAT(revoked.Take(), IsOk());
  EXPECT_THAT(Grant(world_.owner, request), IsOkAndHolds(*before));

  request.capability_key = "billing.view";
  const int writes = world_.writes();
  const absl::Status refused = Grant(world_.owner, request).status();
  EXPECT_THAT(refused, ErrorIs(absl::StatusCode::kFailedPrecondition,
                               "SERVICE_ACCOUNT_REVOKED"));
  EXPECT_EQ(refused.message(),
            "the service account is revoked for ever; create another one and "
            "grant that one what it needs");
  EXPECT_THAT(Ids({.subject_id = request.subject_id}), ElementsAre(before->id));
  EXPECT_EQ(world_.writes(), writes + 1);  // That was tried.

  request.grant_kind = "account_owner";
  request.capability_key = std::nullopt;
  EXPECT_THAT(Grant(world_.owner, request),
              ErrorIs(absl::StatusCode::kFailedPrecondition,
                      "SERVICE_ACCOUNT_REVOKED"));
  // Whose home is elsewhere as well; and who may not grant hears of that first.
  request.account_id = world_.kAbsent.ToString();
  EXPECT_THAT(Grant(world_.super_admin, request),
              ErrorIs(absl::StatusCode::kFailedPrecondition,
                      "SERVICE_ACCOUNT_REVOKED"));
  EXPECT_THAT(Grant(world_.owner, request), Denied("ACCESS_DENIED"));
}

TEST_F(AuthorizationsTest, AKindWithoutACapabilityTakesNone) {
  Authorizations::GrantRequest request =
      Capability(world_.nobody, "mailbox.create");
  request.grant_kind = "account_owner";
  EXPECT_EQ(Grant(world_.owner, request).status().message(),
            "capability_key: got one with grant_kind account_owner, want none");
}

class Manager : public AuthorizationsTest {
 protected:
  // One who manages kHome and may create mailboxes in domains.
  void SetUp() override {
    ASSERT_THAT(Grant(world_.owner, Capability(manager_, "auth.manage")),
                IsOk());
    Authorizations::GrantRequest mailboxes =
        Capability(manager_, "mailbox.create");
    mailboxes.resource_type = "domain";
    ASSERT_THAT(Grant(world_.owner, mailboxes), IsOk());
  }

  const identity::Principal manager_ = User(SampleId(21));
};

TEST_F(Manager, GrantsWhatItHoldsAndNoMore) {
  EXPECT_THAT(Grant(manager_, Capability(world_.nobody, "auth.manage")),
              IsOk());
  Authorizations::GrantRequest narrower =
      Capability(world_.nobody, "mailbox.create");
  EXPECT_THAT(Grant(manager_, narrower), Denied("GRANT_EXCEEDS_OWN"));
  narrower.resource_type = "domain";
  EXPECT_THAT(Grant(manager_, narrower), IsOk());
  narrower.resource_id = SampleId(7).ToString();
  EXPECT_THAT(Grant(manager_, narrower), IsOk());
  narrower.resource_type = "route";
  EXPECT_THAT(Grant(manager_, narrower), Denied("GRANT_EXCEEDS_OWN"));
  EXPECT_THAT(Grant(manager_, Capability(world_.nobody, "billing.view")),
              Denied("GRANT_EXCEEDS_OWN"));
  for (const char* kind : {"account_owner", "super_admin"}) {
    EXPECT_THAT(Grant(manager_, {.account_id = home_,
                                 .grant_kind = kind,
                                 .subject_type = "user",
                                 .subject_id = manager_.id.ToString()}),
                Denied("GRANT_EXCEEDS_OWN"));
  }
}

TEST_F(Manager, RevokesCapabilitiesButNeitherOwnersNorSuperAdmins) {
  EXPECT_THAT(Revoke(manager_, SampleId(101)), Denied("GRANT_EXCEEDS_OWN"));
  EXPECT_THAT(Revoke(manager_, SampleId(103)), Denied("GRANT_EXCEEDS_OWN"));
  EXPECT_THAT(Revoke(manager_, SampleId(102)), IsOk());
}

TEST_F(Manager, CreatesWithCapabilitiesThatItHolds) {
  ServiceAccounts::CreateRequest request = world_.Good();
  request.capabilities = {"auth.manage", "auth.manage"};
  const auto issued = world_.Create(manager_, request);
  ASSERT_THAT(issued, IsOk());
  EXPECT_THAT(Held(DomainWorld::Bearer(*issued), "").capabilities,
              ElementsAre("auth.manage"));
  request.capabilities = {"auth.manage", "billing.view"};
  EXPECT_THAT(world_.Create(manager_, request), Denied("GRANT_EXCEEDS_OWN"));
  request.capabilities = {"auth.manage", "Nonsense"};
  EXPECT_THAT(
      GetErrorDetail(world_.Create(manager_, request).status()).violations,
      ElementsAre(Field(&FieldViolation::field, "capabilities[1]")));
}

TEST_F(AuthorizationsTest, AnOwnerMayMakeOwnersButNoSuperAdmin) {
  Authorizations::GrantRequest request = {.account_id = home_,
                                          .grant_kind = "account_owner",
                                          .subject_type = "group",
                                          .subject_id = "platform team"};
  EXPECT_THAT(Grant(world_.owner, request), IsOk());
  request.grant_kind = "super_admin";
  EXPECT_THAT(Grant(world_.owner, request), Denied("GRANT_EXCEEDS_OWN"));
  EXPECT_THAT(Grant(world_.super_admin, request), IsOk());
}

TEST_F(AuthorizationsTest, TheLastOwnerStays) {
  ASSERT_THAT(Revoke(world_.owner, SampleId(104)), IsOk());  // `program`.
  EXPECT_THAT(Revoke(world_.owner, SampleId(101)),
              ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER"));
  EXPECT_THAT(Revoke(world_.super_admin, SampleId(101)),
              ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER"));
}

TEST_F(AuthorizationsTest, ARevokedServiceAccountIsNoOtherOwner) {
  Outcome<storage::ServiceAccountRecord> outcome;
  world_.accounts.Revoke(
      CallerFor(world_.owner),
      {.account_id = home_, .service_account_id = world_.program.id.ToString()},
      outcome.Done());
  ASSERT_THAT(outcome.Take(), IsOk());
  EXPECT_THAT(Revoke(world_.owner, SampleId(101)),
              ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER"));
  EXPECT_THAT(Revoke(world_.owner, SampleId(104)), IsOk());
}

TEST_F(AuthorizationsTest, NorIsOneThatCannotActNow) {
  storage::ServiceAccountRecord record;
  const auto update = [&] {
    EXPECT_THAT(storage::WriteAndWait(world_.store,
                                      [&](storage::WriteTxn& txn) {
                                        return txn.UpdateServiceAccount(record);
                                      }),
                IsOk());
  };
  EXPECT_THAT(storage::ReadAndWait(world_.store,
                                   [&](storage::ReadTxn& txn) {
                                     record = *txn.GetServiceAccount(
                                         SampleId(1), world_.program.id);
                                     return absl::OkStatus();
                                   }),
              IsOk());
  record.enabled = false;
  update();
  EXPECT_THAT(Revoke(world_.owner, SampleId(101)),
              ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER"));
  record.enabled = true;
  record.token.expires_at = world_.clock.Now();
  update();
  EXPECT_THAT(Revoke(world_.owner, SampleId(101)),
              ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER"));
  record.token.expires_at = world_.clock.Now() + absl::Seconds(1);
  update();
  EXPECT_THAT(Revoke(world_.owner, SampleId(101)), IsOk());
}

TEST_F(AuthorizationsTest, OnlyASuperAdminLetsInServiceAccountsOfOthers) {
  Authorizations::GrantRequest request =
      Capability(world_.nobody, "auth.manage");
  request.subject_type = "service_account";
  request.subject_id = SampleId(99).ToString();
  EXPECT_THAT(Grant(world_.owner, request), Denied("GRANT_EXCEEDS_OWN"));
  EXPECT_THAT(Grant(world_.super_admin, request), IsOk());
  request.subject_id = world_.program.id.ToString();
  request.acknowledge_token_shown = true;  // It is from nowhere.
  EXPECT_THAT(Grant(world_.owner, request), IsOk());
}

// Whatever else it holds on the account.
TEST_F(AuthorizationsTest, ASuperAdminWhoOwnsTheAccountTooLetsThemIn) {
  Authorizations::GrantRequest request =
      Capability(world_.nobody, "mailbox.create");
  request.subject_type = "service_account";
  uint32_t number = 700;
  for (const storage::GrantKind kind :
       {storage::GrantKind::kCapability, storage::GrantKind::kAccountOwner}) {
    storage::AuthorizationRecord grant = SampleCapability(
        world_.kHome, number, world_.super_admin.Subjects()[0]);
    if (kind == storage::GrantKind::kAccountOwner) {
      grant = SampleGrant(world_.kHome, number,
                          world_.super_admin.Subjects()[0], kind);
    }
    ASSERT_THAT(storage::WriteAndWait(world_.store,
                                      [&](storage::WriteTxn& txn) {
                                        return txn.InsertAuthorization(grant);
                                      }),
                IsOk());
    request.subject_id = SampleId(++number).ToString();
    EXPECT_THAT(Grant(world_.super_admin, request), IsOk());
  }
}

TEST_F(AuthorizationsTest, ASuperAdminsGrantBringsTheAccountIntoBeing) {
  Authorizations::GrantRequest request = {
      .account_id = world_.kAbsent.ToString(),
      .grant_kind = "account_owner",
      .subject_type = "user",
      .subject_id = world_.nobody.id.ToString()};
  EXPECT_THAT(Grant(world_.owner, request), Denied("ACCESS_DENIED"));
  EXPECT_THAT(Grant(world_.super_admin, request), IsOk());
  ServiceAccounts::CreateRequest create = world_.Good();
  create.account_id = request.account_id;
  EXPECT_THAT(world_.Create(world_.nobody, create), IsOk());
}

TEST_F(AuthorizationsTest, FaultsAreNamed) {
  const auto fields = [this](Authorizations::GrantRequest request) {
    std::vector<std::string> names;
    for (const FieldViolation& violation :
         GetErrorDetail(Grant(world_.owner, std::move(request)).status())
             .violations) {
      names.push_back(violation.field);
    }
    return names;
  };
  EXPECT_THAT(fields({.account_id = home_,
                      .grant_kind = "admin",
                      .subject_type = "robot",
                      .subject_id = ""}),
              ElementsAre("grant_kind", "subject_type", "subject_id"));
  EXPECT_THAT(fields({.account_id = home_,
                      .grant_kind = "capability",
                      .subject_type = "service_account",
                      .subject_id = "no uuid",
                      .resource_type = "moon",
                      .resource_id = "x"}),
              ElementsAre("subject_id", "capability_key", "resource_type",
                          "resource_id"));
  EXPECT_THAT(fields({.account_id = home_,
                      .grant_kind = "account_owner",
                      .subject_type = "user",
                      .subject_id = "u",
                      .capability_key = "auth.manage",
                      .resource_type = "domain",
                      .resource_id = SampleId(1).ToString()}),
              ElementsAre("capability_key", "resource_type", "resource_id"));
  EXPECT_THAT(fields({.account_id = home_,
                      .grant_kind = "capability",
                      .subject_type = "user",
                      .subject_id = "u",
                      .capability_key = "auth.manage",
                      .resource_id = SampleId(1).ToString()}),
              ElementsAre("resource_id"));
  for (const char* key : {"", "auth", "auth.", ".manage", "auth..manage",
                          "Auth.manage", "auth.man age", "1a.b", "a.1b"}) {
    EXPECT_THAT(fields(Capability(world_.nobody, key)),
                ElementsAre("capability_key"))
        << key;
  }
}

TEST_F(AuthorizationsTest, ListsByEveryCondition) {
  EXPECT_THAT(Ids({}), ElementsAre(SampleId(104), SampleId(103), SampleId(102),
                                   SampleId(101)));
  EXPECT_THAT(Ids({.subject_type = "service_account"}),
              ElementsAre(SampleId(104)));
  EXPECT_THAT(Ids({.grant_kind = "account_owner"}),
              ElementsAre(SampleId(104), SampleId(101)));
  EXPECT_THAT(Ids({.capability_key = "account.view"}),
              ElementsAre(SampleId(102)));
  EXPECT_THAT(Ids({.subject_id = "who"}), IsEmpty());
  auto page = List({.page_size = 3});
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(page->records, SizeIs(3));
  page = List({.page_size = 3, .page_token = page->next_page_token});
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(page->records, SizeIs(1));
  EXPECT_EQ(page->next_page_token, "");
  EXPECT_THAT(GetErrorDetail(List({.subject_type = "x",
                                   .grant_kind = "y",
                                   .page_size = -1,
                                   .page_token = "z"})
                                 .status())
                  .violations,
              SizeIs(4));
}

TEST_F(AuthorizationsTest, AnUnknownOneIsNotFound) {
  EXPECT_THAT(Revoke(world_.owner, SampleId(99)),
              ErrorIs(absl::StatusCode::kNotFound, "AUTHORIZATION_NOT_FOUND"));
  Outcome<storage::AuthorizationRecord> outcome;
  world_.authorizations.Get(
      CallerFor(world_.owner),
      {.account_id = home_, .authorization_id = SampleId(99).ToString()},
      outcome.Done());
  EXPECT_THAT(outcome.Take(),
              ErrorIs(absl::StatusCode::kNotFound, "AUTHORIZATION_NOT_FOUND"));
}

TEST_F(AuthorizationsTest, EffectiveGrantsSayWhatACallerHolds) {
  EXPECT_TRUE(Held(world_.program, "").account_owner);
  EXPECT_THAT(Held(world_.viewer, home_).capabilities,
              ElementsAre("account.view"));
  EXPECT_FALSE(Held(world_.viewer, "").account_id.has_value());
  EXPECT_THAT(Held(world_.viewer, "").capabilities, IsEmpty());
  EXPECT_TRUE(Held(world_.super_admin, "").super_admin);
  EXPECT_TRUE(Held(world_.super_admin, world_.kAbsent.ToString()).super_admin);
  EXPECT_FALSE(Held(world_.owner, world_.kAbsent.ToString()).account_owner);
}

}  // namespace
}  // namespace signet::domain
