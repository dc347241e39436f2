// SPDX-License-Identifier: Apache-2.0
//
// What it takes to act on a service account: caller x target x action.
#include "server/domain/cover.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::domain {
namespace {

using identity::Principal;
using storage::GrantKind;
using storage::ServiceAccountRecord;

enum class Who { kManager, kGroupsManager, kOwner, kSuperAdmin };

// Which of the callers cover it, and how far.
struct CoverCase {
  const char* label;
  // What the target holds; on kAway if so said.
  GrantKind kind = GrantKind::kCapability;
  const char* capability = nullptr;  // Null of a capability: nothing.
  bool away = false;
  std::vector<Who> everything = {};
  std::vector<Who> governing = {};
};

void PrintTo(const CoverCase& c, std::ostream* out) { *out << c.label; }

struct Act {
  const char* label;
  bool everything;
  absl::Status (*act)(TokenWorld&, const Principal&,
                      const ServiceAccountRecord&);
};

ServiceAccounts::UpdateRequest UpdateOf(const ServiceAccountRecord& target) {
  return {.account_id = target.account_id.ToString(),
          .service_account_id = target.id.ToString()};
}

absl::Status Update(TokenWorld& world, const Principal& who,
                    ServiceAccounts::UpdateRequest request) {
  Outcome<ServiceAccountRecord> outcome;
  world.accounts.Update(CallerFor(who), std::move(request), outcome.Done());
  return outcome.Take().status();
}

constexpr int64_t kSoon = 1893553445 + 3600;   // An hour on, by SampleTime().
constexpr int64_t kLater = 1893553445 + 7200;  // What targets start with.
constexpr int64_t kLate = 1893553445 + 10800;

absl::Status RotateBy(TokenWorld& world, const Principal& who,
                      const ServiceAccountRecord& target,
                      ServiceAccounts::RotateRequest request) {
  request.account_id = target.account_id.ToString();
  request.service_account_id = target.id.ToString();
  Outcome<IssuedServiceAccount> outcome;
  world.accounts.Rotate(CallerFor(who), request, outcome.Done());
  return outcome.Take().status();
}

absl::Status Rotate(TokenWorld& world, const Principal& who,
                    const ServiceAccountRecord& target) {
  return RotateBy(world, who, target, {});
}

absl::Status Enable(TokenWorld& world, const Principal& who,
                    const ServiceAccountRecord& target) {
  world.ChangeRecord(target.id,
                     [](ServiceAccountRecord& it) { it.enabled = false; });
  auto request = UpdateOf(target);
  request.enabled = true;
  return Update(world, who, std::move(request));
}

absl::Status Lengthen(TokenWorld& world, const Principal& who,
                      const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.set_expires_at = true;
  request.expires_at = RawTimestamp{.seconds = kLate};
  return Update(world, who, std::move(request));
}

absl::Status NeverEnd(TokenWorld& world, const Principal& who,
                      const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.set_expires_at = true;
  return Update(world, who, std::move(request));
}

absl::Status ReviveExpired(TokenWorld& world, const Principal& who,
                           const ServiceAccountRecord& target) {
  world.clock.Set(absl::FromUnixSeconds(kLater));
  auto request = UpdateOf(target);
  request.set_expires_at = true;
  request.expires_at = RawTimestamp{.seconds = kLate};
  return Update(world, who, std::move(request));
}

absl::Status RotateExpired(TokenWorld& world, const Principal& who,
                           const ServiceAccountRecord& target) {
  world.clock.Set(absl::FromUnixSeconds(kLater));
  return Rotate(world, who, target);
}

absl::Status Relabel(TokenWorld& world, const Principal& who,
                     const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.labels = std::map<std::string, std::string>{{"team", "edge"}};
  return Update(world, who, std::move(request));
}

// The strongest part of a change decides.
absl::Status RelabelAndDisable(TokenWorld& world, const Principal& who,
                               const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.labels = std::map<std::string, std::string>{{"team", "edge"}};
  request.enabled = false;
  return Update(world, who, std::move(request));
}

absl::Status Disable(TokenWorld& world, const Principal& who,
                     const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.enabled = false;
  return Update(world, who, std::move(request));
}

absl::Status Shorten(TokenWorld& world, const Principal& who,
                     const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.set_expires_at = true;
  request.expires_at = RawTimestamp{.seconds = kSoon};
  return Update(world, who, std::move(request));
}

absl::Status Rename(TokenWorld& world, const Principal& who,
                    const ServiceAccountRecord& target) {
  auto request = UpdateOf(target);
  request.name = "renamed";
  request.description = "described";
  return Update(world, who, std::move(request));
}

absl::Status RevokeBy(TokenWorld& world, const Principal& who,
                      const ServiceAccountRecord& target,
                      const std::string& etag = "") {
  Outcome<ServiceAccountRecord> outcome;
  world.accounts.Revoke(CallerFor(who),
                        {.account_id = target.account_id.ToString(),
                         .service_account_id = target.id.ToString(),
                         .etag = etag},
                        outcome.Done());
  return outcome.Take().status();
}

absl::Status Revoke(TokenWorld& world, const Principal& who,
                    const ServiceAccountRecord& target) {
  return RevokeBy(world, who, target);
}

constexpr Act kActs[] = {{"Rotate", true, &Rotate},
                         {"Enable", true, &Enable},
                         {"Lengthen", true, &Lengthen},
                         {"NeverEnd", true, &NeverEnd},
                         {"ReviveExpired", true, &ReviveExpired},
                         {"RotateExpired", true, &RotateExpired},
                         {"Relabel", true, &Relabel},
                         {"RelabelAndDisable", true, &RelabelAndDisable},
                         {"Disable", false, &Disable},
                         {"Shorten", false, &Shorten},
                         {"Rename", false, &Rename},
                         {"Revoke", false, &Revoke}};

// A world with a target in it.
struct CoverWorld : TokenWorld {
  explicit CoverWorld(const CoverCase& c) {
    const storage::Subject managers[] = {
        User(SampleId(21)).Subjects()[0],
        {storage::SubjectType::kGroup, "managers"}};
    for (const storage::Subject& subject : managers) {
      Grant(CapabilityOf(subject, kHome, "auth.manage"));
    }
    ServiceAccounts::CreateRequest request = Good();
    request.expires_at = RawTimestamp{.seconds = kLater};
    target = Create(owner, request)->record;
    const storage::Subject subject = {storage::SubjectType::kServiceAccount,
                                      target.id.ToString()};
    const Uuid& account = c.away ? kAway : kHome;
    if (c.kind != GrantKind::kCapability) {
      Grant(SampleGrant(account, next_grant++, subject, c.kind));
    } else if (c.capability != nullptr) {
      Grant(CapabilityOf(subject, account, c.capability));
    }
    // Others own kAway too, and one that was taken back counts for nothing.
    Grant(SampleGrant(kAway, next_grant++, nobody.Subjects()[0],
                      GrantKind::kAccountOwner));
    storage::AuthorizationRecord revoked =
        SampleGrant(kHome, next_grant++, subject, GrantKind::kSuperAdmin);
    revoked.revoked_at = SampleTime();
    Grant(revoked);
  }

