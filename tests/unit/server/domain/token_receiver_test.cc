// SPDX-License-Identifier: Apache-2.0
#include "server/domain/token_receiver.h"

#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/authorizations.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::domain {
namespace {

class TokenReceiver : public testing::Test {
 protected:
  // Manages kHome.
  TokenReceiver() {
    world_.Grant(world_.CapabilityOf(manager_.Subjects()[0], world_.kHome,
                                     "auth.manage"));
  }

  IssuedServiceAccount CreateAs(const identity::Principal& who) {
    absl::StatusOr<IssuedServiceAccount> issued =
        world_.Create(who, world_.Good());
    EXPECT_THAT(issued, IsOk());
    return *std::move(issued);
  }

  absl::StatusOr<IssuedServiceAccount> RotateAs(
      const identity::Principal& who, const Uuid& id,
      std::optional<RawDuration> overlap = std::nullopt) {
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(who),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = id.ToString(),
                            .overlap = overlap},
                           outcome.Done());
    return outcome.Take();
  }

  absl::Status GrantAs(const identity::Principal& who, const Uuid& id,
                       const std::string& kind, const char* capability,
                       bool acknowledge = false) {
    Authorizations::GrantRequest request = {
        .account_id = world_.kHome.ToString(),
        .grant_kind = kind,
        .subject_type = "service_account",
        .subject_id = id.ToString(),
        .acknowledge_token_shown = acknowledge};
    if (capability != nullptr) request.capability_key = capability;
    Outcome<storage::AuthorizationRecord> outcome;
    world_.authorizations.Grant(CallerFor(who), request, outcome.Done());
    return outcome.Take().status();
  }

  std::string LastDetails() {
    std::string details;
    EXPECT_THAT(
        storage::ReadAndWait(
            world_.store,
            [&](storage::ReadTxn& txn) {
              const auto page = txn.ListAuditEvents(
                  {.account_id = world_.kHome, .limit = 1, .scan_limit = 1});
              if (!page.ok()) return page.status();
              details = page->records[0].details;
              return absl::OkStatus();
            }),
        IsOk());
    return details;
  }

  static auto Refused() {
    return ErrorIs(absl::StatusCode::kFailedPrecondition,
                   "TOKEN_SHOWN_TO_ANOTHER");
  }

  TokenWorld world_;
  const identity::Principal manager_ = User(SampleId(21));
};

TEST_F(TokenReceiver, GetsNoRightToGovernUnseen) {
  const Uuid id = CreateAs(manager_).record.id;
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr), Refused());
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "auth.verify"),
              Refused());
  EXPECT_THAT(GrantAs(world_.super_admin, id, "super_admin", nullptr),
              Refused());
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "auth.manage"), IsOk())
      << "it covers that";
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "mailbox.create"), IsOk())
      << "that governs nothing";
}

TEST_F(TokenReceiver, IsWhoSawTheLastToken) {
  const Uuid id = CreateAs(manager_).record.id;
  ASSERT_THAT(RotateAs(world_.owner, id), IsOk());
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr), IsOk());
}

// What was shown to the manager is good for a minute.
TEST_F(TokenReceiver, IsAlsoWhoseTokenOverlaps) {
  const Uuid id = CreateAs(manager_).record.id;
  ASSERT_THAT(RotateAs(world_.owner, id, RawDuration{.seconds = 60}), IsOk());
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "auth.verify"),
              Refused());
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "mailbox.create"), IsOk())
      << "that governs nothing";
  world_.ChangeRecord(
      id, [](storage::ServiceAccountRecord& it) { it.enabled = false; });
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr), Refused())
      << "it may be enabled again";
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr, true),
              IsOk());
  world_.clock.Advance(absl::Seconds(61));
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "auth.verify"), IsOk());
}

// With the token that it was shown, a manager rotates and has the next one.
TEST_F(TokenReceiver, StaysWhoItIsThroughARotationByItself) {
  const IssuedServiceAccount issued = CreateAs(manager_);
  ASSERT_THAT(GrantAs(manager_, issued.record.id, "capability", "auth.manage"),
              IsOk());
  absl::StatusOr<IssuedServiceAccount> rotated =
      RotateAs(DomainWorld::Bearer(issued), issued.record.id);
  ASSERT_THAT(rotated, IsOk());
  EXPECT_THAT(GrantAs(world_.owner, issued.record.id, "account_owner", nullptr),
              Refused());
  ASSERT_THAT(RotateAs(DomainWorld::Bearer(*rotated), issued.record.id),
              IsOk());
  EXPECT_THAT(GrantAs(world_.owner, issued.record.id, "account_owner", nullptr),
              Refused());
  ASSERT_THAT(RotateAs(world_.owner, issued.record.id), IsOk());
  EXPECT_THAT(GrantAs(world_.owner, issued.record.id, "account_owner", nullptr),
              IsOk());
}

