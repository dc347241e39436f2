// SPDX-License-Identifier: Apache-2.0
#include "server/audit/denial_log.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/access.h"
#include "server/identity/auth_error.h"
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
    log.Note(*domain::CallerFor(who), account.ToString(), {.action = action},
             Denied(account));
  }
  // As Authorize() says it.
  absl::Status Denied(const Uuid& account) const {
    absl::Status denied = domain::AccessDeniedError(domain::Right::kManage);
    identity::NoteAccount(denied, account != world_.kAbsent);
    return denied;
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
  EXPECT_THAT(ReadDetails(event), ElementsAre(Pair("reason", "ACCESS_DENIED")));
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
                          Pair("last_at", "2030-01-02T03:04:09.378901Z"),
                          Pair("reason", "ACCESS_DENIED")));
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
  EXPECT_FALSE(ReadDetails(Events()[0]).contains("count"));
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
  EXPECT_FALSE(ReadDetails(Events()[7]).contains("count"));
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

class DenialTargetTest : public DenialLogTest {
 protected:
  void NoteOn(const std::string& id, const absl::Status& denied) {
    world_.denials.Note(
        *domain::CallerFor(
            domain::ServiceAccountOf(world_.kAbsent, SampleId(100))),
        world_.kHome.ToString(),
        {.action = "a.write", .resource_type = "thing", .resource_id = id},
        denied);
  }
  void NoteOn(const std::string& id) { NoteOn(id, Denied(world_.kHome)); }
};

TEST_F(DenialTargetTest, EachResourceIsNamedWithTheReason) {
  NoteOn("owner", MakeError(absl::StatusCode::kPermissionDenied, "no",
                            {.reason = "GRANT_EXCEEDS_OWN"}));
  for (const char* id : {"other", "other", "other"}) NoteOn(id);
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  ASSERT_THAT(Events(), SizeIs(3));
  EXPECT_EQ(Events()[0].resource_type, "thing");
  EXPECT_EQ(Events()[0].resource_id, "owner");
  EXPECT_THAT(ReadDetails(Events()[0]),
              ElementsAre(Pair("reason", "GRANT_EXCEEDS_OWN")));
  EXPECT_EQ(Events()[1].resource_id, "other");
  EXPECT_EQ(Events()[2].resource_id, "other");
  EXPECT_EQ(ReadDetails(Events()[2])["reason"], "ACCESS_DENIED");
  EXPECT_EQ(ReadDetails(Events()[2])["count"], "2");
}

TEST_F(DenialTargetTest, BeyondAFewItSaysOfHowMany) {
  for (int i = 0; i < 14; ++i) NoteOn(absl::StrCat(i));
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  // Four, the first of the others, and those behind it.
  ASSERT_THAT(Events(), SizeIs(6));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Events()[i].resource_id, absl::StrCat(i));
  }
  EXPECT_EQ(Events()[5].action, "a.write");
  EXPECT_EQ(Events()[5].resource_id, "");
  EXPECT_EQ(ReadDetails(Events()[5])["count"], "9");
  EXPECT_EQ(ReadDetails(Events()[5])["resources"], "9");
}

TEST_F(DenialTargetTest, WhatSeveralReasonsWereIsNotSaidOfOne) {
  for (int i = 0; i < 14; ++i) NoteOn(absl::StrCat(i));
  NoteOn("20", MakeError(absl::StatusCode::kPermissionDenied, "no",
                         {.reason = "GRANT_EXCEEDS_OWN"}));
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  EXPECT_FALSE(ReadDetails(Events()[5]).contains("reason"));
}

TEST_F(DenialTargetTest, HowManyIsBounded) {
  for (int i = 0; i < 1000; ++i) NoteOn(absl::StrCat(i));
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  ASSERT_THAT(Events(), SizeIs(6));
  EXPECT_EQ(ReadDetails(Events()[5])["count"], "995");
  EXPECT_EQ(ReadDetails(Events()[5])["resources"], "more than 32");
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
                      {.action = "a.read"}, Denied(world_.kHome));
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

