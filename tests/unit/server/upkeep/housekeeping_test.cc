// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/housekeeping.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/recording_logger.h"
#include "tests/unit/server/domain/audit_world.h"

namespace signet::upkeep {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr absl::Duration kDay = absl::Hours(24);

// A moment in whole microseconds, as records have them.
absl::Time Now() { return WholeMicros(SampleTime()); }

class HousekeepingTest : public testing::Test, protected domain::AuditWorld {
 protected:
  void Run(absl::Time now = Now()) {
    Housekeeping(&store, keyring.get(), &log, &logger, policy).Run(now, [this] {
      return stop;
    });
  }

  void Insert(storage::ServiceAccountRecord record) {
    Write([&](storage::WriteTxn& txn) {
      return txn.InsertServiceAccount(record);
    });
  }
  void InsertExpiring(uint32_t number, absl::Time expires_at,
                      absl::Time created_at = Now() - kDay) {
    storage::ServiceAccountRecord record =
        SampleServiceAccount(kAccount, number);
    record.token.expires_at = expires_at;
    record.token.created_at = created_at;
    Insert(record);
  }
  void InsertRevoked(uint32_t number, absl::Time revoked_at) {
    storage::ServiceAccountRecord record =
        SampleServiceAccount(kAccount, number);
    record.revoked_at = revoked_at;
    Insert(record);
  }

  bool IsThere(uint32_t number) {
    bool there = false;
    EXPECT_THAT(
        storage::ReadAndWait(
            store,
            [&](storage::ReadTxn& txn) {
              there = txn.GetServiceAccount(kAccount, SampleId(number)).ok();
              return absl::OkStatus();
            }),
        IsOk());
    return there;
  }

  // The resources of kAccount's events of `action`, in order.
  std::vector<std::string> Resources(const std::string& action) {
    std::vector<std::string> ids;
    for (const storage::AuditEventRecord& event : Events(kAccount)) {
      if (event.action == action) ids.push_back(event.resource_id);
    }
    return ids;
  }

  HousekeepingPolicy policy;
  RecordingLogger logger;
  bool stop = false;
};

constexpr char kNotice[] = "the token of a service account expires soon";
constexpr char kFailure[] = "a periodic job failed";

TEST_F(HousekeepingTest, DoesNothingOfWhatIsNotAskedFor) {
  InsertRevoked(10, Now() - 1000 * kDay);
  InsertExpiring(11, Now() + absl::Hours(1));
  Append(kAccount, -1'000'000);
  Append(kAccount, -1'000'000);
  Run();
  EXPECT_TRUE(IsThere(10));
  EXPECT_THAT(Events(kAccount), SizeIs(2));
  EXPECT_THAT(logger.lines(), IsEmpty());
}

TEST_F(HousekeepingTest, ForgetsIdempotencyRecordsAfterADay) {
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (int i = 0; i < 1200; ++i) {
      storage::IdempotencyRecord kept;
      kept.lookup[0] = static_cast<uint8_t>(i >> 8);
      kept.lookup[1] = static_cast<uint8_t>(i);
      kept.created_at = Now() - kDay - absl::Microseconds(i < 1150);
      status.Update(txn.PutIdempotencyRecord(kept));
    }
    return status;
  });
  const int writes = store.writes();
  Run();
  EXPECT_EQ(store.writes(), writes + 12);
  int left = 0;
  Write([&](storage::WriteTxn& txn) {
    const auto deleted =
        txn.DeleteIdempotencyRecordsBefore(absl::InfiniteFuture(), 10'000);
    left = deleted.value_or(-1);
    return deleted.status();
  });
  EXPECT_EQ(left, 50);
}

