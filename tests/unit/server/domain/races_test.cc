// SPDX-License-Identifier: Apache-2.0
//
// What one service account goes through when everybody acts on it at once. Run
// under TSan too.
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "crypto/system_random.h"
#include "gtest/gtest.h"
#include "server/audit/audit_log.h"
#include "server/audit/audit_verify.h"
#include "server/domain/authorizations.h"
#include "server/domain/service_accounts.h"
#include "server/identity/token_authenticator.h"
#include "server/upkeep/last_uses.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

class Races : public testing::Test {
 protected:
  void SetUp() override {
    store_.Subscribe(std::nullopt, [this](const storage::ChangeNotice& notice) {
      directory_.OnChange(notice.changes);
    });
    ASSERT_THAT(storage::WriteAndWait(
                    store_,
                    [this](storage::WriteTxn& txn) {
                      absl::Status status =
                          txn.EnsureAccount(home_, SampleTime());
                      status.Update(txn.InsertAuthorization(
                          SampleGrant(home_, 101, owner_.Subjects()[0],
                                      storage::GrantKind::kAccountOwner)));
                      return status;
                    }),
                IsOk());
  }

  IssuedServiceAccount Create() {
    Outcome<IssuedServiceAccount> outcome;
    accounts_.Create(CallerFor(owner_),
                     {.account_id = home_.ToString(), .name = "contended"},
                     outcome.Done());
    return *outcome.Take();
  }

  absl::StatusOr<IssuedServiceAccount> Rotate(const std::string& id) {
    Outcome<IssuedServiceAccount> outcome;
    accounts_.Rotate(CallerFor(owner_),
                     {.account_id = home_.ToString(),
                      .service_account_id = id,
                      .overlap = RawDuration{.seconds = 3600}},
                     outcome.Done());
    return outcome.Take();
  }

  bool Authenticates(std::string_view token) {
    std::optional<bool> good;
    authenticator_.Authenticate(
        token, clock_.Now(),
        [&good](const absl::StatusOr<identity::Principal>& who) {
          good = who.ok();
        });
    return *good;
  }

  const Uuid home_ = SampleId(1);
  const identity::Principal owner_ = User(SampleId(11));
  FaultyStore store_;
  FakeClock clock_;
  crypto::SystemRandom random_;
  RecordingLogger logger_;
  upkeep::LastUses last_uses_{&logger_};
  std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  identity::TokenDirectory directory_{&store_, keyring_.get(), &last_uses_, {}};
  audit::AuditLog audit_{keyring_.get(), &random_};
  audit::DenialLog denials_{&store_, &audit_, &clock_, &logger_};
  ServiceAccounts accounts_{&store_,     keyring_.get(), &audit_,  &denials_,
                            &last_uses_, &clock_,        &random_, {}};
  Authorizations authorizations_{&store_, keyring_.get(), &audit_,
                                 &clock_, &random_,       OauthOwners::kCanAct};
  identity::TokenAuthenticator authenticator_{&directory_};
};

