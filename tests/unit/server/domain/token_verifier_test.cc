// SPDX-License-Identifier: Apache-2.0
#include "server/domain/token_verifier.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::domain {
namespace {

using testing::SizeIs;

constexpr char kJwt[] = "a.user.token";

class TokenVerifierTest : public testing::Test {
 protected:
  TokenVerifierTest() {
    user_.groups = {"team"};
    user_.credential_expires_at = SampleTime(600);
    world_.issuer.users.emplace(kJwt, user_);
  }

  VerifyScope Home() const {
    return {.every_account = false, .account_id = world_.kHome};
  }

  absl::StatusOr<TokenVerification> Verify(
      std::string_view token, const VerifyScope& scope,
      std::shared_ptr<const Requirement> requirement = nullptr) {
    Outcome<TokenVerification> outcome;
    world_.verifier.Verify(token, scope, std::move(requirement),
                           world_.clock.Now(), outcome.Done());
    return outcome.Take();
  }
  TokenVerdict VerdictOf(
      std::string_view token, const VerifyScope& scope,
      std::shared_ptr<const Requirement> requirement = nullptr) {
    const auto found = Verify(token, scope, std::move(requirement));
    EXPECT_THAT(found, IsOk());
    EXPECT_EQ(found->snapshot != nullptr,
              found->verdict == TokenVerdict::kActive);
    return found->verdict;
  }

  absl::StatusOr<VerifyScope> FindScope(const identity::CallerPtr& caller,
                                        const std::string& account_id = "") {
    Outcome<VerifyScope> outcome;
    world_.verifier.FindScope(caller, account_id, outcome.Done());
    return outcome.Take();
  }

  // A service account's snapshot, as ScopeAtOnce() takes them.
  identity::TokenSnapshot FactsOf(const IssuedServiceAccount& issued) {
    return *Verify(issued.token.Expose(), Home())->snapshot;
  }

  static std::shared_ptr<const Requirement> Needs(
      const char* key, std::optional<Uuid> account_id = std::nullopt) {
    return std::make_shared<const Requirement>(Requirement{
        .kind = Requirement::Kind::kCapability,
        .capability = {.capability_key = key, .account_id = account_id}});
  }

  TokenWorld world_;
  identity::Principal user_ = User(SampleId(30));
  const VerifyScope everywhere_ = {.every_account = true};
};

void ExpectScope(const absl::StatusOr<VerifyScope>& scope,
                 const VerifyScope& want) {
  ASSERT_THAT(scope, IsOk());
  EXPECT_EQ(scope->every_account, want.every_account);
  if (!want.every_account) {
    EXPECT_EQ(scope->account_id, want.account_id);
  }
}

TEST_F(TokenVerifierTest, SaysWhoseATokenIsAndWhatItHolds) {
  const IssuedServiceAccount issued = world_.Issue({"billing.view"});
  const auto found = Verify(issued.token.Expose(), Home());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->verdict, TokenVerdict::kActive);
  EXPECT_EQ(found->snapshot->subject_id, issued.record.id);
  EXPECT_EQ(found->snapshot->account_id, world_.kHome);
  ASSERT_THAT(found->snapshot->held, SizeIs(1));
  EXPECT_EQ(found->snapshot->held[0].capability_key, "billing.view");
}

TEST_F(TokenVerifierTest, EveryVerdictHasItsName) {
  const std::pair<TokenVerdict, std::string_view> names[] = {
      {TokenVerdict::kActive, ""},
      {TokenVerdict::kUnknown, "TOKEN_UNKNOWN"},
      {TokenVerdict::kRevoked, "TOKEN_REVOKED"},
      {TokenVerdict::kReplaced, "TOKEN_REPLACED"},
      {TokenVerdict::kExpired, "TOKEN_EXPIRED"},
      {TokenVerdict::kDisabled, "TOKEN_DISABLED"},
      {TokenVerdict::kCapabilityMissing, "CAPABILITY_MISSING"}};
  for (const auto& [verdict, name] : names) {
    EXPECT_EQ(TokenVerdictName(verdict), name);
  }
}