// What nothing is written of takes no room from what is.
TEST_F(DenialLogTest, DenialsOnAbsentAccountsHideNoOther) {
  const identity::Principal attacker =
      domain::ServiceAccountOf(world_.kAbsent, SampleId(100));
  absl::Status absent = domain::AccessDeniedError(domain::Right::kView);
  identity::NoteAccount(absent, false);
  for (uint32_t i = 0; i < 10'000; ++i) {
    world_.denials.Note(*domain::CallerFor(attacker),
                        SampleId(1000 + i).ToString(), {.action = "a.read"},
                        absent);
  }
  for (int i = 0; i < 300; ++i) {
    for (const char* action : {"a.revoke", "a.rotate", "a.disable"}) {
      Note(world_.denials, attacker, action, world_.kHome);
    }
  }
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  std::map<std::string, std::string> counts;
  for (const storage::AuditEventRecord& event : Events()) {
    counts[event.action] += ReadDetails(event)["count"] + ",";
  }
  EXPECT_THAT(counts,
              ElementsAre(Pair("a.disable", ",299,"), Pair("a.revoke", ",299,"),
                          Pair("a.rotate", ",299,")));
  world_.denials.Stop();
  EXPECT_EQ(world_.logger.LinesOf("denials left out of the audit log"), 0);
}

// Also where there are more than are kept.
TEST_F(DenialLogTest, OfWhatIsLeftOutTheDiskIsWaitedForToo) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds_per_tenant = 1, .max_rests_per_tenant = 1});
  absl::Status absent = domain::AccessDeniedError(domain::Right::kView);
  identity::NoteAccount(absent, false);
  const auto note = [&](uint32_t account) {
    log.Note(*domain::CallerFor(world_.nobody), SampleId(account).ToString(),
             {.action = "a.read"}, absent);
  };
  note(1001);
  note(1002);
  EXPECT_THAT(log.Flush(), IsOk());
  const int writes = world_.store.writes();
  note(1003);
  EXPECT_THAT(log.Flush(), IsOk());
  EXPECT_EQ(world_.store.writes(), writes + 1);
  EXPECT_THAT(log.Flush(), IsOk());
  EXPECT_EQ(world_.store.writes(), writes + 1);
}

TEST_F(DenialLogTest, BeyondAFewKindsATenantsAreOneEventAWindow) {
  // Twenty callers of one account, each with three actions, for a minute.
  for (int second = 0; second < 60; ++second) {
    for (uint32_t i = 0; i < 20; ++i) {
      for (const char* action : {"a.read", "a.write", "a.list"}) {
        Note(world_.denials,
             domain::ServiceAccountOf(world_.kAbsent, SampleId(100 + i)),
             action, world_.kHome);
      }
    }
    Flush();
    world_.clock.Advance(absl::Seconds(1));
  }
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  // 16 at once; then 16 and the rest in each of the windows.
  EXPECT_LE(Events().size(), 16u + 7 * 17u);
  uint64_t all = 0;
  std::vector<storage::AuditEventRecord> further;
  for (const storage::AuditEventRecord& event : Events()) {
    const std::string count = ReadDetails(event)["count"];
    all += count.empty() ? 1 : std::stoul(count);
    if (event.action == "denials.further") further.push_back(event);
  }
  EXPECT_EQ(all, 60u * 20 * 3) << "none is left out";
  ASSERT_GE(further.size(), 5u);
  EXPECT_EQ(further[0].actor, "system");
  EXPECT_EQ(further[0].outcome, "denied");
  EXPECT_THAT(
      ReadDetails(further[0]),
      ElementsAre(Pair("actions", "a.list 165, a.read 154, a.write 165"),
                  Pair("callers", "15"), Pair("count", "484"),
                  Pair("first_at", "2030-01-02T03:04:05.678901Z"),
                  Pair("last_at", "2030-01-02T03:04:15.678901Z"),
                  Pair("of", world_.kAbsent.ToString()),
                  Pair("reason", "ACCESS_DENIED")));

  // Somebody else's are events of their own all the same.
  Note(world_.denials, world_.viewer, "a.read", world_.kHome);
  Flush();
  EXPECT_EQ(Events().back().actor, world_.viewer.ToString());
}

