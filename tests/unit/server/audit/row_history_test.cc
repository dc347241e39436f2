// SPDX-License-Identifier: Apache-2.0
//
// What --verify_audit finds of rows that were put back, seals and all.
#include "server/audit/row_history.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/audit_verify.h"
#include "tests/unit/server/domain/token_world.h"

namespace signet::audit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kOlder = "the row is from before this event";
constexpr std::string_view kTwice =
    "an earlier event ended it already, so an older row was put back in "
    "between";

// The rows of a service account and of one of its grants.
struct Rows {
  storage::ServiceAccountRecord account;
  storage::TokenRecord token;
  storage::AuthorizationRecord grant;
};

class RowHistoryTest : public testing::Test {
 protected:
  RowHistoryTest() {
    issued_ = world_.Issue({"account.view"});
    rows_ = ReadRows();
  }

  const Uuid& id() const { return issued_.record.id; }

  Rows ReadRows() {
    Rows rows;
    EXPECT_THAT(storage::ReadAndWait(
                    world_.store,
                    [&](storage::ReadTxn& txn) {
                      const storage::Subject subject = {
                          storage::SubjectType::kServiceAccount,
                          id().ToString()};
                      rows.account = *txn.GetServiceAccount(world_.kHome, id());
                      rows.token = rows.account.token;
                      rows.grant = txn.ListGrantsOf(subject, {}, 1)->front();
                      return absl::OkStatus();
                    }),
                IsOk());
    return rows;
  }

  // Puts back all of the service account, whatever it has become.
  void PutBack(const storage::ServiceAccountRecord& record,
               const std::vector<storage::TokenRecord>& replaced = {}) {
    EXPECT_THAT(
        storage::WriteAndWait(
            world_.store,
            [&](storage::WriteTxn& txn) {
              txn.DeleteServiceAccount(world_.kHome, id()).IgnoreError();
              storage::ServiceAccountRecord first = record;
              if (!replaced.empty()) first.token = replaced[0];
              first.token.retires_at.reset();
              absl::Status status = txn.InsertServiceAccount(first);
              if (replaced.empty()) return status;
              status.Update(txn.ReplaceToken(record));
              status.Update(txn.UpdateToken(world_.kHome, id(), replaced[0]));
              return status;
            }),
        IsOk());
  }