TEST_F(TokenVerifierTest, SaysWhyATokenIsDead) {
  const std::pair<void (*)(storage::ServiceAccountRecord&), TokenVerdict>
      cases[] = {{[](storage::ServiceAccountRecord& it) {
                    it.revoked_at = SampleTime();
                  },
                  TokenVerdict::kRevoked},
                 {[](storage::ServiceAccountRecord& it) {
                    it.token.expires_at = SampleTime(-99);
                  },
                  TokenVerdict::kExpired},
                 {[](storage::ServiceAccountRecord& it) { it.enabled = false; },
                  TokenVerdict::kDisabled}};
  for (const auto& [change, verdict] : cases) {
    const IssuedServiceAccount issued = world_.Issue();
    world_.ChangeRecord(issued.record.id, change);
    EXPECT_EQ(VerdictOf(issued.token.Expose(), Home()), verdict);
    EXPECT_EQ(VerdictOf(issued.token.Expose(), everywhere_), verdict);
    // Not even that, to who asks about others.
    EXPECT_EQ(VerdictOf(issued.token.Expose(),
                        {.every_account = false, .account_id = world_.kAway}),
              TokenVerdict::kUnknown);
  }
  EXPECT_EQ(VerdictOf("junk", everywhere_), TokenVerdict::kUnknown);
}

TEST_F(TokenVerifierTest, TheScopeDecidesWhichTokensAreKnown) {
  const IssuedServiceAccount here = world_.Issue();
  const IssuedServiceAccount there = world_.IssueAway();
  const VerifyScope away = {.every_account = false, .account_id = world_.kAway};
  EXPECT_EQ(VerdictOf(here.token.Expose(), Home()), TokenVerdict::kActive);
  EXPECT_EQ(VerdictOf(there.token.Expose(), Home()), TokenVerdict::kUnknown);
  EXPECT_EQ(VerdictOf(here.token.Expose(), away), TokenVerdict::kUnknown);
  EXPECT_EQ(VerdictOf(there.token.Expose(), away), TokenVerdict::kActive);
  EXPECT_EQ(VerdictOf(here.token.Expose(), everywhere_), TokenVerdict::kActive);
  EXPECT_EQ(VerdictOf(there.token.Expose(), everywhere_),
            TokenVerdict::kActive);
}

TEST_F(TokenVerifierTest, AMissingCapabilityIsItsOwnVerdict) {
  const IssuedServiceAccount issued = world_.Issue({"billing.view"});
  EXPECT_EQ(VerdictOf(issued.token.Expose(), Home(), Needs("billing.view")),
            TokenVerdict::kActive);
  EXPECT_EQ(VerdictOf(issued.token.Expose(), Home(), Needs("billing.edit")),
            TokenVerdict::kCapabilityMissing);
  // Why it is dead ranks before.
  world_.ChangeRecord(issued.record.id, [](storage::ServiceAccountRecord& it) {
    it.enabled = false;
  });
  EXPECT_EQ(VerdictOf(issued.token.Expose(), Home(), Needs("billing.edit")),
            TokenVerdict::kDisabled);
}

TEST_F(TokenVerifierTest, WhatIsRequiredOnOtherAccountsIsReadThere) {
  const IssuedServiceAccount issued = world_.Issue({"billing.view"});
  const auto needs = Needs("billing.view", world_.kAway);
  EXPECT_EQ(VerdictOf(issued.token.Expose(), Home(), needs),
            TokenVerdict::kCapabilityMissing);
  world_.Grant(world_.CapabilityOf(DomainWorld::Bearer(issued).Subjects()[0],
                                   world_.kAway, "billing.view"));
  const auto found = Verify(issued.token.Expose(), Home(), needs);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->verdict, TokenVerdict::kActive);
  EXPECT_THAT(found->snapshot->held, SizeIs(1)) << "those of its own account";
}

TEST_F(TokenVerifierTest, ASuperAdminHasWhatIsRequiredAnywhere) {
  const IssuedServiceAccount issued = world_.Issue();
  world_.Grant(SampleGrant(world_.kAway, 600,
                           DomainWorld::Bearer(issued).Subjects()[0],
                           storage::GrantKind::kSuperAdmin));
  EXPECT_EQ(VerdictOf(issued.token.Expose(), Home(),
                      Needs("billing.view", SampleId(77))),
            TokenVerdict::kActive);
}

TEST_F(TokenVerifierTest, AUserWhoHoldsNothingOnTheAccountIsNotOfIt) {
  EXPECT_EQ(VerdictOf(kJwt, Home()), TokenVerdict::kCapabilityMissing);
  EXPECT_EQ(VerdictOf(kJwt, {.every_account = true}), TokenVerdict::kActive);
  world_.Grant(
      world_.CapabilityOf(user_.Subjects()[0], world_.kAway, "mail.send"));
  EXPECT_EQ(VerdictOf(kJwt, Home()), TokenVerdict::kCapabilityMissing);
  EXPECT_EQ(VerdictOf(kJwt, Home(), Needs("mail.send", world_.kAway)),
            TokenVerdict::kCapabilityMissing);
  world_.Grant(SampleGrant(world_.kAway, 601, user_.Subjects()[0],
                           storage::GrantKind::kSuperAdmin));
  EXPECT_EQ(VerdictOf(kJwt, Home()), TokenVerdict::kActive);
}

