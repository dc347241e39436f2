// SPDX-License-Identifier: Apache-2.0
//
// What a service account may do to itself.
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "server/identity/token_state.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::domain {
namespace {

constexpr int64_t kBase = 1893553445;  // SampleTime(), about.

class SelfLimits : public testing::Test {
 protected:
  static auto Refused() {
    return ErrorIs(absl::StatusCode::kPermissionDenied, "GRANT_EXCEEDS_OWN");
  }

  // One that manages, or owns, and whose token dies at `expires`.
  IssuedServiceAccount Issue(
      std::optional<int64_t> expires,
      storage::GrantKind kind = storage::GrantKind::kCapability) {
    ServiceAccounts::CreateRequest request = world_.Good();
    if (expires.has_value()) {
      request.expires_at = RawTimestamp{.seconds = *expires};
    }
    absl::StatusOr<IssuedServiceAccount> issued =
        world_.Create(world_.owner, request);
    EXPECT_THAT(issued, IsOk());
    const storage::Subject subject = {storage::SubjectType::kServiceAccount,
                                      issued->record.id.ToString()};
    storage::AuthorizationRecord grant =
        world_.CapabilityOf(subject, world_.kHome, "auth.manage");
    if (kind != storage::GrantKind::kCapability) {
      grant = SampleGrant(world_.kHome, world_.next_grant++, subject, kind);
    }
    world_.Grant(grant);
    return *std::move(issued);
  }

  absl::StatusOr<IssuedServiceAccount> Rotate(
      const identity::Principal& who,
      ServiceAccounts::RotateRequest request = {}) {
    request.account_id = world_.kHome.ToString();
    request.service_account_id = who.id.ToString();
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(who), std::move(request), outcome.Done());
    return outcome.Take();
  }

  absl::StatusOr<storage::ServiceAccountRecord> Update(
      const identity::Principal& who, ServiceAccounts::UpdateRequest request) {
    request.account_id = world_.kHome.ToString();
    request.service_account_id = who.id.ToString();
    Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Update(CallerFor(who), std::move(request), outcome.Done());
    return outcome.Take();
  }

  TokenWorld world_;
};

TEST_F(SelfLimits, ARotationKeepsTheExpiryAndAsksForNoLaterOne) {
  for (const storage::GrantKind kind :
       {storage::GrantKind::kCapability, storage::GrantKind::kAccountOwner,
        storage::GrantKind::kSuperAdmin}) {
    const IssuedServiceAccount issued = Issue(kBase + 100, kind);
    const identity::Principal self = DomainWorld::Bearer(issued);
    EXPECT_THAT(
        Rotate(self, {.expires_at = RawTimestamp{.seconds = kBase + 101}}),
        Refused());
    const auto rotated = Rotate(self);
    ASSERT_THAT(rotated, IsOk());
    EXPECT_EQ(rotated->record.token.expires_at,
              absl::FromUnixSeconds(kBase + 100));
    const auto sooner =
        Rotate(DomainWorld::Bearer(*rotated),
               {.expires_at = RawTimestamp{.seconds = kBase + 50}});
    ASSERT_THAT(sooner, IsOk());
    EXPECT_EQ(sooner->record.token.expires_at,
              absl::FromUnixSeconds(kBase + 50));
  }
}

TEST_F(SelfLimits, OneThatNeverExpiresMayGoOnSo) {
  const auto rotated = Rotate(DomainWorld::Bearer(Issue(std::nullopt)));
  ASSERT_THAT(rotated, IsOk());
  EXPECT_EQ(rotated->record.token.expires_at, std::nullopt);
}

// Whoever has found it would have the one that took its place, too, or end it.
TEST_F(SelfLimits, AReplacedTokenWorksButDoesNotRotate) {
  const IssuedServiceAccount issued = Issue(std::nullopt);
  const identity::Principal old = DomainWorld::Bearer(issued);
  ASSERT_THAT(Rotate(old, {.overlap = RawDuration{.seconds = 3600}}), IsOk());
  const auto stands = world_.Get(world_.owner, world_.kHome.ToString(),
                                 issued.record.id.ToString());
  for (const ServiceAccounts::RotateRequest& request :
       {ServiceAccounts::RotateRequest{},
        {.overlap = RawDuration{.seconds = 7200}},
        {.expires_at = RawTimestamp{.seconds = kBase + 60}}}) {
    EXPECT_THAT(Rotate(old, request), Refused());
  }
  EXPECT_EQ(
      *world_.Get(old, world_.kHome.ToString(), issued.record.id.ToString()),
      *stands);
  EXPECT_THAT(world_.Create(old, world_.Good()), IsOk());
  EXPECT_THAT(Update(old, {.enabled = false}), IsOk());
}

