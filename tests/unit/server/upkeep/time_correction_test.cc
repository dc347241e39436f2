// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/time_correction.h"

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/upkeep/watermark.h"
#include "tests/unit/server/domain/audit_world.h"

namespace signet::upkeep {
namespace {

using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class TimeCorrectionTest : public testing::Test, protected domain::AuditWorld {
 protected:
  // What it was before.
  absl::StatusOr<std::string> Correct(absl::Time mark) {
    return CorrectTimeMark(store, log, mark, SampleTime(9));
  }

  std::optional<absl::Time> Mark() {
    std::optional<absl::Time> mark;
    EXPECT_THAT(storage::ReadAndWait(store,
                                     [&](storage::ReadTxn& txn) {
                                       return ReadWatermark(txn, kTimeWatermark,
                                                            mark);
                                     }),
                IsOk());
    return mark;
  }

  std::vector<storage::AuditEventRecord> Corrections(const Uuid& account) {
    std::vector<storage::AuditEventRecord> events = Events(account);
    std::erase_if(events, [](const storage::AuditEventRecord& event) {
      return event.action != "time.correct";
    });
    return events;
  }

  void GrantSuperAdmin(const Uuid& account,
                       std::optional<absl::Time> revoked_at = std::nullopt) {
    Write([&](storage::WriteTxn& txn) {
      storage::AuthorizationRecord grant =
          SampleGrant(account, 50, {storage::SubjectType::kUser, "admin"},
                      storage::GrantKind::kSuperAdmin);
      grant.revoked_at = revoked_at;
      return txn.InsertAuthorization(grant);
    });
  }

  // So many more, each with an event.
  std::vector<Uuid> MakeAccounts(uint32_t count) {
    std::vector<Uuid> accounts;
    for (uint32_t i = 0; i < count; ++i) {
      accounts.push_back(SampleId(1000 + i));
      Write([&](storage::WriteTxn& txn) {
        return txn.EnsureAccount(accounts.back(), SampleTime());
      });
      Append(accounts.back(), 1);
    }
    return accounts;
  }

  const absl::Time wrong_ = WholeMicros(SampleTime(365 * 86400));
  const absl::Time right_ = WholeMicros(SampleTime(3));
};

TEST_F(TimeCorrectionTest, SetsTheMarkBackAndForwardAndTellsWhatItWas) {
  EXPECT_THAT(Correct(wrong_), IsOkAndHolds("none"));
  EXPECT_EQ(Mark(), wrong_);
  EXPECT_THAT(Correct(right_), IsOkAndHolds(FormatRfc3339(wrong_)));
  EXPECT_EQ(Mark(), right_);
  EXPECT_THAT(Correct(wrong_), IsOkAndHolds(FormatRfc3339(right_)));
  EXPECT_EQ(Mark(), wrong_);
}

TEST_F(TimeCorrectionTest, LeavesAnEventWithBothTimesWhereASuperAdminIs) {
  Append(kAccount, 1);
  Append(kOther, 1);
  GrantSuperAdmin(kOther);
  ASSERT_THAT(Correct(wrong_), IsOk());
  ASSERT_THAT(Correct(right_), IsOk());
  EXPECT_THAT(Corrections(kAccount), IsEmpty());
  const std::vector<storage::AuditEventRecord> events = Corrections(kOther);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].actor, "system");
  EXPECT_THAT(audit::ReadDetails(events[0]),
              UnorderedElementsAre(Pair("old", "none"),
                                   Pair("new", FormatRfc3339(wrong_))));
  EXPECT_THAT(audit::ReadDetails(events[1]),
              UnorderedElementsAre(Pair("old", FormatRfc3339(wrong_)),
                                   Pair("new", FormatRfc3339(right_))));
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(TimeCorrectionTest, LeavesOneEverywhereWhereNoSuperAdminIs) {
  GrantSuperAdmin(kOther, SampleTime(1));  // Revoked.
  const std::vector<Uuid> accounts = MakeAccounts(250);
  ASSERT_THAT(Correct(right_), IsOk());
  for (const Uuid& account : accounts) {
    EXPECT_THAT(Corrections(account), SizeIs(1));
  }
  EXPECT_EQ(Mark(), right_);
}

TEST_F(TimeCorrectionTest, NothingIsSetBeforeTheLastEvent) {
  MakeAccounts(150);
  store.write_outcomes = {absl::OkStatus(), absl::UnavailableError("full")};
  EXPECT_THAT(Correct(right_), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Mark(), std::nullopt);
}

// One that was moved after the correction had begun.
TEST_F(TimeCorrectionTest, TellsTheMarkThatItReplaces) {
  ASSERT_THAT(Correct(right_), IsOk());
  store.before_next_write_body = [this] {
    Write([this](storage::WriteTxn& txn) {
      return txn.SetWatermark(kTimeWatermark, wrong_);
    });
  };
  EXPECT_THAT(Correct(right_), IsOkAndHolds(FormatRfc3339(wrong_)));
}

TEST_F(TimeCorrectionTest, AnEmptyStoreHasAMarkToo) {
  EXPECT_THAT(Correct(right_), IsOk());
  EXPECT_EQ(Mark(), right_);
}

}  // namespace
}  // namespace signet::upkeep