TEST_F(TokenVerifierTest, AUserHoldsWhatTheirGroupsWereGranted) {
  world_.Grant(
      world_.CapabilityOf({.type = storage::SubjectType::kGroup, .id = "team"},
                          world_.kHome, "mail.send"));
  const auto found = Verify(kJwt, Home());
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->verdict, TokenVerdict::kActive);
  EXPECT_EQ(found->snapshot->kind, identity::PrincipalKind::kUser);
  EXPECT_EQ(found->snapshot->subject_id, user_.id);
  EXPECT_EQ(found->snapshot->account_id, world_.kHome);
  EXPECT_EQ(found->snapshot->public_id, "");
  EXPECT_EQ(found->snapshot->death(), SampleTime(600));
  EXPECT_EQ(VerdictOf(kJwt, Home(), Needs("billing.view")),
            TokenVerdict::kCapabilityMissing);

  world_.Grant(
      world_.CapabilityOf({.type = storage::SubjectType::kGroup, .id = "team"},
                          world_.kHome, "billing.view"));
  EXPECT_EQ(VerdictOf(kJwt, Home(), Needs("billing.view")),
            TokenVerdict::kActive);
  EXPECT_EQ(VerdictOf(kJwt, Home(), Needs("billing.view", world_.kAway)),
            TokenVerdict::kCapabilityMissing);
  world_.Grant(
      world_.CapabilityOf(user_.Subjects()[0], world_.kAway, "billing.view"));
  EXPECT_EQ(VerdictOf(kJwt, Home(), Needs("billing.view", world_.kAway)),
            TokenVerdict::kActive);
}

TEST_F(TokenVerifierTest, WhatTheIssuerRefusesIsUnknown) {
  EXPECT_EQ(VerdictOf("another.user.token", Home()), TokenVerdict::kUnknown);
  // Nor is a token what has more around it.
  for (const std::string& text :
       {std::string(" ") + kJwt, std::string(kJwt) + " ",
        std::string("Bearer ") + kJwt}) {
    EXPECT_EQ(VerdictOf(text, Home()), TokenVerdict::kUnknown) << text;
  }
  const absl::Status down = MakeError(absl::StatusCode::kUnavailable, "no keys",
                                      {.reason = "ISSUER_UNAVAILABLE"});
  world_.issuer.users.insert_or_assign("a.b.c", down);
  EXPECT_EQ(Verify("a.b.c", Home()).status(), down);
}

TEST_F(TokenVerifierTest, StoreErrorsPassUnchanged) {
  const IssuedServiceAccount issued = world_.Issue();
  const absl::Status down = MakeError(absl::StatusCode::kUnavailable, "away",
                                      {.reason = "STORAGE_UNAVAILABLE"});
  world_.store.read_outcomes = {down, down, down};
  EXPECT_EQ(Verify(issued.token.Expose(), Home()).status(), down);
  EXPECT_EQ(Verify(kJwt, Home()).status(), down);
  EXPECT_EQ(
      FindScope(CallerFor(world_.owner), world_.kHome.ToString()).status(),
      down);
}

TEST_F(TokenVerifierTest, BodiesMayRunAgain) {
  world_.store.run_bodies_twice = true;
  world_.Grant(
      world_.CapabilityOf({.type = storage::SubjectType::kGroup, .id = "team"},
                          world_.kHome, "billing.view"));
  EXPECT_THAT(Verify(kJwt, Home())->snapshot->held, SizeIs(1));
}