TEST_F(HousekeepingTest, PurgesWhoIsDeadForLongEnough) {
  policy.purge_after = 30 * kDay;
  InsertRevoked(10, Now() - 30 * kDay - absl::Microseconds(1));
  InsertRevoked(11, Now() - 30 * kDay);
  InsertExpiring(12, Now() - 30 * kDay - absl::Microseconds(1));
  InsertExpiring(13, Now() - 30 * kDay);
  InsertExpiring(14, Now() + kDay);
  Insert(SampleServiceAccount(kAccount, 15));
  Run();
  EXPECT_FALSE(IsThere(10));
  EXPECT_TRUE(IsThere(11));
  EXPECT_FALSE(IsThere(12));
  EXPECT_TRUE(IsThere(13));
  EXPECT_TRUE(IsThere(14));
  EXPECT_TRUE(IsThere(15));
  EXPECT_THAT(Resources("service_account.purge"),
              testing::UnorderedElementsAre(SampleId(10).ToString(),
                                            SampleId(12).ToString()));
  EXPECT_EQ(Events(kAccount)[0].actor, "system");
  EXPECT_EQ(audit::ReadDetails(Events(kAccount)[0]).count("name"), 1u);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(HousekeepingTest, PurgesInSmallTransactions) {
  policy.purge_after = kDay;
  for (uint32_t i = 0; i < 45; ++i) InsertRevoked(100 + i, Now() - 2 * kDay);
  const int writes = store.writes();
  store.run_bodies_twice = true;
  Run();
  EXPECT_EQ(store.writes(),
            writes + 1 + 3);  // IdempotencyRecords, then purges.
  EXPECT_THAT(Resources("service_account.purge"), SizeIs(45));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(HousekeepingTest, SoWhoHoldsMuchIsPurgedInSeveral) {
  policy.purge_after = kDay;
  constexpr uint32_t kGrants = 250;
  InsertRevoked(10, Now() - 2 * kDay);
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (uint32_t i = 0; i < kGrants; ++i) {
      storage::AuthorizationRecord grant = SampleCapability(
          kAccount, 500 + i,
          {storage::SubjectType::kServiceAccount, SampleId(10).ToString()});
      grant.capability_key = absl::StrCat("key.", i);
      status.Update(txn.InsertAuthorization(grant));
    }
    return status;
  });
  const int writes = store.writes();
  store.run_bodies_twice = true;
  // Broken off, by its third question, and taken up again.
  int asked = 0;
  Housekeeping(&store, keyring.get(), &log, &logger, policy)
      .Run(Now(), [&asked] { return ++asked > 2; });
  EXPECT_TRUE(IsThere(10));
  EXPECT_THAT(Resources("authorization.revoke"), SizeIs(100));
  Run();
  EXPECT_FALSE(IsThere(10));
  EXPECT_THAT(Resources("authorization.revoke"), SizeIs(kGrants));
  EXPECT_EQ(store.writes(), writes + (1 + 1) + (1 + 2));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(HousekeepingTest, SoIsWhoWasRotatedOften) {
  policy.purge_after = kDay;
  constexpr uint32_t kTokens = 500;
  storage::ServiceAccountRecord record = SampleServiceAccount(kAccount, 10);
  Insert(record);
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (uint32_t i = 0; i < kTokens; ++i) {
      status.Update(ReplaceIn(txn, WithToken(record, 1000 + i), Now() - kDay));
    }
    record = WithToken(record, 1000 + kTokens - 1);
    record.revoked_at = Now() - 2 * kDay;
    status.Update(txn.UpdateServiceAccount(record));
    return status;
  });
  InsertRevoked(11, Now() - 2 * kDay);
  const auto tokens = [this] {
    size_t count = 0;
    EXPECT_THAT(storage::ReadAndWait(store,
                                     [&](storage::ReadTxn& txn) {
                                       count = txn.ListTokens("", 9999)->size();
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return count;
  };
  const size_t before = tokens();
  store.run_bodies_twice = true;
  const int writes = store.writes();
  int asked = 0;
  Housekeeping(&store, keyring.get(), &log, &logger, policy)
      .Run(Now(), [&asked] { return ++asked > 2; });
  EXPECT_EQ(tokens(), before - 200) << "in one transaction";
  Run();
  EXPECT_FALSE(IsThere(10));
  EXPECT_FALSE(IsThere(11));
  EXPECT_EQ(tokens(), before - kTokens - 2);
  EXPECT_EQ(store.writes(), writes + (1 + 1) + (1 + 2));
  EXPECT_THAT(Verify(), IsEmpty());
}

// On whatever account.
TEST_F(HousekeepingTest, APurgeEndsWhatWasGranted) {
  const Uuid elsewhere = SampleId(4711);
  policy.purge_after = kDay;
  InsertRevoked(10, Now() - 2 * kDay);
  Insert(SampleServiceAccount(kAccount, 11));
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (const uint32_t holder : {10, 11}) {
      status.Update(txn.InsertAuthorization(
          SampleCapability(kAccount, 500 + holder,
                           {storage::SubjectType::kServiceAccount,
                            SampleId(holder).ToString()})));
    }
    status.Update(txn.EnsureAccount(elsewhere, Now()));
    status.Update(txn.InsertAuthorization(SampleCapability(
        elsewhere, 512,
        {storage::SubjectType::kServiceAccount, SampleId(10).ToString()})));
    return status;
  });
  Run();
  EXPECT_THAT(Resources("authorization.revoke"),
              ElementsAre(SampleId(510).ToString()));
  EXPECT_THAT(
      storage::ReadAndWait(
          store,
          [&](storage::ReadTxn& txn) {
            EXPECT_EQ(txn.GetAuthorization(kAccount, SampleId(510))->revoked_at,
                      Now());
            EXPECT_EQ(txn.GetAuthorization(kAccount, SampleId(511))->revoked_at,
                      std::nullopt);
            EXPECT_EQ(
                txn.GetAuthorization(elsewhere, SampleId(512))->revoked_at,
                Now());
            return absl::OkStatus();
          }),
      IsOk());
}

