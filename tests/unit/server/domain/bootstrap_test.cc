// SPDX-License-Identifier: Apache-2.0
#include "server/domain/bootstrap.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/access.h"
#include "server/token/token.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::domain {
namespace {

class Bootstrap : public testing::Test {
 protected:
  absl::StatusOr<bool> Run(const BootstrapPlan& plan = {}) {
    return BootstrapIfEmpty(store_, *keyring_, clock_, random_, plan,
                            [this](const Bootstrapped& credential) {
                              account_id_ = credential.account_id;
                              id_ = credential.service_account_id;
                              token_ = credential.token.Expose();
                              if (on_delivery_) on_delivery_();
                              return delivery_;
                            });
  }

  bool Empty() {
    bool empty = false;
    EXPECT_THAT(storage::ReadAndWait(store_,
                                     [&empty](storage::ReadTxn& txn) {
                                       empty = *txn.IsEmpty();
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return empty;
  }

  absl::StatusOr<storage::GrantKind> Manage(const storage::Subject& subject) {
    std::optional<storage::GrantKind> kind;
    const absl::Status status =
        storage::ReadAndWait(store_, [&](storage::ReadTxn& txn) {
          const std::vector<storage::Subject> subjects = {subject};
          const auto granted =
              Authorize(txn, subjects, account_id_, Right::kManage);
          if (granted.ok()) kind = *granted;
          return granted.status();
        });
    if (!status.ok()) return status;
    return *kind;
  }

  FaultyStore store_;
  FakeClock clock_;
  SeededRandom random_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  absl::Status delivery_;
  std::function<void()> on_delivery_;
  Uuid account_id_;
  Uuid id_;
  std::string token_;
};

TEST_F(Bootstrap, MakesAnOwnerWhoseTokenIsTheOneDelivered) {
  ASSERT_THAT(Run(), IsOkAndHolds(true));
  EXPECT_EQ(account_id_.bytes()[6] >> 4, 7);  // The version.
  EXPECT_THAT(Manage({storage::SubjectType::kServiceAccount, id_.ToString()}),
              IsOkAndHolds(storage::GrantKind::kAccountOwner));
  EXPECT_THAT(storage::ReadAndWait(
                  store_,
                  [this](storage::ReadTxn& txn) {
                    const auto found =
                        txn.FindToken(token::ParseToken(token_)->public_id);
                    EXPECT_THAT(found, IsOk());
                    const storage::ServiceAccountRecord* owner = &found->owner;
                    EXPECT_EQ(owner->id, id_);
                    EXPECT_EQ(owner->account_id, account_id_);
                    EXPECT_EQ(owner->name, "owner");
                    EXPECT_EQ(owner->created_at, clock_.Now());
                    EXPECT_EQ(owner->created_by_user_id, std::nullopt);
                    EXPECT_EQ(owner->token.expires_at, std::nullopt);
                    EXPECT_TRUE(keyring_->Verify(owner->token.key_version,
                                                 token_, owner->token.mac));
                    return absl::OkStatus();
                  }),
              IsOk());
}

TEST_F(Bootstrap, FollowsThePlan) {
  ASSERT_THAT(Run({.token_prefix = "acme",
                   .account_id = SampleId(7),
                   .owner_user = "01900000-0000-7000-8000-0000000000AB"}),
              IsOkAndHolds(true));
  EXPECT_EQ(account_id_, SampleId(7));
  EXPECT_EQ(token::ParseToken(token_)->prefix, "acme");
  EXPECT_THAT(Manage({storage::SubjectType::kUser,
                      "01900000-0000-7000-8000-0000000000ab"}),
              IsOkAndHolds(storage::GrantKind::kAccountOwner));
}

TEST_F(Bootstrap, AnOwnersSubIsKeptAsItIs) {
  ASSERT_THAT(Run({.account_id = {}, .owner_user = "Auth0|Alice"}),
              IsOkAndHolds(true));
  EXPECT_THAT(Manage({storage::SubjectType::kUser, "Auth0|Alice"}),
              IsOkAndHolds(storage::GrantKind::kAccountOwner));
}

TEST_F(Bootstrap, DoesNothingToAStoreInUse) {
  ASSERT_THAT(Run(), IsOkAndHolds(true));
  token_.clear();
  EXPECT_THAT(Run(), IsOkAndHolds(false));
  EXPECT_EQ(token_, "");
  EXPECT_EQ(store_.writes(), 1);
}

TEST_F(Bootstrap, WritesNothingThatWasNotDelivered) {
  delivery_ = absl::AlreadyExistsError("file");
  EXPECT_EQ(Run().status(), delivery_);
  EXPECT_TRUE(Empty());
}

TEST_F(Bootstrap, TellsThatARaceMadeTheCredentialVoid) {
  on_delivery_ = [this] {
    EXPECT_THAT(storage::WriteAndWait(store_,
                                      [](storage::WriteTxn& txn) {
                                        return txn.EnsureAccount(SampleId(9),
                                                                 SampleTime());
                                      }),
                IsOk());
  };
  EXPECT_THAT(Run(), ErrorIs(absl::StatusCode::kAborted, "BOOTSTRAP_RACE"));
  EXPECT_FALSE(
      Manage({storage::SubjectType::kServiceAccount, id_.ToString()}).ok());
}

TEST_F(Bootstrap, TheStoresErrorsComeThrough) {
  store_.read_outcomes = {absl::DataLossError("page 7")};
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kDataLoss));
  store_.write_outcomes = {absl::UnavailableError("disk full")};
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(Empty());
}

class NewSuperAdmin : public Bootstrap {
 protected:
  absl::Status Issue(const std::optional<Uuid>& account_id = {},
                     bool into_existing = false) {
    return IssueSuperAdmin(store_, *keyring_, clock_, random_,
                           {.token_prefix = "acme",
                            .account_id = account_id,
                            .into_existing = into_existing},
                           [this](const Bootstrapped& credential) {
                             account_id_ = credential.account_id;
                             id_ = credential.service_account_id;
                             token_ = credential.token.Expose();
                             return delivery_;
                           });
  }
};

TEST_F(NewSuperAdmin, MayDoEverythingEverywhere) {
  ASSERT_THAT(Run(), IsOkAndHolds(true));
  const Uuid first = account_id_;
  ASSERT_THAT(Issue(), IsOk());
  EXPECT_NE(account_id_, first);
  EXPECT_EQ(token::ParseToken(token_)->prefix, "acme");
  const storage::Subject admin = {storage::SubjectType::kServiceAccount,
                                  id_.ToString()};
  for (const Uuid& account : {first, account_id_, SampleId(77)}) {
    account_id_ = account;
    EXPECT_THAT(Manage(admin), IsOkAndHolds(storage::GrantKind::kSuperAdmin));
  }
}

TEST_F(NewSuperAdmin, BelongsToTheAccountGivenAndLeavesAnEvent) {
  ASSERT_THAT(Run(), IsOkAndHolds(true));
  const Uuid first = account_id_;
  ASSERT_THAT(Issue(first, /*into_existing=*/true), IsOk());
  EXPECT_EQ(account_id_, first);
  EXPECT_THAT(storage::ReadAndWait(
                  store_,
                  [&](storage::ReadTxn& txn) {
                    const auto events = txn.ListAuditEvents(
                        {.account_id = first, .limit = 9, .scan_limit = 9});
                    EXPECT_THAT(events, IsOk());
                    EXPECT_EQ(events->records.size(), 2);
                    EXPECT_EQ(events->records[0].action,
                              "account.issue_super_admin");
                    EXPECT_EQ(events->records[0].resource_id, id_.ToString());
                    return absl::OkStatus();
                  }),
              IsOk());
}

TEST_F(NewSuperAdmin, IsNotPutIntoATenantsAccountUnlessThatIsSaid) {
  ASSERT_THAT(Run(), IsOkAndHolds(true));
  const Uuid first = account_id_;
  token_.clear();
  EXPECT_THAT(Issue(first),
              ErrorIs(absl::StatusCode::kFailedPrecondition, "ACCOUNT_EXISTS"));
  EXPECT_EQ(token_, "") << "nothing is delivered that is void";
  EXPECT_THAT(Issue(SampleId(77)), IsOk());
  EXPECT_EQ(account_id_, SampleId(77));
}

TEST_F(NewSuperAdmin, IsNotMadeUnlessDelivered) {
  delivery_ = absl::UnavailableError("standard output");
  EXPECT_EQ(Issue(), delivery_);
  EXPECT_TRUE(Empty());
}

TEST_F(Bootstrap, SurvivesARepeatedTransaction) {
  store_.run_bodies_twice = true;
  ASSERT_THAT(Run(), IsOkAndHolds(true));
  EXPECT_THAT(Manage({storage::SubjectType::kServiceAccount, id_.ToString()}),
              IsOk());
}

}  // namespace
}  // namespace signet::domain
