// SPDX-License-Identifier: Apache-2.0
//
// What a batch revocation reaches, and what it costs others.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/page_token.h"
#include "server/domain/service_accounts.h"
#include "tests/unit/server/domain/service_account_life.h"

namespace signet::domain {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Ids of their own for all that is made past the rules of the domain.
constexpr uint32_t kFirstNumber = 100'000;
constexpr uint32_t kFirstGrant = 500'000;

class BatchRevocation : public ServiceAccountLife {
 protected:
  void SetUp() override { Grant(manager_.Subjects()[0], {"auth.manage"}); }

  using Change = std::function<void(storage::ServiceAccountRecord&)>;

  // So many, each younger than those before, that hold these capabilities.
  std::vector<Uuid> Insert(
      int count, const std::string& name,
      const std::vector<std::string>& capabilities = {},
      const Change& change = [](storage::ServiceAccountRecord&) {}) {
    std::vector<Uuid> ids;
    EXPECT_THAT(storage::WriteAndWait(
                    world_.store,
                    [&](storage::WriteTxn& txn) {
                      absl::Status status;
                      for (int i = 0; i < count; ++i) {
                        storage::ServiceAccountRecord record =
                            SampleServiceAccount(world_.kHome, next_number_++);
                        record.name = name;
                        change(record);
                        status.Update(txn.InsertServiceAccount(record));
                        ids.push_back(record.id);
                      }
                      return status;
                    }),
                IsOk());
    for (const Uuid& id : ids) {
      Grant({storage::SubjectType::kServiceAccount, id.ToString()},
            capabilities);
    }
    return ids;
  }

  void Grant(const storage::Subject& subject,
             const std::vector<std::string>& capabilities) {
    EXPECT_THAT(storage::WriteAndWait(
                    world_.store,
                    [&](storage::WriteTxn& txn) {
                      absl::Status status;
                      for (const std::string& key : capabilities) {
                        storage::AuthorizationRecord grant = SampleCapability(
                            world_.kHome, next_grant_++, subject);
                        grant.capability_key = key;
                        status.Update(txn.InsertAuthorization(grant));
                      }
                      return status;
                    }),
                IsOk());
  }

  // Repeats it from page token to page token. The number of calls.
  int FollowToTheEnd(const identity::Principal& who,
                     ServiceAccounts::BatchRevokeRequest request) {
    revoked_.clear();
    not_covered_ = 0;
    for (int calls = 1;; ++calls) {
      const auto batch = BatchRevoke(who, request);
      if (!batch.ok() || calls == 100) {
        ADD_FAILURE() << batch.status();
        return calls;
      }
      for (const auto& record : batch->records) revoked_.push_back(record.id);
      not_covered_ += batch->not_covered;
      request.page_token = batch->next_page_token;
      if (request.page_token.empty()) return calls;
    }
  }

  bool IsRevoked(const Uuid& id) { return Stored(id).revoked_at.has_value(); }