// It had no answer, so it asks again with what it has.
TEST_F(SelfLimits, AReplacedTokenIsToldAgainWhatItsRotationGave) {
  const identity::Principal old = DomainWorld::Bearer(Issue(std::nullopt));
  const auto rotate = [&] {
    ServiceAccounts::RotateRequest request = {
        .account_id = world_.kHome.ToString(),
        .service_account_id = old.id.ToString(),
        .overlap = RawDuration{.seconds = 60},
        .idempotency_key = "019a5b6e-0000-4000-8000-000000000001"};
    Outcome<IssuedServiceAccount> outcome;
    world_.accounts.Rotate(CallerFor(old, "credential"), request,
                           outcome.Done());
    return outcome.Take();
  };
  const auto first = rotate();
  ASSERT_THAT(first, IsOk());
  const auto again = rotate();
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->token.Expose(), first->token.Expose());
}

TEST_F(SelfLimits, AnUpdateMayShortenRenameAndDisable) {
  const identity::Principal self = DomainWorld::Bearer(Issue(kBase + 100));
  EXPECT_THAT(Update(self, {.set_expires_at = true,
                            .expires_at = RawTimestamp{.seconds = kBase + 50}}),
              IsOk());
  EXPECT_THAT(Update(self, {.name = "renamed"}), IsOk());
  EXPECT_THAT(Update(self, {.enabled = true}), IsOk()) << "it is enabled";
  EXPECT_THAT(Update(self, {.labels = std::map<std::string, std::string>()}),
              IsOk())
      << "it has none";
  EXPECT_THAT(Update(self, {.enabled = false}), IsOk());
}

TEST_F(SelfLimits, AnUpdateMayNeitherLengthenNorRelabel) {
  for (const storage::GrantKind kind :
       {storage::GrantKind::kCapability, storage::GrantKind::kAccountOwner,
        storage::GrantKind::kSuperAdmin}) {
    const IssuedServiceAccount issued = Issue(kBase + 100, kind);
    const identity::Principal self = DomainWorld::Bearer(issued);
    EXPECT_THAT(
        Update(self, {.set_expires_at = true,
                      .expires_at = RawTimestamp{.seconds = kBase + 101}}),
        Refused());
    EXPECT_THAT(Update(self, {.set_expires_at = true}), Refused());
    EXPECT_THAT(Update(self, {.labels = {{{"team", "edge"}}}}), Refused());
    EXPECT_THAT(
        Update(self,
               {.name = "x", .labels = {{{"team", "edge"}}}, .enabled = false}),
        Refused());
    EXPECT_EQ(*world_.Get(world_.owner, world_.kHome.ToString(),
                          issued.record.id.ToString()),
              issued.record);
  }
}

// As long as it waits in a queue, a caller grows older.
TEST_F(SelfLimits, ACallerThatExpiresWhileItsWriteWaitsDoesNothing) {
  const IssuedServiceAccount issued = Issue(kBase + 100);
  identity::Principal user = world_.owner;
  user.credential_expires_at = absl::FromUnixSeconds(kBase + 100);
  for (const identity::Principal& who : {DomainWorld::Bearer(issued), user}) {
    world_.clock.Set(absl::FromUnixSeconds(kBase + 50));
    world_.store.before_next_write_body = [this] {
      world_.clock.Set(absl::FromUnixSeconds(kBase + 100));
    };
    EXPECT_THAT(world_.Create(who, world_.Good()),
                ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
    world_.clock.Set(absl::FromUnixSeconds(kBase + 50));
    EXPECT_THAT(world_.Create(who, world_.Good()), IsOk());
  }
}

}  // namespace
}  // namespace signet::domain