TEST_F(Races, ARevokedTokenNeverAuthenticatesAfterTheCallHasReturned) {
  for (int round = 0; round < 20; ++round) {
    const IssuedServiceAccount issued = Create();
    const std::string id = issued.record.id.ToString();
    absl::BlockingCounter acting(5);  // Each thread once, after its first act.
    absl::Notification revoked;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {  // Rotates until it is refused.
        std::vector<Secret> tokens;
        while (true) {
          absl::StatusOr<IssuedServiceAccount> rotated = Rotate(id);
          if (!rotated.ok()) {
            EXPECT_THAT(rotated, ErrorIs(absl::StatusCode::kFailedPrecondition,
                                         "SERVICE_ACCOUNT_REVOKED"));
            break;
          }
          tokens.push_back(std::move(rotated->token));
          if (tokens.size() == 1) acting.DecrementCount();
        }
        revoked.WaitForNotification();
        for (const Secret& token : tokens) {
          EXPECT_FALSE(Authenticates(token.Expose()));
        }
      });
    }
    threads.emplace_back([&] {  // Uses the token.
      Authenticates(issued.token.Expose());
      acting.DecrementCount();
      while (!revoked.HasBeenNotified()) Authenticates(issued.token.Expose());
      EXPECT_FALSE(Authenticates(issued.token.Expose()));
    });
    threads.emplace_back([&] {  // Edits until it is refused.
      for (int i = 0;; ++i) {
        Outcome<storage::ServiceAccountRecord> outcome;
        accounts_.Update(CallerFor(owner_),
                         {.account_id = home_.ToString(),
                          .service_account_id = id,
                          .description = std::to_string(i)},
                         outcome.Done());
        if (!outcome.Take().ok()) break;
        if (i == 0) acting.DecrementCount();
      }
    });
    threads.emplace_back([&] {  // Grants and revokes until it is refused.
      for (int i = 0; !revoked.HasBeenNotified(); ++i) {
        Outcome<storage::AuthorizationRecord> granted;
        authorizations_.Grant(CallerFor(owner_),
                              {.account_id = home_.ToString(),
                               .grant_kind = "capability",
                               .subject_type = "service_account",
                               .subject_id = id,
                               .capability_key = "auth.manage",
                               .acknowledge_token_shown = true},
                              granted.Done());
        const absl::StatusOr<storage::AuthorizationRecord> grant =
            granted.Take();
        if (!grant.ok()) {
          EXPECT_THAT(grant, ErrorIs(absl::StatusCode::kFailedPrecondition,
                                     "SERVICE_ACCOUNT_REVOKED"));
          break;
        }
        Outcome<storage::AuthorizationRecord> ended;
        authorizations_.Revoke(CallerFor(owner_),
                               {.account_id = home_.ToString(),
                                .authorization_id = grant->id.ToString()},
                               ended.Done());
        EXPECT_THAT(ended.Take(), IsOk());
        if (i == 0) acting.DecrementCount();
      }
    });
    acting.Wait();
    Outcome<storage::ServiceAccountRecord> outcome;
    accounts_.Revoke(CallerFor(owner_),
                     {.account_id = home_.ToString(), .service_account_id = id},
                     outcome.Done());
    EXPECT_THAT(outcome.Take(), IsOk());
    EXPECT_FALSE(Authenticates(issued.token.Expose()));
    revoked.Notify();
    for (std::thread& thread : threads) thread.join();
  }
  const absl::StatusOr<audit::AuditVerdict> verdict = audit::VerifyAudit(
      store_, *keyring_,
      [](const audit::AuditFault& fault) { ADD_FAILURE() << fault.what; });
  ASSERT_THAT(verdict, IsOk());
  // Each round: made, rotated twice, edited, granted, taken away, revoked.
  EXPECT_GE(verdict->events, 20u * 7);
}

// The most that a rotation leaves good is the token it made and the one before.
TEST_F(Races, ConcurrentRotationsLeaveTwoGoodTokens) {
  const IssuedServiceAccount issued = Create();
  const std::string id = issued.record.id.ToString();
  std::vector<std::vector<Secret>> tokens(4);  // Each thread's own.
  std::vector<std::thread> threads;
  for (std::vector<Secret>& own : tokens) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        absl::StatusOr<IssuedServiceAccount> rotated = Rotate(id);
        ASSERT_THAT(rotated, IsOk());
        own.push_back(std::move(rotated->token));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int good = 0;
  for (const std::vector<Secret>& own : tokens) {
    EXPECT_EQ(own.size(), 10u);
    for (const Secret& token : own) good += Authenticates(token.Expose());
  }
  EXPECT_EQ(good, 2);
  EXPECT_FALSE(Authenticates(issued.token.Expose()));
}

// Two owners that disable each other at the same time: one remains.
TEST_F(Races, TheLastOwnerStays) {
  ServiceAccounts accounts(&store_, keyring_.get(), &audit_, &denials_,
                           &last_uses_, &clock_, &random_,
                           {.oauth_owners = OauthOwners::kCannotAct});
  for (uint32_t round = 0; round < 50; ++round) {
    std::vector<identity::Principal> owners;
    for (uint32_t i = 0; i < 2; ++i) {
      owners.push_back(DomainWorld::Bearer(Create()));
      EXPECT_THAT(
          storage::WriteAndWait(store_,
                                [&](storage::WriteTxn& txn) {
                                  return txn.InsertAuthorization(SampleGrant(
                                      home_, 1000 + 2 * round + i,
                                      owners[i].Subjects()[0],
                                      storage::GrantKind::kAccountOwner));
                                }),
          IsOk());
    }
    const auto disable = [&](const identity::Principal& by,
                             const identity::Principal& whom) {
      Outcome<storage::ServiceAccountRecord> outcome;
      accounts.Update(CallerFor(by),
                      {.account_id = home_.ToString(),
                       .service_account_id = whom.id.ToString(),
                       .enabled = false},
                      outcome.Done());
      return outcome.Take().status();
    };
    absl::Status outcomes[2];
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back(
          [&, i] { outcomes[i] = disable(owners[i], owners[1 - i]); });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_NE(outcomes[0].ok(), outcomes[1].ok()) << round;
    const identity::Principal& left = outcomes[0].ok() ? owners[0] : owners[1];
    EXPECT_THAT(disable(left, left),
                ErrorIs(absl::StatusCode::kFailedPrecondition, "LAST_OWNER"));
    EXPECT_THAT(storage::WriteAndWait(store_,
                                      [&](storage::WriteTxn& txn) {
                                        return txn.DeleteServiceAccount(
                                            home_, left.id);
                                      }),
                IsOk());
  }
}

}  // namespace
}  // namespace signet::domain