TEST_F(HousekeepingTest, AnnouncesEachExpiryOnce) {
  policy.expiry_notice = 7 * kDay;
  InsertExpiring(10, Now() - kDay);
  InsertExpiring(11, Now() + kDay);
  InsertExpiring(12, Now() + 7 * kDay);
  InsertExpiring(13, Now() + 8 * kDay);
  Insert(SampleServiceAccount(kAccount, 14));
  Run();
  EXPECT_THAT(Resources("service_account.expires_soon"),
              ElementsAre(SampleId(11).ToString()));
  EXPECT_EQ(logger.LinesOf(kNotice), 1);
  EXPECT_EQ(logger.lines().back().fields.at("service_account_id"),
            SampleId(11).ToString());
  EXPECT_EQ(logger.lines().back().fields.at("expires_at"),
            FormatRfc3339(Now() + kDay));
  Run();
  EXPECT_EQ(logger.LinesOf(kNotice), 1);

  Run(Now() + absl::Hours(1));
  EXPECT_THAT(Resources("service_account.expires_soon"),
              ElementsAre(SampleId(11).ToString(), SampleId(12).ToString()));
  Run(Now() + 30 * kDay);  // After the end of 13: no news any more.
  EXPECT_EQ(logger.LinesOf(kNotice), 2);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(HousekeepingTest, DoesNothingWhileAnotherKeepsHouse) {
  policy.purge_after = 30 * kDay;
  InsertRevoked(10, Now() - 31 * kDay);
  {
    const auto lock = store.TryLock("housekeeping");
    ASSERT_THAT(lock, IsOk());
    Run();
    EXPECT_TRUE(IsThere(10));
  }
  Run();
  EXPECT_FALSE(IsThere(10));
  EXPECT_THAT(logger.LinesOf(kFailure), 0);
}

// The lock need not have kept the other from it.
TEST_F(HousekeepingTest, WhatAnotherHasAnnouncedMeanwhileIsNotAnnounced) {
  policy.expiry_notice = 7 * kDay;
  Run();
  InsertExpiring(11, Now() + 2 * kDay, Now() + absl::Minutes(1));
  InsertExpiring(12, Now() + 8 * kDay);
  const absl::Time later = Now() + 2 * kDay - absl::Hours(1);
  // Once this round has read how far it is, the other is as far.
  store.after_next_read_body = [&] {
    Write([&](storage::WriteTxn& txn) {
      absl::Status status = txn.SetWatermark("expiry_notice", later + 7 * kDay);
      status.Update(
          txn.SetWatermark("expiry_notice_created", later - absl::Seconds(10)));
      return status;
    });
  };
  Run(later);
  EXPECT_THAT(Resources("service_account.expires_soon"), IsEmpty());
  EXPECT_EQ(logger.LinesOf(kNotice), 0);
  EXPECT_EQ(logger.LinesOf(kFailure), 0);
}

TEST_F(HousekeepingTest, AClockThatGoesBackAnnouncesNothingTwice) {
  policy.expiry_notice = 7 * kDay;
  InsertExpiring(11, Now() + kDay);
  Run();
  Run(Now() - 2 * kDay);
  EXPECT_EQ(logger.LinesOf(kNotice), 1);
}

TEST_F(HousekeepingTest, AnnouncesLivesShorterThanTheNoticeOnceToo) {
  policy.expiry_notice = 7 * kDay;
  const absl::Duration hour = absl::Hours(1);
  Run();
  InsertExpiring(10, Now() + 2 * hour, Now() + absl::Minutes(1));
  InsertExpiring(11, Now() + 3 * kDay, Now() + absl::Minutes(2));
  InsertExpiring(12, Now() + hour / 2, Now() + absl::Minutes(3));
  Run(Now() + hour);
  EXPECT_THAT(Resources("service_account.expires_soon"),
              ElementsAre(SampleId(10).ToString(), SampleId(11).ToString()));
  EXPECT_EQ(logger.LinesOf(kNotice), 2);
  Run(Now() + hour + absl::Minutes(1));
  Run(Now() + kDay);
  Run(Now() + 3 * kDay - hour);
  EXPECT_EQ(logger.LinesOf(kNotice), 2);
}

// A write may still be under way when its moment of creation is over.
TEST_F(HousekeepingTest, AnnouncesWhatWasCreatedWhileARoundRanOnce) {
  policy.expiry_notice = 7 * kDay;
  const absl::Duration second = absl::Seconds(1);
  Run();
  const absl::Time round = Now() + absl::Hours(1);
  InsertExpiring(10, Now() + kDay, round - 5 * second);
  InsertExpiring(11, round + 7 * kDay - second, round - 5 * second);
  Run(round);
  InsertExpiring(12, Now() + kDay, round - 4 * second);
  InsertExpiring(13, round + 7 * kDay - second, round - 4 * second);
  for (int i = 1; i < 4; ++i) Run(round + i * absl::Hours(1));
  EXPECT_THAT(Resources("service_account.expires_soon"),
              testing::UnorderedElementsAre(
                  SampleId(10).ToString(), SampleId(11).ToString(),
                  SampleId(12).ToString(), SampleId(13).ToString()));
}

TEST_F(HousekeepingTest, AnnouncesManyShortLives) {
  policy.expiry_notice = 7 * kDay;
  for (uint32_t i = 0; i < 300; ++i) {
    InsertExpiring(1000 + i, Now() + kDay + absl::Seconds(i));
  }
  Run();
  for (uint32_t i = 0; i < 300; ++i) {
    InsertExpiring(2000 + i, Now() + kDay + absl::Seconds(i / 150), Now());
  }
  store.run_bodies_twice = true;
  Run(Now() + absl::Hours(1));
  EXPECT_EQ(logger.LinesOf(kNotice), 600);
  const std::vector<std::string> ids =
      Resources("service_account.expires_soon");
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(600));
}

