// SPDX-License-Identifier: Apache-2.0
#include "server/audit/denial_log.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/domain/domain_world.h"

namespace signet::audit {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class DenialLogTest : public testing::Test {
 protected:
  void Note(DenialLog& log, const identity::Principal& who,
            const std::string& action, const Uuid& account) {
    log.Note(*domain::CallerFor(who), account.ToString(), {.action = action});
  }
  void Note(const std::string& action = "a.read") {
    Note(world_.denials, world_.nobody, action, world_.kHome);
  }
  void Flush() { EXPECT_THAT(world_.denials.Flush(), IsOk()); }

  // Of kHome, oldest first.
  std::vector<storage::AuditEventRecord> Events() {
    std::vector<storage::AuditEventRecord> events;
    EXPECT_THAT(storage::ReadAndWait(world_.store,
                                     [&](storage::ReadTxn& txn) {
                                       storage::AuditQuery query;
                                       query.account_id = world_.kHome;
                                       query.descending = false;
                                       query.limit = query.scan_limit = 10'000;
                                       const auto page =
                                           txn.ListAuditEvents(query);
                                       if (page.ok()) events = page->records;
                                       return page.status();
                                     }),
                IsOk());
    return events;
  }

  domain::DomainWorld world_;
};

TEST_F(DenialLogTest, TheFirstIsAnEventAtOnceAndWritesNothingItself) {
  const int writes = world_.store.writes();
  const absl::Time at = world_.clock.Now();
  Note();
  EXPECT_EQ(world_.store.writes(), writes);
  world_.clock.Advance(absl::Seconds(1));
  Flush();
  ASSERT_THAT(Events(), SizeIs(1));
  const storage::AuditEventRecord event = Events()[0];
  EXPECT_EQ(event.at, at);
  EXPECT_EQ(event.actor, world_.nobody.ToString());
  EXPECT_EQ(event.action, "a.read");
  EXPECT_EQ(event.outcome, "denied");
  EXPECT_EQ(event.request_id, "req-1");
  EXPECT_EQ(event.peer, "192.0.2.1:4711");
  EXPECT_EQ(event.user_agent, "test/1");
  EXPECT_EQ(event.details, "");
}

TEST_F(DenialLogTest, TheRestOfTenSecondsIsOneEventWithItsNumber) {
  Note();
  Flush();
  for (int i = 1; i <= 37; ++i) {
    world_.clock.Advance(absl::Milliseconds(100));
    Note();
    Flush();
  }
  EXPECT_THAT(Events(), SizeIs(1));
  world_.clock.Advance(absl::Seconds(6.3));
  Flush();
  ASSERT_THAT(Events(), SizeIs(2));
  EXPECT_THAT(ReadDetails(Events()[1]),
              ElementsAre(Pair("count", "37"),
                          Pair("first_at", "2030-01-02T03:04:05.778901Z"),
                          Pair("last_at", "2030-01-02T03:04:09.378901Z")));
}

// A caller who goes on makes one event a window, and is not the first again
// before ten seconds were quiet.
TEST_F(DenialLogTest, WhoGoesOnIsOneEventAWindow) {
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 5; ++i) Note();
    Flush();
    world_.clock.Advance(absl::Seconds(1));
  }
  Flush();
  EXPECT_THAT(Events(), SizeIs(7));
  EXPECT_EQ(Events()[0].details, "");
  EXPECT_EQ(ReadDetails(Events()[1])["count"], "54");
  uint64_t all = 0;
  for (const storage::AuditEventRecord& event : Events()) {
    const std::string count = ReadDetails(event)["count"];
    all += count.empty() ? 1 : std::stoul(count);
  }
  EXPECT_EQ(all, 300u);

  world_.clock.Advance(absl::Seconds(21));
  Flush();
  Note();
  Flush();
  ASSERT_THAT(Events(), SizeIs(8));
  EXPECT_EQ(Events()[7].details, "");
}