TEST_F(TokenReceiver, IsStillTheOwnerAfterARotationByItself) {
  const IssuedServiceAccount issued = CreateAs(world_.owner);
  const Uuid& id = issued.record.id;
  ASSERT_THAT(GrantAs(world_.owner, id, "capability", "auth.manage"), IsOk());
  ASSERT_THAT(RotateAs(DomainWorld::Bearer(issued), id), IsOk());
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr), IsOk());
}

TEST_F(TokenReceiver, IsAskedAboutNow) {
  const IssuedServiceAccount first = CreateAs(world_.owner);
  ASSERT_THAT(GrantAs(world_.owner, first.record.id, "account_owner", nullptr),
              IsOk());
  const Uuid second = CreateAs(DomainWorld::Bearer(first)).record.id;
  EXPECT_THAT(GrantAs(world_.owner, second, "capability", "auth.verify"),
              IsOk());
  world_.ChangeRecord(first.record.id, [](storage::ServiceAccountRecord& it) {
    it.enabled = false;
  });
  EXPECT_THAT(GrantAs(world_.owner, second, "account_owner", nullptr),
              Refused())
      << "who is switched off covers nothing";
}

// Whoever was shown the token that called is shown what the call answers.
TEST_F(TokenReceiver, IsTheTokenThatAServiceAccountCalledWith) {
  const IssuedServiceAccount first = CreateAs(manager_);
  ASSERT_THAT(GrantAs(manager_, first.record.id, "capability", "auth.manage"),
              IsOk());
  const Uuid second = CreateAs(DomainWorld::Bearer(first)).record.id;
  const absl::StatusOr<IssuedServiceAccount> rotated =
      RotateAs(world_.owner, first.record.id);
  ASSERT_THAT(rotated, IsOk());
  ASSERT_THAT(GrantAs(world_.owner, first.record.id, "account_owner", nullptr),
              IsOk());
  EXPECT_THAT(GrantAs(world_.owner, second, "account_owner", nullptr),
              Refused())
      << "the manager has its token";
  EXPECT_THAT(
      GrantAs(DomainWorld::Bearer(*rotated), second, "account_owner", nullptr),
      Refused());
  const Uuid third = CreateAs(DomainWorld::Bearer(*rotated)).record.id;
  EXPECT_THAT(GrantAs(world_.owner, third, "account_owner", nullptr), IsOk());
}

// As releases before this one wrote it.
TEST_F(TokenReceiver, IsNotKnownOfAServiceAccountWithoutItsToken) {
  const IssuedServiceAccount first = CreateAs(world_.owner);
  ASSERT_THAT(GrantAs(world_.owner, first.record.id, "account_owner", nullptr),
              IsOk());
  const Uuid second = CreateAs(DomainWorld::Bearer(first)).record.id;
  world_.ChangeRecord(second, [](storage::ServiceAccountRecord& it) {
    it.token_shown_to.resize(it.token_shown_to.rfind(':'));
  });
  EXPECT_THAT(GrantAs(world_.owner, second, "account_owner", nullptr),
              Refused());
}

// Of a token from before this was kept.
TEST_F(TokenReceiver, MayBeAnybodyWhereItIsNotKnown) {
  const Uuid id = CreateAs(world_.owner).record.id;
  world_.ChangeRecord(
      id, [](storage::ServiceAccountRecord& it) { it.token_shown_to.clear(); });
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "mailbox.create"), IsOk())
      << "that governs nothing";
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "auth.manage"),
              Refused());
  EXPECT_THAT(GrantAs(world_.super_admin, id, "super_admin", nullptr),
              Refused());
  EXPECT_THAT(GrantAs(world_.owner, id, "capability", "auth.manage", true),
              IsOk());
  EXPECT_THAT(
      LastDetails(),
      testing::HasSubstr("\"acknowledged\":\"TOKEN_SHOWN_TO_ANOTHER\""));
  ASSERT_THAT(RotateAs(world_.owner, id), IsOk());
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr), IsOk());
}

// Who started the server has its keys.
TEST_F(TokenReceiver, IsTheOperatorOfAFirstStart) {
  const Uuid id = CreateAs(world_.owner).record.id;
  world_.ChangeRecord(id, [](storage::ServiceAccountRecord& it) {
    it.token_shown_to = kShownToOperator;
  });
  EXPECT_THAT(GrantAs(world_.super_admin, id, "super_admin", nullptr), IsOk());
}

TEST_F(TokenReceiver, IsAcknowledgedInTheEvent) {
  const Uuid id = CreateAs(manager_).record.id;
  EXPECT_THAT(GrantAs(world_.owner, id, "account_owner", nullptr, true),
              IsOk());
  EXPECT_THAT(
      LastDetails(),
      testing::HasSubstr("\"acknowledged\":\"TOKEN_SHOWN_TO_ANOTHER\""));
  EXPECT_THAT(GrantAs(world_.owner, CreateAs(world_.owner).record.id,
                      "account_owner", nullptr, true),
              IsOk());
  EXPECT_THAT(LastDetails(), testing::Not(testing::HasSubstr("acknowledged")))
      << "there was nothing to acknowledge";
}

}  // namespace
}  // namespace signet::domain