  const identity::Principal manager_ = User(SampleId(16));
  uint32_t next_number_ = kFirstNumber;
  uint32_t next_grant_ = kFirstGrant;
  std::vector<Uuid> revoked_;
  int not_covered_ = 0;
};

constexpr char kNotHeld[] = "auth.other";

TEST_F(BatchRevocation, LeavesOutAndCountsWhatIsNotCovered) {
  const std::vector<Uuid> bots = Insert(5, "bot");
  const std::vector<Uuid> harmless = {bots[3], bots[4]};
  const auto subject = [&](int i) {
    return storage::Subject{storage::SubjectType::kServiceAccount,
                            bots[i].ToString()};
  };
  Grant(subject(0), {kNotHeld});
  Grant(subject(3), {"auth.manage", "mailbox.create"});
  EXPECT_THAT(storage::WriteAndWait(
                  world_.store,
                  [&](storage::WriteTxn& txn) {
                    absl::Status status = txn.InsertAuthorization(
                        SampleGrant(world_.kHome, next_grant_++, subject(1),
                                    storage::GrantKind::kAccountOwner));
                    status.Update(txn.InsertAuthorization(
                        SampleGrant(world_.kHome, next_grant_++, subject(2),
                                    storage::GrantKind::kSuperAdmin)));
                    return status;
                  }),
              IsOk());
  for (const bool dry_run : {true, false}) {
    FollowToTheEnd(manager_,
                   {.conditions = {.name_prefix = "bot"}, .dry_run = dry_run});
    EXPECT_THAT(revoked_, testing::UnorderedElementsAreArray(harmless));
    EXPECT_EQ(not_covered_, 3);
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(IsRevoked(bots[i]), i >= 3);
  FollowToTheEnd(world_.owner, {.conditions = {.name_prefix = "bot"}});
  EXPECT_EQ(not_covered_, 1) << "an owner covers all but a super_admin";
}

TEST_F(BatchRevocation, NobodyIsOutOfReachBehindOthersThatAreNotCovered) {
  const Uuid first = Insert(1, "bot-1")[0];
  Insert(2500, "bot-2", {kNotHeld});
  const Uuid last = Insert(1, "bot-3")[0];
  world_.store.run_bodies_twice = true;
  const ServiceAccounts::BatchRevokeRequest request = {
      .conditions = {.name_prefix = "bot-"}};
  const auto batch = BatchRevoke(manager_, request);
  ASSERT_THAT(batch, IsOk());
  EXPECT_THAT(batch->records, SizeIs(1));
  EXPECT_GT(batch->not_covered, 1000);
  EXPECT_NE(batch->next_page_token, "");
  EXPECT_LE(FollowToTheEnd(manager_, request), 3);
  EXPECT_THAT(revoked_, ElementsAre(first));
  EXPECT_EQ(not_covered_, 2500);
  EXPECT_TRUE(IsRevoked(first));
  EXPECT_TRUE(IsRevoked(last));
}

TEST_F(BatchRevocation, NobodyIsOutOfReachBehindOthersThatAreNotMeant) {
  const Uuid bot = Insert(1, "bot", {}, [](auto& r) { r.enabled = false; })[0];
  Insert(kMaxPageScan + 1, "other");
  EXPECT_EQ(FollowToTheEnd(manager_, {.conditions = {.state = "disabled"}}), 1);
  EXPECT_THAT(revoked_, ElementsAre(bot));
}

TEST_F(BatchRevocation, NorBehindOthersThatAreLarge) {
  const Uuid bot = Insert(1, "bot", {}, [](auto& r) { r.enabled = false; })[0];
  Insert(20, "other", {}, [](storage::ServiceAccountRecord& record) {
    record.description = std::string(kMaxPageScanBytes, 'x');
  });
  EXPECT_EQ(FollowToTheEnd(manager_, {.conditions = {.state = "disabled"}}), 3)
      << "a call looks at ten pages";
  EXPECT_THAT(revoked_, ElementsAre(bot));
}

TEST_F(BatchRevocation, ByNameNoOthersAreLookedAt) {
  Insert(20, "a", {}, [](storage::ServiceAccountRecord& record) {
    record.description = std::string(kMaxPageScanBytes, 'x');
  });
  const Uuid bot = Insert(1, "bot")[0];
  const int reads = world_.store.reads();
  EXPECT_EQ(FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"}}),
            1);
  EXPECT_THAT(revoked_, ElementsAre(bot));
  EXPECT_EQ(world_.store.reads(), reads + 1);
}

TEST_F(BatchRevocation, ADryRunIsAllReading) {
  Insert(150, "bot");
  Insert(150, "bot", {kNotHeld});
  const int writes = world_.store.writes();
  EXPECT_EQ(FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"},
                                      .dry_run = true}),
            2);
  EXPECT_EQ(world_.store.writes(), writes);
  EXPECT_EQ(not_covered_, 150);
  const std::vector<Uuid> shown = revoked_;
  EXPECT_THAT(shown, SizeIs(150));
  EXPECT_FALSE(IsRevoked(shown[0]));
  FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"}});
  EXPECT_EQ(revoked_, shown);
}

// A handful of rows for each that it ends, and few besides.
constexpr int kRowsForEach = 8;

TEST_F(BatchRevocation, ATransactionLooksAtNobodyButWhomItEnds) {
  std::vector<std::string> many = {kNotHeld};
  for (int i = 0; i < 20; ++i) many.push_back(absl::StrCat("mailbox.c", i));
  Insert(300, "bot", many);
  many.erase(many.begin());
  Insert(100, "bot", many);
  world_.store.Forget();
  const int writes = world_.store.writes();
  FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"}});
  EXPECT_THAT(revoked_, SizeIs(100));
  EXPECT_EQ(world_.store.writes(), writes + 1);
  EXPECT_LT(world_.store.most_rows_read(), kRowsForEach * 100);

  // Nor does it begin if there is nobody.
  FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"}});
  EXPECT_EQ(not_covered_, 300);
  EXPECT_EQ(world_.store.writes(), writes + 1);
}