TEST_F(DenialLogTest, EachCallerActionAndAccountIsCountedForItself) {
  Note();
  Note("a.write");
  Note(world_.denials, world_.viewer, "a.read", world_.kHome);
  Note(world_.denials, world_.nobody, "a.read", world_.kAbsent);
  Flush();
  std::vector<std::string> found;
  for (const storage::AuditEventRecord& event : Events()) {
    found.push_back(absl::StrCat(event.actor, " ", event.action));
  }
  EXPECT_THAT(found,
              UnorderedElementsAre(world_.nobody.ToString() + " a.read",
                                   world_.nobody.ToString() + " a.write",
                                   world_.viewer.ToString() + " a.read"));
}

TEST_F(DenialLogTest, OfOneResourceItIsNamedOfSeveralNone) {
  const auto note = [this](const char* action, const char* id) {
    world_.denials.Note(
        *domain::CallerFor(world_.nobody), world_.kHome.ToString(),
        {.action = action, .resource_type = "thing", .resource_id = id});
  };
  for (const char* id : {"1", "2", "2"}) note("a.same", id);
  for (const char* id : {"1", "2", "3", "3"}) note("a.other", id);
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  std::map<std::string, std::string> resources;
  for (const storage::AuditEventRecord& event : Events()) {
    resources[event.action] += event.resource_id + ",";
  }
  EXPECT_THAT(resources,
              ElementsAre(Pair("a.other", "1,,"), Pair("a.same", "1,2,")));
}

// Else the time of what others write would tell whether there is an account.
TEST_F(DenialLogTest, OfAnAbsentAccountNothingIsLeftButTheDiskIsWaitedFor) {
  for (const Uuid& account : {world_.kHome, world_.kAbsent}) {
    const int writes = world_.store.writes();
    world_.clock.Advance(absl::Seconds(1));
    Note(world_.denials, world_.nobody, "a.read", account);
    Flush();
    EXPECT_EQ(world_.store.writes(), writes + 1);
    EXPECT_THAT(
        storage::ReadAndWait(world_.store,
                             [&](storage::ReadTxn& txn) {
                               const auto time = txn.GetWatermark("denials");
                               EXPECT_EQ(*time, world_.clock.Now());
                               EXPECT_FALSE(*txn.HasAccount(world_.kAbsent));
                               return absl::OkStatus();
                             }),
        IsOk());
  }
  EXPECT_THAT(Events(), SizeIs(1));
}

TEST_F(DenialLogTest, WhatIsNoIdIsNoAccount) {
  world_.denials.Note(*domain::CallerFor(world_.nobody), "x",
                      {.action = "a.read"});
  const int writes = world_.store.writes();
  Flush();
  EXPECT_EQ(world_.store.writes(), writes);
}

TEST_F(DenialLogTest, ATransactionIsShort) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_per_transaction = 4});
  for (int i = 0; i < 10; ++i) {
    Note(log, world_.nobody, absl::StrCat("a.", i), world_.kHome);
  }
  const int writes = world_.store.writes();
  EXPECT_THAT(log.Flush(), IsOk());
  EXPECT_EQ(world_.store.writes(), writes + 3);
  EXPECT_THAT(Events(), SizeIs(10));
}