  Principal Caller(Who who) const {
    switch (who) {
      case Who::kManager:
        return User(SampleId(21));
      case Who::kGroupsManager: {
        Principal member = User(SampleId(22));
        member.groups = {"managers"};
        return member;
      }
      case Who::kOwner:
        return owner;
      case Who::kSuperAdmin:
        break;
    }
    return super_admin;
  }

  ServiceAccountRecord Stored() {
    return *Get(owner, kHome.ToString(), target.id.ToString());
  }

  ServiceAccountRecord target;
};

class CoverTable : public testing::TestWithParam<CoverCase> {
 protected:
  static bool Has(const std::vector<Who>& who, Who one) {
    return std::find(who.begin(), who.end(), one) != who.end();
  }
};

TEST_P(CoverTable, IsAsTheTableSays) {
  const CoverCase& c = GetParam();
  for (const Who who :
       {Who::kManager, Who::kGroupsManager, Who::kOwner, Who::kSuperAdmin}) {
    for (const Act& act : kActs) {
      SCOPED_TRACE(testing::Message()
                   << act.label << " by caller " << static_cast<int>(who));
      CoverWorld world(c);
      const absl::Status status =
          act.act(world, world.Caller(who), world.target);
      if (Has(act.everything ? c.everything : c.governing, who)) {
        EXPECT_THAT(status, IsOk());
        continue;
      }
      EXPECT_THAT(status, ErrorIs(absl::StatusCode::kPermissionDenied,
                                  "GRANT_EXCEEDS_OWN"));
      EXPECT_THAT(
          std::string(status.message()),
          testing::AnyOf(testing::StartsWith("the caller's rights do not cover "
                                             "those of the service account; "),
                         testing::StartsWith("the service account holds more "
                                             "authorizations than are compared"
                                             ", ")));
      ServiceAccountRecord want = world.target;
      if (act.act == &Enable) want.enabled = false;
      EXPECT_EQ(world.Stored(), want) << "nothing changed";
    }
  }
}

const std::vector<Who> kAll = {Who::kManager, Who::kGroupsManager, Who::kOwner,
                               Who::kSuperAdmin};
const std::vector<Who> kOwners = {Who::kOwner, Who::kSuperAdmin};
const std::vector<Who> kSuper = {Who::kSuperAdmin};

INSTANTIATE_TEST_SUITE_P(
    Targets, CoverTable,
    testing::Values(
        CoverCase{.label = "Powerless", .everything = kAll, .governing = kAll},
        CoverCase{.label = "Worker",
                  .capability = "mailbox.create",
                  .everything = kOwners,
                  .governing = kAll},
        CoverCase{.label = "WorkerAway",
                  .capability = "mailbox.create",
                  .away = true,
                  .everything = kSuper,
                  .governing = kAll},
        CoverCase{.label = "Manager",
                  .capability = "auth.manage",
                  .everything = kAll,
                  .governing = kAll},
        CoverCase{.label = "Verifier",
                  .capability = "auth.verify",
                  .everything = kOwners,
                  .governing = kOwners},
        CoverCase{.label = "ManagerAway",
                  .capability = "auth.manage",
                  .away = true,
                  .everything = kSuper,
                  .governing = kSuper},
        CoverCase{.label = "Owner",
                  .kind = GrantKind::kAccountOwner,
                  .everything = kOwners,
                  .governing = kOwners},
        CoverCase{.label = "OwnerAway",
                  .kind = GrantKind::kAccountOwner,
                  .away = true,
                  .everything = kSuper,
                  .governing = kSuper},
        CoverCase{.label = "SuperAdmin",
                  .kind = GrantKind::kSuperAdmin,
                  .everything = kSuper,
                  .governing = kSuper}),
    [](const auto& info) { return std::string(info.param.label); });

constexpr CoverCase kOwnerCase = {.label = "Owner",
                                  .kind = GrantKind::kAccountOwner};

TEST(Cover, ANarrowedGrantIsCoveredByAsMuchOnly) {
  CoverWorld world({.label = "Nothing"});
  const storage::Subject subject = {storage::SubjectType::kServiceAccount,
                                    world.target.id.ToString()};
  const Principal manager = world.Caller(Who::kManager);
  storage::AuthorizationRecord held =
      world.CapabilityOf(manager.Subjects()[0], world.kHome, "mailbox.create");
  held.resource_type = "domain";
  world.Grant(held);
  storage::AuthorizationRecord narrow =
      world.CapabilityOf(subject, world.kHome, "mailbox.create");
  narrow.resource_type = "domain";
  narrow.resource_id = SampleId(7);
  world.Grant(narrow);
  EXPECT_THAT(Relabel(world, manager, world.target), IsOk());
  world.Grant(world.CapabilityOf(subject, world.kHome, "mailbox.create"));
  EXPECT_THAT(
      Rotate(world, manager, world.target),
      ErrorIs(absl::StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN"));
}

TEST(Cover, WhoManagesAResourceOnlyManagesNoServiceAccount) {
  for (const Act& act : kActs) {
    SCOPED_TRACE(act.label);
    CoverWorld world({.label = "Nothing"});
    storage::AuthorizationRecord narrow = world.CapabilityOf(
        world.nobody.Subjects()[0], world.kHome, "auth.manage");
    narrow.resource_type = "account";
    narrow.resource_id = world.kHome;
    world.Grant(narrow);
    EXPECT_THAT(act.act(world, world.nobody, world.target),
                ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
  }
}

TEST(Cover, MoreGrantsThanAreLookedAtAreCoveredByASuperAdminOnly) {
  CoverWorld world({.label = "Nothing"});
  const storage::Subject subject = {storage::SubjectType::kServiceAccount,
                                    world.target.id.ToString()};
  EXPECT_THAT(storage::WriteAndWait(
                  world.store,
                  [&](storage::WriteTxn& txn) {
                    absl::Status status;
                    for (int i = 0; i <= kMaxCoveredGrants; ++i) {
                      storage::AuthorizationRecord grant =
                          SampleCapability(world.kHome, 10000 + i, subject);
                      grant.capability_key = "mailbox.c" + std::to_string(i);
                      status.Update(txn.InsertAuthorization(grant));
                    }
                    return status;
                  }),
              IsOk());
  EXPECT_THAT(
      Relabel(world, world.owner, world.target),
      ErrorIs(absl::StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN"));
  EXPECT_THAT(Relabel(world, world.super_admin, world.target), IsOk());
  EXPECT_THAT(Disable(world, world.Caller(Who::kManager), world.target), IsOk())
      << "it can still be stopped";
}

TEST(Cover, ARevocationByTokenIsNoWayRound) {
  CoverWorld world(kOwnerCase);
  std::optional<absl::Status> outcome;
  auto snapshot = std::make_shared<identity::TokenSnapshot>();
  snapshot->subject_id = world.target.id;
  snapshot->account_id = world.kHome;
  snapshot->public_id = world.target.token.public_id;
  const auto revoke = [&](const Principal& who) {
    world.accounts.RevokeToken(CallerFor(who), snapshot,
                               [&](absl::Status s) { outcome = s; });
    return *outcome;
  };
  EXPECT_THAT(revoke(world.Caller(Who::kManager)), IsOk());
  EXPECT_EQ(world.Stored(), world.target) << "answered alike, nothing changed";
  EXPECT_THAT(revoke(world.owner), IsOk());
  EXPECT_TRUE(world.Stored().revoked_at.has_value());
}

// Who may not change a service account does not learn by it how it is.
TEST(Cover, IsAskedBeforeTheStateOfTheTarget) {
  CoverWorld world(kOwnerCase);
  const Principal manager = world.Caller(Who::kManager);
  const auto update = [&](ServiceAccounts::UpdateRequest request) {
    request.account_id = world.kHome.ToString();
    request.service_account_id = world.target.id.ToString();
    Outcome<ServiceAccountRecord> outcome;
    world.accounts.Update(CallerFor(manager), std::move(request),
                          outcome.Done());
    return outcome.Take().status();
  };
  const auto rotate = [&](const ServiceAccounts::RotateRequest& request) {
    return RotateBy(world, manager, world.target, request);
  };
  const auto refused =
      ErrorIs(absl::StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN");
  std::map<std::string, std::string> large;
  for (int i = 0; i < 64; ++i) {
    large["key" + std::to_string(i)] = std::string(200, 'x');
  }
  EXPECT_THAT(update({.etag = "junk", .name = "x"}), refused);
  EXPECT_THAT(update({.labels = large}), refused);
  EXPECT_THAT(RevokeBy(world, manager, world.target, "junk"), refused);
  EXPECT_THAT(rotate({.expires_at = RawTimestamp{.seconds = 1},
                      .idempotency_key = "key"}),
              refused);
  world.ChangeRecord(world.target.id, [](ServiceAccountRecord& it) {
    it.revoked_at = it.created_at;
  });
  EXPECT_THAT(update({.name = "x"}), refused);
  EXPECT_THAT(rotate({}), refused);
  EXPECT_THAT(RevokeBy(world, manager, world.target), refused);
}

TEST(Cover, OfARotationIsAskedBeforeItsRepetition) {
  CoverWorld world({.label = "Nothing"});
  const Principal manager = world.Caller(Who::kManager);
  const auto rotate = [&](std::optional<RawDuration> overlap) {
    return RotateBy(world, manager, world.target,
                    {.overlap = overlap, .idempotency_key = "rotation"});
  };
  ASSERT_THAT(rotate(std::nullopt), IsOk());
  world.Grant(SampleGrant(
      world.kHome, world.next_grant++,
      {storage::SubjectType::kServiceAccount, world.target.id.ToString()},
      GrantKind::kAccountOwner));
  const auto refused =
      ErrorIs(absl::StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN");
  EXPECT_THAT(rotate(RawDuration{.seconds = 1}), refused)
      << "not that the key was used";
  world.ChangeRecord(world.target.id, [](ServiceAccountRecord& it) {
    it.revoked_at = it.created_at;
  });
  EXPECT_THAT(rotate(std::nullopt), refused) << "not that the token ended";
}

TEST(Cover, ARepetitionAsksAgain) {
  CoverWorld world({.label = "Nothing"});
  const Principal manager = world.Caller(Who::kManager);
  const auto create = [&] {
    ServiceAccounts::CreateRequest request = world.Good();
    request.idempotency_key = "key";
    return world.Create(manager, request);
  };
  const auto rotate = [&] {
    return RotateBy(world, manager, world.target,
                    {.idempotency_key = "rotation"});
  };
  const auto created = create();
  ASSERT_THAT(created, IsOk());
  ASSERT_THAT(create(), IsOk());
  ASSERT_THAT(rotate(), IsOk());
  ASSERT_THAT(rotate(), IsOk());
  for (const Uuid& id : {created->record.id, world.target.id}) {
    world.Grant(
        SampleGrant(world.kHome, world.next_grant++,
                    {storage::SubjectType::kServiceAccount, id.ToString()},
                    GrantKind::kAccountOwner));
  }
  const auto refused =
      ErrorIs(absl::StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN");
  EXPECT_THAT(create(), refused);
  EXPECT_THAT(rotate(), refused);
  for (const Uuid& id : {created->record.id, world.target.id}) {
    world.ChangeRecord(
        id, [](ServiceAccountRecord& it) { it.revoked_at = it.created_at; });
  }
  EXPECT_THAT(create(), refused) << "not that the token ended";
  EXPECT_THAT(rotate(), refused);
}

}  // namespace
}  // namespace signet::domain