  void Revoke() {
    domain::Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Revoke(domain::CallerFor(world_.owner),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = id().ToString()},
                           outcome.Done());
    EXPECT_THAT(outcome.Take(), IsOk());
  }
  domain::IssuedServiceAccount Rotate(int64_t overlap_seconds) {
    domain::Outcome<domain::IssuedServiceAccount> outcome;
    world_.accounts.Rotate(
        domain::CallerFor(world_.owner),
        {.account_id = world_.kHome.ToString(),
         .service_account_id = id().ToString(),
         .overlap = domain::RawDuration{.seconds = overlap_seconds}},
        outcome.Done());
    absl::StatusOr<domain::IssuedServiceAccount> rotated = outcome.Take();
    EXPECT_THAT(rotated, IsOk());
    return *std::move(rotated);
  }
  void Enable(bool enabled) {
    domain::Outcome<storage::ServiceAccountRecord> outcome;
    world_.accounts.Update(domain::CallerFor(world_.owner),
                           {.account_id = world_.kHome.ToString(),
                            .service_account_id = id().ToString(),
                            .enabled = enabled},
                           outcome.Done());
    EXPECT_THAT(outcome.Take(), IsOk());
  }
  std::vector<storage::TokenRecord> InUse() {
    std::vector<storage::TokenRecord> tokens;
    EXPECT_THAT(storage::ReadAndWait(world_.store,
                                     [&](storage::ReadTxn& txn) {
                                       tokens = *txn.ListTokensInUse(
                                           world_.kHome, id());
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return tokens;
  }

  // Which rows are older than the log says.
  std::vector<std::string> Older() {
    std::vector<std::string> rows;
    EXPECT_THAT(VerifyAudit(world_.store, *world_.keyring,
                            [&](const AuditFault& fault) {
                              EXPECT_NE(fault.sequence, 0);
                              if (fault.what == kOlder) {
                                rows.push_back(fault.row);
                              } else {
                                EXPECT_EQ(fault.what, kTwice);
                                rows.push_back("twice: " + fault.row);
                              }
                            }),
                IsOk());
    return rows;
  }
  std::string AccountRow() const {
    return "service account " + id().ToString();
  }
  static std::string TokenRow(const storage::TokenRecord& token) {
    return "token " + token.public_id;
  }

  domain::TokenWorld world_;
  domain::IssuedServiceAccount issued_;
  Rows rows_;
};

TEST_F(RowHistoryTest, FindsNothingInWhatWasLeftAlone) {
  Enable(false);
  Enable(true);
  Rotate(60);
  Rotate(0);
  Enable(false);
  Revoke();
  EXPECT_THAT(Older(), IsEmpty());
}

TEST_F(RowHistoryTest, FindsARevokedOneThatIsNot) {
  Revoke();
  PutBack(rows_.account);
  EXPECT_THAT(Older(), ElementsAre(AccountRow()));
}

TEST_F(RowHistoryTest, FindsADisabledOneThatIsNot) {
  Enable(false);
  Enable(true);
  Enable(false);
  EXPECT_THAT(Older(), IsEmpty());
  PutBack(rows_.account);
  EXPECT_THAT(Older(), ElementsAre(AccountRow()));
}

// Whoever put it back used it, and ended it again.
TEST_F(RowHistoryTest, FindsWhatWasEndedTwice) {
  Enable(false);
  PutBack(rows_.account);
  Enable(false);
  EXPECT_THAT(Older(), ElementsAre("twice: " + AccountRow()));
  Enable(true);
  Enable(false);
  EXPECT_THAT(Older(), ElementsAre("twice: " + AccountRow()));
}

TEST_F(RowHistoryTest, FindsWhatWasRevokedTwice) {
  Revoke();
  PutBack(rows_.account);
  Revoke();
  EXPECT_THAT(Older(), ElementsAre("twice: " + AccountRow()));
}

TEST_F(RowHistoryTest, FindsATokenThatWasReplacedTwice) {
  Rotate(0);
  PutBack(rows_.account);
  Rotate(0);
  EXPECT_THAT(Older(), ElementsAre("twice: " + TokenRow(rows_.token)));
}

TEST_F(RowHistoryTest, FindsAReplacedTokenThatIsCurrent) {
  Rotate(0);
  PutBack(rows_.account);
  EXPECT_THAT(Older(), ElementsAre(TokenRow(rows_.token)));
}

// It was to retire in an hour until another rotation ended it.
TEST_F(RowHistoryTest, FindsAReplacedTokenThatHadEnded) {
  Rotate(3600);
  const std::vector<storage::TokenRecord> in_use = InUse();
  ASSERT_EQ(in_use.size(), 2u);
  const domain::IssuedServiceAccount rotated = Rotate(0);
  PutBack(rotated.record, {in_use[1]});
  EXPECT_THAT(Older(), ElementsAre(TokenRow(rows_.token)));
}

TEST_F(RowHistoryTest, FindsATokenThatWasEndedByWhoPresentedIt) {
  Rotate(3600);
  const std::vector<storage::TokenRecord> in_use = InUse();
  absl::Status ended = absl::UnknownError("not called");
  world_.accounts.RevokeSelf(
      domain::CallerFor(domain::DomainWorld::Bearer(issued_)), {},
      [&ended](absl::Status status) { ended = status; });
  ASSERT_THAT(ended, IsOk());
  EXPECT_THAT(Older(), IsEmpty());
  storage::ServiceAccountRecord record = ReadRows().account;
  PutBack(record, {in_use[1]});
  EXPECT_THAT(Older(), ElementsAre(TokenRow(rows_.token)));
}

// As releases that knew no ended tokens did it.
TEST_F(RowHistoryTest, KnowsATokenThatAnOlderReleaseEnded) {
  Rotate(3600);
  storage::TokenRecord replaced = InUse()[1];
  replaced.retires_at = WholeMicros(world_.clock.Now());
  EXPECT_THAT(
      storage::WriteAndWait(
          world_.store,
          [&](storage::WriteTxn& txn) {
            absl::Status status = world_.audit.Append(
                txn, world_.kHome, *domain::CallerFor(world_.owner),
                world_.clock.Now(),
                {.action = "service_account.revoke_self",
                 .resource_id = id().ToString(),
                 .details = {{"token_public_id", replaced.public_id}}});
            status.Update(txn.UpdateToken(world_.kHome, id(), replaced));
            return status;
          }),
      IsOk());
  EXPECT_THAT(Older(), IsEmpty());
}

// What a denied call would have done is no fact.
TEST_F(RowHistoryTest, FindsARevokedGrantThatStands) {
  for (const std::string_view outcome : {kDenied, kAllowed}) {
    EXPECT_THAT(Older(), IsEmpty());
    EXPECT_THAT(storage::WriteAndWait(
                    world_.store,
                    [&](storage::WriteTxn& txn) {
                      return world_.audit.Append(
                          txn, world_.kHome, *domain::CallerFor(world_.owner),
                          world_.clock.Now(),
                          {.action = "authorization.revoke",
                           .resource_id = rows_.grant.id.ToString()},
                          outcome);
                    }),
                IsOk());
  }
  EXPECT_THAT(Older(),
              ElementsAre("authorization " + rows_.grant.id.ToString()));
}

TEST_F(RowHistoryTest, FindsAPurgedOneThatIsThereAgain) {
  EXPECT_THAT(storage::WriteAndWait(world_.store,
                                    [&](storage::WriteTxn& txn) {
                                      return world_.audit.AppendSystem(
                                          txn, world_.kHome, world_.clock.Now(),
                                          {.action = "service_account.purge",
                                           .resource_id = id().ToString()});
                                    }),
              IsOk());
  EXPECT_THAT(Older(), ElementsAre(AccountRow()));
}

// Who cannot forge the log cannot accuse with it.
TEST_F(RowHistoryTest, BelievesNoEventThatDoesNotVerify) {
  Revoke();
  PutBack(rows_.account);
  EXPECT_THAT(
      storage::WriteAndWait(world_.store,
                            [&](storage::WriteTxn& txn) {
                              storage::AuditQuery query;
                              query.account_id = world_.kHome;
                              query.descending = true;
                              query.limit = query.scan_limit = 1;
                              storage::AuditEventRecord last =
                                  txn.ListAuditEvents(query)->records[0];
                              last.sequence += 1;
                              return txn.InsertAuditEvent(last);
                            }),
      IsOk());
  std::vector<std::string_view> what;
  EXPECT_THAT(
      VerifyAudit(world_.store, *world_.keyring,
                  [&](const AuditFault& fault) { what.push_back(fault.what); }),
      IsOk());
  EXPECT_THAT(what, ElementsAre("an event behind the log's last", kOlder));
}

}  // namespace
}  // namespace signet::audit