TEST_F(DenialLogTest, WhatOneTenantCausesIsBoundedAndTheRestIsCounted) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds = 100, .max_kinds_per_tenant = 3});
  // Of one account: each service account is a caller of its own.
  for (uint32_t i = 0; i < 8; ++i) {
    Note(log, domain::ServiceAccountOf(world_.kAbsent, SampleId(100 + i)),
         "a.read", world_.kHome);
  }
  EXPECT_THAT(log.Flush(), IsOk());
  EXPECT_THAT(Events(), SizeIs(3));
  EXPECT_EQ(ReadDetails(Events()[0])["left_out"], "5");

  // Somebody else is heard all the same.
  Note(log, world_.viewer, "a.read", world_.kHome);
  EXPECT_THAT(log.Flush(), IsOk());
  ASSERT_THAT(Events(), SizeIs(4));
  EXPECT_EQ(Events()[3].details, "");

  // And so is the tenant once its windows are over.
  world_.clock.Advance(absl::Seconds(10));
  EXPECT_THAT(log.Flush(), IsOk());
  Note(log, domain::ServiceAccountOf(world_.kAbsent, SampleId(108)), "a.read",
       world_.kHome);
  EXPECT_THAT(log.Flush(), IsOk());
  EXPECT_THAT(Events(), SizeIs(5));
  log.Stop();
  ASSERT_EQ(world_.logger.LinesOf("denials left out of the audit log"), 1);
  EXPECT_EQ(world_.logger.lines().back().fields.at("count"), "5");
}

TEST_F(DenialLogTest, AllInAllItIsBoundedToo) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds = 4, .max_kinds_per_tenant = 3});
  for (uint32_t i = 0; i < 20; ++i) {
    Note(log, domain::User(SampleId(200 + i)), "a.read", world_.kHome);
  }
  log.Stop();
  EXPECT_THAT(Events(), SizeIs(4));
  EXPECT_EQ(world_.logger.lines().back().fields.at("count"), "16");
}

TEST_F(DenialLogTest, WhatTheStoreDoesNotTakeNowIsWrittenLater) {
  world_.store.write_outcomes = {absl::UnavailableError("full"),
                                 absl::ResourceExhaustedError("full")};
  Note();
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(world_.denials.Flush().ok());
    Note();
  }
  EXPECT_EQ(world_.logger.LinesOf("denials are not in the audit log yet"), 1);
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  ASSERT_THAT(Events(), SizeIs(2));
  EXPECT_EQ(ReadDetails(Events()[1])["count"], "2");
}

TEST_F(DenialLogTest, OneThatCannotBeWrittenTakesNoOtherAlong) {
  Note("a.first");
  Note("a.second");
  // Both, then the first alone.
  world_.store.write_outcomes = {absl::InternalError("this account"),
                                 absl::InternalError("this account")};
  EXPECT_THAT(world_.denials.Flush(), IsOk());
  ASSERT_THAT(Events(), SizeIs(1));
  EXPECT_EQ(Events()[0].action, "a.second");
  world_.denials.Stop();
  ASSERT_EQ(world_.logger.LinesOf("denials left out of the audit log"), 1);
  EXPECT_EQ(world_.logger.lines().back().fields.at("count"), "1");
}

TEST_F(DenialLogTest, AClockThatGoesBackEndsTheWindow) {
  Note();
  Flush();
  Note();
  world_.clock.Advance(-absl::Hours(1));
  Flush();
  EXPECT_THAT(Events(), SizeIs(2));
}

// On a clock that goes, with the thread.
TEST(DenialLogThread, WritesBehindAndAStopWritesTheRest) {
  domain::DomainWorld world;
  SystemClock clock;
  DenialLog log(&world.store, &world.audit, &clock, &world.logger,
                {.pause = absl::Milliseconds(1)});
  const auto count = [&] {
    uint64_t last = 0;
    EXPECT_THAT(storage::ReadAndWait(world.store,
                                     [&](storage::ReadTxn& txn) {
                                       const auto chain =
                                           txn.GetAuditChain(world.kHome);
                                       if (chain.ok())
                                         last = chain->last_sequence;
                                       return absl::OkStatus();
                                     }),
                IsOk());
    return last;
  };
  const auto note = [&] {
    log.Note(*domain::CallerFor(world.nobody), world.kHome.ToString(),
             {.action = "a.read"});
  };
  log.Start();
  note();
  const absl::Time end = absl::Now() + absl::Seconds(20);
  while (count() == 0 && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_EQ(count(), 1u);
  note();
  note();
  log.Stop();
  EXPECT_EQ(count(), 2u);
}

}  // namespace
}  // namespace signet::audit
