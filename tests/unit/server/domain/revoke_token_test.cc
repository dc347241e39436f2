// SPDX-License-Identifier: Apache-2.0
//
// ServiceAccounts::RevokeToken, that is RFC 7009.
#include <memory>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::domain {
namespace {

class RevokeTokenTest : public testing::Test {
 protected:
  identity::TokenSnapshotPtr FactsOf(std::string_view token) {
    std::optional<identity::LookupResult> found;
    world_.directory.Find(
        token, world_.clock.Now(), std::nullopt,
        [&found](absl::StatusOr<identity::LookupResult> finding) {
          found = *std::move(finding);
        });
    return found->snapshot;
  }
  identity::TokenState StateOf(std::string_view token) {
    std::optional<identity::LookupResult> found;
    world_.directory.Find(
        token, world_.clock.Now(), std::nullopt,
        [&found](absl::StatusOr<identity::LookupResult> finding) {
          found = *std::move(finding);
        });
    return found->state;
  }

  absl::Status Revoke(const identity::Principal& who,
                      identity::TokenSnapshotPtr target) {
    std::optional<absl::Status> outcome;
    world_.accounts.RevokeToken(
        CallerFor(who), target,
        [&outcome](absl::Status status) { outcome = std::move(status); });
    return *outcome;
  }

  // How often the audit log has `action`.
  int Logged(const std::string& action) {
    int count = 0;
    EXPECT_THAT(world_.denials.Flush(), IsOk());
    EXPECT_THAT(
        storage::ReadAndWait(world_.store,
                             [&](storage::ReadTxn& txn) {
                               storage::AuditQuery query;
                               query.account_id = world_.kHome;
                               query.limit = 100;
                               query.scan_limit = 1000;
                               const auto page = txn.ListAuditEvents(query);
                               if (!page.ok()) return page.status();
                               for (const storage::AuditEventRecord& event :
                                    page->records) {
                                 if (event.action == action) ++count;
                               }
                               return absl::OkStatus();
                             }),
        IsOk());
    return count;
  }

  TokenWorld world_;
  const IssuedServiceAccount issued_ = world_.Issue();
  const std::string token_{issued_.token.Expose()};
};

constexpr char kAction[] = "service_account.revoke_token";

TEST_F(RevokeTokenTest, WhoManagesTheAccountRevokes) {
  const identity::TokenSnapshotPtr snapshot = FactsOf(token_);
  EXPECT_THAT(Revoke(world_.owner, snapshot), IsOk());
  EXPECT_EQ(StateOf(token_), identity::TokenState::kRevoked);
  EXPECT_EQ(Logged(kAction), 1);
  const storage::ServiceAccountRecord record = *world_.Get(
      world_.owner, world_.kHome.ToString(), issued_.record.id.ToString());
  EXPECT_EQ(record.revoked_by_user_id, world_.owner.id);

  EXPECT_THAT(Revoke(world_.owner, snapshot), IsOk());
  EXPECT_EQ(Logged(kAction), 1) << "the second time changes nothing";
}

TEST_F(RevokeTokenTest, WhoDoesNotIsAnsweredTheSameAndNothingChanges) {
  const int writes = world_.store.writes();
  for (const identity::Principal* who : {&world_.viewer, &world_.nobody}) {
    EXPECT_THAT(Revoke(*who, FactsOf(token_)), IsOk());
  }
  EXPECT_EQ(world_.store.writes(), writes) << "nor do they take a place";
  const IssuedServiceAccount away = world_.IssueAway();
  EXPECT_THAT(Revoke(world_.owner, FactsOf(away.token.Expose())), IsOk());
  EXPECT_EQ(StateOf(token_), identity::TokenState::kLive);
  EXPECT_EQ(StateOf(away.token.Expose()), identity::TokenState::kLive);
  EXPECT_EQ(Logged(kAction), 2) << "what was denied here";
}

TEST_F(RevokeTokenTest, ItsOwnCredentialNeedsNoRight) {
  EXPECT_THAT(Revoke(DomainWorld::Bearer(issued_), FactsOf(token_)), IsOk());
  EXPECT_EQ(StateOf(token_), identity::TokenState::kRevoked);
}

TEST_F(RevokeTokenTest, OfTwoTokensTheOldOneEndsAlone) {
  Outcome<IssuedServiceAccount> outcome;
  world_.accounts.Rotate(CallerFor(world_.owner),
                         {.account_id = world_.kHome.ToString(),
                          .service_account_id = issued_.record.id.ToString(),
                          .overlap = RawDuration{.seconds = 600}},
                         outcome.Done());
  const auto rotated = outcome.Take();
  ASSERT_THAT(rotated, IsOk());
  ASSERT_EQ(StateOf(token_), identity::TokenState::kLive);
  EXPECT_THAT(Revoke(world_.owner, FactsOf(token_)), IsOk());
  EXPECT_EQ(StateOf(token_), identity::TokenState::kReplaced);
  EXPECT_EQ(StateOf(rotated->token.Expose()), identity::TokenState::kLive);
}

TEST_F(RevokeTokenTest, ATokenThatIsGoneMeanwhileIsNoError) {
  const identity::TokenSnapshotPtr snapshot = FactsOf(token_);
  EXPECT_THAT(storage::WriteAndWait(world_.store,
                                    [this](storage::WriteTxn& txn) {
                                      return txn.DeleteServiceAccount(
                                          world_.kHome, issued_.record.id);
                                    }),
              IsOk());
  EXPECT_THAT(Revoke(world_.owner, snapshot), IsOk());
}

TEST_F(RevokeTokenTest, TheStoresErrorsAreTold) {
  const identity::TokenSnapshotPtr snapshot = FactsOf(token_);
  world_.store.write_outcomes = {absl::ResourceExhaustedError("full")};
  EXPECT_THAT(Revoke(world_.owner, snapshot),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(StateOf(token_), identity::TokenState::kLive);
}

TEST_F(RevokeTokenTest, ADeadCallerRevokesNothing) {
  const IssuedServiceAccount manager = world_.Issue({"auth.manage"});
  world_.ChangeRecord(manager.record.id, [](storage::ServiceAccountRecord& it) {
    it.revoked_at = SampleTime();
  });
  EXPECT_THAT(Revoke(DomainWorld::Bearer(manager), FactsOf(token_)),
              ErrorIs(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  EXPECT_EQ(StateOf(token_), identity::TokenState::kLive);
}

}  // namespace
}  // namespace signet::domain