TEST_F(BatchRevocation, ATransactionEndsFewWhereTheyHoldMuch) {
  constexpr int kEach = 300;
  std::vector<std::string> many;
  for (int i = 0; i < kEach; ++i) many.push_back(absl::StrCat("auth.c", i));
  Grant(manager_.Subjects()[0], many);
  Insert(20, "bot", many);
  world_.store.Forget();
  EXPECT_EQ(FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"}}),
            3);
  EXPECT_THAT(revoked_, SizeIs(20));
  // What seven hold, and the caller's own.
  EXPECT_LT(world_.store.most_rows_read(), 7 * (kEach + kRowsForEach) + kEach);
}

TEST_F(BatchRevocation, WhatHasChangedMeanwhileIsLookedAtAgain) {
  const std::vector<Uuid> bots = Insert(4, "bot");
  world_.store.before_next_write_body = [&] {
    Grant({storage::SubjectType::kServiceAccount, bots[0].ToString()},
          {kNotHeld});
    EXPECT_THAT(
        storage::WriteAndWait(
            world_.store,
            [&](storage::WriteTxn& txn) {
              storage::ServiceAccountRecord renamed =
                  *txn.GetServiceAccount(world_.kHome, bots[1]);
              renamed.name = "kept";
              absl::Status status = txn.UpdateServiceAccount(renamed);
              status.Update(txn.DeleteServiceAccount(world_.kHome, bots[2]));
              return status;
            }),
        IsOk());
  };
  FollowToTheEnd(manager_, {.conditions = {.name_prefix = "bot"}});
  EXPECT_THAT(revoked_, ElementsAre(bots[3]));
  EXPECT_EQ(not_covered_, 1);
  EXPECT_FALSE(IsRevoked(bots[0]));
  EXPECT_FALSE(IsRevoked(bots[1]));
}

TEST_F(BatchRevocation, APageTokenIsForTheSameConditions) {
  Insert(150, "bot");
  const auto first = BatchRevoke(
      manager_, {.conditions = {.name_prefix = "bot"}, .dry_run = true});
  ASSERT_THAT(first, IsOk());
  Outcome<ServiceAccounts::Page> outcome;
  world_.accounts.List(CallerFor(world_.owner),
                       {.account_id = home_,
                        .conditions = {.name_prefix = "bot"},
                        .order_by = "name",
                        .page_size = 10},
                       outcome.Done());
  const auto listed = outcome.Take();
  ASSERT_THAT(listed, IsOk());
  const std::string& token = first->next_page_token;
  const std::pair<ServiceAccounts::BatchRevokeRequest, std::string> cases[] = {
      {{.conditions = {.name_prefix = "bo"}}, token},
      {{.conditions = {.name_prefix = "bot", .state = "active"}}, token},
      {{.conditions = {.state = "active"}}, token},
      {{.conditions = {.name_prefix = "bot"}}, token + "x"},
      {{.conditions = {.name_prefix = "bot"}}, listed->next_page_token}};
  for (auto [request, page_token] : cases) {
    request.page_token = page_token;
    const auto refused = BatchRevoke(manager_, request);
    EXPECT_THAT(
        GetErrorDetail(refused.status()).violations,
        ElementsAre(testing::Field(&FieldViolation::field, "page_token")));
  }
  // Whether or not it is a dry run.
  const auto rest = BatchRevoke(
      manager_, {.conditions = {.name_prefix = "bot"}, .page_token = token});
  ASSERT_THAT(rest, IsOk());
  EXPECT_THAT(rest->records, SizeIs(50));
}

TEST_F(BatchRevocation, WhoMayNotLearnsNothing) {
  Insert(3, "bot");
  const int writes = world_.store.writes();
  for (const bool dry_run : {true, false}) {
    EXPECT_THAT(
        BatchRevoke(world_.viewer,
                    {.conditions = {.name_prefix = "bot"}, .dry_run = dry_run}),
        ErrorIs(absl::StatusCode::kPermissionDenied, "ACCESS_DENIED"));
  }
  EXPECT_EQ(world_.store.writes(), writes);
}

}  // namespace
}  // namespace signet::domain