TEST_F(TokenVerifierTest, NobodyAsksWithoutTheRight) {
  const auto denied =
      ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED");
  const std::string home = world_.kHome.ToString();
  EXPECT_THAT(FindScope(CallerFor(world_.nobody), home), denied);
  EXPECT_THAT(FindScope(CallerFor(world_.viewer), home), denied);
  EXPECT_THAT(FindScope(CallerFor(world_.owner), world_.kAway.ToString()),
              denied);
  EXPECT_THAT(FindScope(CallerFor(world_.owner), world_.kAbsent.ToString()),
              denied);
  EXPECT_THAT(FindScope(CallerFor(world_.owner)), denied)
      << "a user belongs to no account";
  EXPECT_THAT(FindScope(CallerFor(world_.owner), "junk"),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  const IssuedServiceAccount issued = world_.Issue({"billing.view"});
  EXPECT_THAT(FindScope(CallerFor(DomainWorld::Bearer(issued))), denied);
  EXPECT_FALSE(TokenVerifier::ScopeAtOnce(FactsOf(issued), "").has_value());
}

TEST_F(TokenVerifierTest, WhoMayAskAsksAboutItsAccount) {
  const std::string home = world_.kHome.ToString();
  ExpectScope(FindScope(CallerFor(world_.owner), home), Home());
  for (const char* key : {"auth.verify", "auth.manage"}) {
    EXPECT_THAT(FindScope(CallerFor(world_.nobody), home),
                StatusIs(absl::StatusCode::kPermissionDenied));
    const storage::AuthorizationRecord grant =
        world_.CapabilityOf(world_.nobody.Subjects()[0], world_.kHome, key);
    world_.Grant(grant);
    ExpectScope(FindScope(CallerFor(world_.nobody), home), Home());
    EXPECT_THAT(storage::WriteAndWait(world_.store,
                                      [&](storage::WriteTxn& txn) {
                                        return txn.RevokeAuthorization(
                                            world_.kHome, grant.id,
                                            SampleTime(), {});
                                      }),
                IsOk());
  }
}

TEST_F(TokenVerifierTest, BothWaysToAScopeAgree) {
  const IssuedServiceAccount asker = world_.Issue();
  const identity::CallerPtr caller = CallerFor(DomainWorld::Bearer(asker));
  const storage::Subject subject = caller->principal.Subjects()[0];
  world_.Grant(world_.CapabilityOf(subject, world_.kHome, "auth.verify"));
  const auto agree = [&](const VerifyScope& want,
                         const std::string& account_id) {
    ExpectScope(FindScope(caller, account_id), want);
    const std::optional<VerifyScope> at_once =
        TokenVerifier::ScopeAtOnce(FactsOf(asker), account_id);
    ASSERT_TRUE(at_once.has_value());
    ExpectScope(*at_once, want);
  };
  agree(Home(), "");
  agree(Home(), world_.kHome.ToString());
  EXPECT_THAT(FindScope(caller, world_.kAway.ToString()),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_FALSE(
      TokenVerifier::ScopeAtOnce(FactsOf(asker), world_.kAway.ToString())
          .has_value());
  EXPECT_FALSE(TokenVerifier::ScopeAtOnce(FactsOf(asker), "junk").has_value());

  world_.Grant(
      SampleGrant(world_.kAway, 600, subject, storage::GrantKind::kSuperAdmin));
  agree(everywhere_, "");
  agree({.every_account = false, .account_id = world_.kAway},
        world_.kAway.ToString());
}

TEST_F(TokenVerifierTest, AGrantOnAResourceIsNoRightToAsk) {
  const IssuedServiceAccount asker = world_.Issue();
  const identity::CallerPtr caller = CallerFor(DomainWorld::Bearer(asker));
  storage::AuthorizationRecord grant = world_.CapabilityOf(
      caller->principal.Subjects()[0], world_.kHome, "auth.verify");
  grant.resource_type = "mailbox";
  world_.Grant(grant);
  EXPECT_THAT(FindScope(caller), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_FALSE(TokenVerifier::ScopeAtOnce(FactsOf(asker), "").has_value());
}

TEST_F(TokenVerifierTest, ASuperAdminAsksAboutEverythingUnlessItNamesOne) {
  ExpectScope(FindScope(CallerFor(world_.super_admin)), everywhere_);
  ExpectScope(FindScope(CallerFor(world_.super_admin), world_.kHome.ToString()),
              Home());
}

TEST_F(TokenVerifierTest, WhoIsTrustedNeedsNoRight) {
  identity::Caller trusted;
  trusted.trusted = true;
  const auto caller =
      std::make_shared<const identity::Caller>(std::move(trusted));
  ExpectScope(FindScope(caller), everywhere_);
  ExpectScope(FindScope(caller, world_.kHome.ToString()), Home());
  EXPECT_THAT(FindScope(caller, "junk"),
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
}

TEST_F(TokenVerifierTest, ACredentialThatDiedMeanwhileAsksNothing) {
  const IssuedServiceAccount asker = world_.Issue();
  const identity::CallerPtr caller = CallerFor(DomainWorld::Bearer(asker));
  world_.Grant(world_.CapabilityOf(caller->principal.Subjects()[0],
                                   world_.kHome, "auth.verify"));
  ExpectScope(FindScope(caller), Home());
  world_.ChangeRecord(asker.record.id, [](storage::ServiceAccountRecord& it) {
    it.revoked_at = SampleTime();
  });
  EXPECT_THAT(FindScope(caller),
              ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

// A watcher asks again every second with the credential it began with.
TEST_F(TokenVerifierTest, AUsersCredentialThatExpiredAsksNothing) {
  identity::Principal owner = world_.owner;
  owner.credential_expires_at = world_.clock.Now() + absl::Seconds(60);
  const identity::CallerPtr caller = CallerFor(owner);
  const std::string home = world_.kHome.ToString();
  ExpectScope(FindScope(caller, home), Home());
  world_.clock.Advance(absl::Hours(1));
  EXPECT_THAT(FindScope(caller, home),
              ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

// While it waits for the store, its credential goes on to expire.
TEST_F(TokenVerifierTest, WhoWaitsTooLongToBeReadAsksNothing) {
  class LateStore final : public storage::ForwardingStore {
   public:
    LateStore(storage::Store* store, FakeClock* clock)
        : ForwardingStore(store), clock_(clock) {}
    void Read(ReadBody body, Done done, storage::ReadOptions options) override {
      clock_->Advance(absl::Seconds(60));
      ForwardingStore::Read(std::move(body), std::move(done),
                            std::move(options));
    }

   private:
    FakeClock* const clock_;
  };
  LateStore late(&world_.store, &world_.clock);
  TokenVerifier verifier(&late, &world_.directory, &world_.issuer,
                         &world_.clock);
  identity::Principal owner = world_.owner;
  owner.credential_expires_at = world_.clock.Now() + absl::Seconds(60);
  Outcome<VerifyScope> outcome;
  verifier.FindScope(CallerFor(owner), world_.kHome.ToString(), outcome.Done());
  EXPECT_THAT(outcome.Take(),
              ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(TokenVerifierTest, WhoAsksAboutItselfNeedsNoRight) {
  const IssuedServiceAccount issued = world_.Issue({"billing.view"});
  identity::Caller self;
  self.principal = identity::PrincipalOf(
      std::make_shared<const identity::TokenSnapshot>(FactsOf(issued)));
  const auto ask = [&](std::shared_ptr<const Requirement> requirement) {
    Outcome<TokenVerification> outcome;
    world_.verifier.VerifyCaller(self.principal, std::nullopt,
                                 std::move(requirement), outcome.Done());
    return outcome.Take()->verdict;
  };
  EXPECT_EQ(ask(nullptr), TokenVerdict::kActive);
  EXPECT_EQ(ask(Needs("billing.view")), TokenVerdict::kActive);
  EXPECT_EQ(ask(Needs("billing.edit")), TokenVerdict::kCapabilityMissing);
  EXPECT_EQ(ask(Needs("billing.view", world_.kAway)),
            TokenVerdict::kCapabilityMissing);

  identity::Caller user;
  user.principal = user_;
  world_.Grant(
      world_.CapabilityOf({.type = storage::SubjectType::kGroup, .id = "team"},
                          world_.kHome, "billing.view"));
  Outcome<TokenVerification> outcome;
  world_.verifier.VerifyCaller(user.principal, world_.kHome,
                               Needs("billing.view"), outcome.Done());
  const auto found = outcome.Take();
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->verdict, TokenVerdict::kActive);
  EXPECT_EQ(found->snapshot->account_id, world_.kHome);
}

TEST_F(TokenVerifierTest, AtOnceTheSameOrNothing) {
  identity::TokenDirectory remembering(&world_.store, world_.keyring.get(),
                                       nullptr, {});
  TokenVerifier verifier(&world_.store, &remembering, &world_.issuer,
                         &world_.clock);
  const IssuedServiceAccount issued = world_.Issue({"billing.view"});
  const auto at_once =
      [&](std::string_view token,
          const std::shared_ptr<const Requirement>& requirement) {
        return verifier.VerifyAtOnce(token, Home(), requirement.get(),
                                     world_.clock.Now());
      };
  const std::string token(issued.token.Expose());
  EXPECT_FALSE(at_once(token, nullptr).has_value()) << "never read";
  remembering.Find(token, world_.clock.Now(), std::nullopt, [](const auto&) {});
  EXPECT_EQ(at_once(token, nullptr)->verdict, TokenVerdict::kActive);
  EXPECT_EQ(at_once(token, Needs("billing.view"))->verdict,
            TokenVerdict::kActive);
  EXPECT_EQ(at_once(token, Needs("billing.edit"))->verdict,
            TokenVerdict::kCapabilityMissing);
  EXPECT_EQ(at_once("junk", nullptr)->verdict, TokenVerdict::kUnknown);
  EXPECT_FALSE(at_once(token, Needs("billing.view", world_.kAway)).has_value());
  EXPECT_FALSE(at_once(kJwt, nullptr).has_value());
}

}  // namespace
}  // namespace signet::domain