TEST_F(HousekeepingTest, DoesNotAnnounceWhatCannotBeUsedAnyway) {
  policy.expiry_notice = 7 * kDay;
  storage::ServiceAccountRecord revoked = SampleServiceAccount(kAccount, 10);
  revoked.token.expires_at = Now() + kDay;
  revoked.revoked_at = Now();
  revoked.token.created_at = Now() - kDay;
  Insert(revoked);
  storage::ServiceAccountRecord disabled = SampleServiceAccount(kAccount, 11);
  disabled.token.expires_at = Now() + kDay;
  disabled.enabled = false;
  disabled.token.created_at = Now() - kDay;
  Insert(disabled);
  Run();
  EXPECT_EQ(logger.LinesOf(kNotice), 0);
}

// And reads no more at once, since how many expire together is a tenant's
// choice.
TEST_F(HousekeepingTest, AnnouncesManyInSmallTransactions) {
  policy.expiry_notice = 7 * kDay;
  // More than a transaction's worth expire at one moment.
  for (uint32_t i = 0; i < 30; ++i) InsertExpiring(1000 + i, Now() + kDay);
  for (uint32_t i = 0; i < 250; ++i) InsertExpiring(2000 + i, Now() + 2 * kDay);
  for (uint32_t i = 0; i < 30; ++i) {
    InsertExpiring(3000 + i, Now() + 3 * kDay + absl::Seconds(i));
  }
  store.run_bodies_twice = true;
  const int writes = store.writes();
  Run();
  // Idempotency records; nobody created since; a hundred at a time.
  EXPECT_EQ(store.writes(), writes + 1 + 1 + 4);
  EXPECT_EQ(store.most_rows_of_a_read(), 100);
  const std::vector<std::string> ids =
      Resources("service_account.expires_soon");
  EXPECT_THAT(ids, SizeIs(310));
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(310));
  EXPECT_EQ(logger.LinesOf(kNotice), 310);
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(HousekeepingTest, TrimsAuditLogs) {
  policy.audit_retention = kDay;
  Append(kAccount, -2 * 86400);
  Append(kAccount, 0);
  Append(kAccount, 0);
  Run();
  EXPECT_THAT(Events(kAccount), SizeIs(2));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(HousekeepingTest, EveryJobRunsWhateverFailsBefore) {
  policy = {
      .purge_after = kDay, .expiry_notice = kDay, .audit_retention = kDay};
  InsertRevoked(10, Now() - 2 * kDay);
  InsertExpiring(11, Now() + absl::Hours(1));
  store.write_outcomes = {absl::UnavailableError("down"),
                          absl::UnavailableError("still down")};
  Run();
  ASSERT_EQ(logger.LinesOf(kFailure), 2);
  EXPECT_EQ(logger.lines()[0].level, LogLevel::kWarning);
  EXPECT_EQ(logger.lines()[0].fields.at("job"), "forget_replays");
  EXPECT_EQ(logger.lines()[0].fields.at("error"), "down");
  EXPECT_EQ(logger.lines()[1].fields.at("job"), "purge");
  EXPECT_EQ(logger.LinesOf(kNotice), 1);
  EXPECT_TRUE(IsThere(10));
  Run();
  EXPECT_FALSE(IsThere(10));
}

TEST_F(HousekeepingTest, DoesNothingOnceItIsToStop) {
  policy = {
      .purge_after = kDay, .expiry_notice = kDay, .audit_retention = kDay};
  InsertRevoked(10, Now() - 2 * kDay);
  InsertExpiring(11, Now() + absl::Hours(1));
  stop = true;
  const int writes = store.writes();
  Run();
  EXPECT_EQ(store.writes(), writes);
}

TEST_F(HousekeepingTest, EndsOfTimeDoNoHarm) {
  policy = {.purge_after = absl::Hours(24 * 365 * 5000),
            .expiry_notice = absl::Hours(24 * 365 * 9000),
            .audit_retention = absl::Hours(24 * 365 * 5000)};
  InsertExpiring(11, MaxTimestamp());
  Append(kAccount, 1);
  Run();
  EXPECT_EQ(logger.LinesOf(kFailure), 0);
}

}  // namespace
}  // namespace signet::upkeep