TEST_F(DenialLogTest, OfOneCallerTheRestNamesIt) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds_of_strangers = 1});
  const identity::Principal attacker =
      domain::ServiceAccountOf(world_.kAbsent, SampleId(100));
  for (const char* action : {"a.read", "a.write", "a.write"}) {
    Note(log, attacker, action, world_.kHome);
  }
  EXPECT_THAT(log.Flush(/*all=*/true), IsOk());
  ASSERT_THAT(Events(), SizeIs(2));
  EXPECT_EQ(Events()[1].action, "denials.further");
  EXPECT_EQ(Events()[1].actor, attacker.ToString());
  EXPECT_EQ(ReadDetails(Events()[1])["actions"], "a.write 2");
}

// Each of its actions is told of all the same.
TEST_F(DenialTargetTest, OfOneCallerFewResourcesAreNamedInAll) {
  const identity::Principal caller =
      domain::ServiceAccountOf(world_.kHome, SampleId(100));
  for (const char action : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'}) {
    for (const char* id : {"1", "2", "3", "4"}) {
      world_.denials.Note(
          *domain::CallerFor(caller), world_.kHome.ToString(),
          {.action = {action}, .resource_type = "thing", .resource_id = id},
          Denied(world_.kHome));
    }
  }
  EXPECT_THAT(world_.denials.Flush(/*all=*/true), IsOk());
  ASSERT_THAT(Events(), SizeIs(16 + 6 + 6));
  EXPECT_EQ(Events().back().action, "j");
  EXPECT_EQ(ReadDetails(Events().back())["resources"], "3");
}

TEST_F(DenialLogTest, UsersAreOneTenantButForWhoHoldsSomethingThere) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds_of_strangers = 2});
  const absl::Status exceeds = MakeError(absl::StatusCode::kPermissionDenied,
                                         "no", {.reason = "GRANT_EXCEEDS_OWN"});
  for (uint32_t i = 0; i < 20; ++i) {
    Note(log, domain::User(SampleId(200 + i)), "a.read", world_.kHome);
  }
  log.Note(*domain::CallerFor(domain::User(SampleId(300))),
           world_.kHome.ToString(), {.action = "a.write"}, exceeds);
  EXPECT_THAT(log.Flush(/*all=*/true), IsOk());
  ASSERT_THAT(Events(), SizeIs(4));
  EXPECT_EQ(Events()[2].actor, domain::User(SampleId(300)).ToString());
  EXPECT_EQ(ReadDetails(Events()[3])["of"], "users");
  EXPECT_EQ(ReadDetails(Events()[3])["count"], "18");
}

TEST_F(DenialLogTest, WhatATenantHasOfManyAccountsIsBoundedToo) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds = 4,
                 .max_kinds_per_tenant = 3,
                 .max_rests = 4,
                 .max_rests_per_tenant = 2});
  const auto note = [&](const Uuid& tenant, uint32_t account) {
    Note(log, domain::ServiceAccountOf(tenant, SampleId(100)), "a.read",
         SampleId(account));
  };
  // Three kinds, two rests, five left out.
  for (uint32_t i = 0; i < 10; ++i) note(SampleId(50), 1000 + i);
  // Another tenant has room all the same.
  Note(log, domain::ServiceAccountOf(SampleId(51), SampleId(100)), "a.read",
       world_.kHome);
  log.Stop();
  EXPECT_THAT(Events(), SizeIs(1));
  ASSERT_EQ(world_.logger.LinesOf("denials left out of the audit log"), 1);
  EXPECT_EQ(world_.logger.lines().back().fields.at("count"), "5");
}

// Its room is given back when its windows are over.
TEST_F(DenialLogTest, ATenantIsHeardAgainOnceItsWindowsAreOver) {
  DenialLog log(&world_.store, &world_.audit, &world_.clock, &world_.logger,
                {.max_kinds_of_strangers = 1});
  const auto note = [&](uint32_t caller) {
    Note(log, domain::ServiceAccountOf(world_.kAbsent, SampleId(caller)),
         "a.read", world_.kHome);
  };
  for (int round = 0; round < 3; ++round) {
    note(100 + round);
    note(200);
    EXPECT_THAT(log.Flush(), IsOk());
    ASSERT_THAT(Events(), SizeIs(2 * round + 1));
    EXPECT_EQ(Events().back().action, "a.read");
    world_.clock.Advance(absl::Seconds(10));
    EXPECT_THAT(log.Flush(), IsOk());
    ASSERT_THAT(Events(), SizeIs(2 * round + 2));
    EXPECT_EQ(Events().back().action, "denials.further");
  }
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

}  // namespace
}  // namespace signet::audit
