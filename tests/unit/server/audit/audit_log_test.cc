// SPDX-License-Identifier: Apache-2.0
#include "server/audit/audit_log.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/audit/audit_mac.h"
#include "server/token/token.h"
#include "tests/support/sample_context.h"
#include "tests/support/seeded_random.h"
#include "tests/unit/server/domain/audit_world.h"

namespace signet::audit {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

std::string SomeToken(std::string_view prefix = "hbx_sa") {
  SeededRandom random(5);
  return std::string(
      token::MintToken(prefix, SampleTime(), random).text.Expose());
}

// Five events of one account and two of another.
class AuditLogTest : public testing::Test, protected domain::AuditWorld {
 protected:
  AuditLogTest() {
    for (int i = 1; i <= 5; ++i) Append(kAccount, i);
    Append(kOther, 1);
    Append(kOther, 2);
  }
};

TEST_F(AuditLogTest, WhatIsWrittenIsWhole) {
  AuditVerdict verdict;
  EXPECT_THAT(Verify(&verdict), IsEmpty());
  EXPECT_EQ(verdict, (AuditVerdict{.accounts = 2, .events = 7, .faults = 0}));
}

// Not even a part of it, where it is cut.
TEST_F(AuditLogTest, KeepsNoCredential) {
  const std::string token = SomeToken();
  const identity::Caller caller = {
      .context = SampleContext(
          {.user_agent = std::string(220, 'x') + " " + token + " tail"})};
  Write([&](storage::WriteTxn& txn) {
    return log.Append(
        txn, kAccount, caller, SampleTime(9),
        {.action = "a", .details = {{"old_name", "my \"" + token + "\""}}});
  });
  const storage::AuditEventRecord event = Events(kAccount).back();
  EXPECT_EQ(event.user_agent, std::string(220, 'x') + " [redacted] tail");
  EXPECT_EQ(event.details, R"({"old_name":"my \"[redacted]\""})");
  EXPECT_EQ(KeptUserAgent(event.user_agent), event.user_agent);
}

// A line feed is written as `\n`: with the letter of that the text would be a
// token, and what is left no JSON, so that nobody could read the details.
TEST_F(AuditLogTest, KeepsDetailsThatAreATokenOnlyWithAPartOfAnEscape) {
  const std::string text = "\n" + SomeToken("n_x").substr(1);
  Write([&](storage::WriteTxn& txn) {
    return log.AppendSystem(
        txn, kAccount, SampleTime(9),
        {.action = "a",
         .details = {{"new_description", text}, {"new_enabled", "false"}}});
  });
  EXPECT_THAT(ReadDetails(Events(kAccount).back()),
              ElementsAre(std::pair("new_description", text),
                          std::pair("new_enabled", "false")));
}

TEST_F(AuditLogTest, KeepsWhatACallerDid) {
  identity::Caller caller = {
      .context =
          SampleContext({.request_id = "req-1",
                         .peer = "192.0.2.1:4711",
                         .user_agent = "a\n\xC3\xA4" + std::string(300, 'x')})};
  caller.principal.kind = identity::PrincipalKind::kUser;
  caller.principal.id = SampleId(11);
  Write([&](storage::WriteTxn& txn) {
    return log.Append(txn, kAccount, caller, SampleTime(9),
                      {.action = "service_account.create",
                       .resource_type = std::string(kServiceAccountResource),
                       .resource_id = "id",
                       .details = {{"name", "\"x\""}, {"bad", "\xFF"}}},
                      kDenied);
  });
  const storage::AuditEventRecord event = Events(kAccount).back();
  EXPECT_EQ(event.sequence, 6u);
  EXPECT_EQ(event.at, WholeMicros(SampleTime(9)));
  EXPECT_EQ(event.actor, "user:" + SampleId(11).ToString());
  EXPECT_EQ(event.action, "service_account.create");
  EXPECT_EQ(event.resource_type, "service_account");
  EXPECT_EQ(event.resource_id, "id");
  EXPECT_EQ(event.outcome, "denied");
  EXPECT_EQ(event.request_id, "req-1");
  EXPECT_EQ(event.peer, "192.0.2.1:4711");
  EXPECT_EQ(event.user_agent, "a???" + std::string(252, 'x'));
  const std::map<std::string, std::string> details = ReadDetails(event);
  EXPECT_THAT(details, SizeIs(2));
  EXPECT_EQ(details.at("name"), "\"x\"");
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(AuditLogTest, DetailsThatAreNoneAreNone) {
  storage::AuditEventRecord event;
  for (const char* text : {"", "{", "[1]", "1", "{\"a\":1}"}) {
    event.details = text;
    EXPECT_THAT(ReadDetails(event), IsEmpty()) << text;
  }
}

TEST_F(AuditLogTest, ABodyThatIsUndoneLeavesNoTrace) {
  EXPECT_FALSE(storage::WriteAndWait(store, [&](storage::WriteTxn& txn) {
                 EXPECT_THAT(log.AppendSystem(txn, kAccount, SampleTime(), {}),
                             IsOk());
                 return absl::AbortedError("given up");
               }).ok());
  EXPECT_THAT(Events(kAccount), SizeIs(5));
  EXPECT_THAT(Verify(), IsEmpty());
}

struct EventTamper {
  std::string name;
  std::function<void(storage::AuditEventRecord&)> change;
};

class EventTamperTest : public AuditLogTest,
                        public testing::WithParamInterface<EventTamper> {};

// Wherever it is: at both ends and between.
TEST_P(EventTamperTest, IsFound) {
  const std::vector<storage::AuditEventRecord> original = Events(kAccount);
  for (size_t i = 0; i < original.size(); ++i) {
    std::vector<storage::AuditEventRecord> events = original;
    GetParam().change(events[i]);
    ASSERT_NE(events[i], original[i]);
    PutEvents(kAccount, events);
    EXPECT_THAT(Faulty(), testing::Contains(original[i].sequence));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Fields, EventTamperTest,
    testing::Values(
        EventTamper{"At", [](auto& e) { e.at += absl::Microseconds(1); }},
        EventTamper{"Actor", [](auto& e) { e.actor = "user:x"; }},
        EventTamper{"Action", [](auto& e) { e.action += "x"; }},
        EventTamper{"ResourceType", [](auto& e) { e.resource_type = ""; }},
        EventTamper{"ResourceId", [](auto& e) { e.resource_id += "0"; }},
        EventTamper{"Outcome", [](auto& e) { e.outcome = "denied"; }},
        EventTamper{"RequestId", [](auto& e) { e.request_id = "r"; }},
        EventTamper{"Peer", [](auto& e) { e.peer = "p"; }},
        EventTamper{"UserAgent", [](auto& e) { e.user_agent = "u"; }},
        EventTamper{"Details", [](auto& e) { e.details = ""; }},
        EventTamper{"KeyVersion", [](auto& e) { e.key_version = 7; }},
        EventTamper{"Mac", [](auto& e) { e.mac[31] ^= 1; }},
        EventTamper{"FieldsThatBorrow",
                    [](auto& e) {
                      e.resource_id = e.resource_type.back() + e.resource_id;
                      e.resource_type.pop_back();
                    }}),
    [](const auto& info) { return info.param.name; });

struct ChainTamper {
  std::string name;
  std::function<void(storage::AuditChainRecord&)> change;
};

class ChainTamperTest : public AuditLogTest,
                        public testing::WithParamInterface<ChainTamper> {};

TEST_P(ChainTamperTest, IsFound) {
  const storage::AuditChainRecord original = *Chain(kAccount);
  storage::AuditChainRecord chain = original;
  GetParam().change(chain);
  ASSERT_NE(chain, original);
  PutChain(chain);
  EXPECT_THAT(Faulty(), testing::Contains(uint64_t{0}));

  // It is still found after the log has gone on.
  Append(kAccount, 6);
  EXPECT_TRUE(HasGoodMac(*keyring, *Chain(kAccount)));
  EXPECT_THAT(Faulty(), testing::Not(IsEmpty()));
  EXPECT_EQ(Events(kAccount).back().action, "test.6");
}

INSTANTIATE_TEST_SUITE_P(
    Fields, ChainTamperTest,
    testing::Values(
        ChainTamper{"FirstSequence", [](auto& c) { c.first_sequence = 2; }},
        ChainTamper{"MacBefore", [](auto& c) { c.mac_before_first[0] = 1; }},
        ChainTamper{"LastSequence", [](auto& c) { c.last_sequence = 6; }},
        ChainTamper{"LastMac", [](auto& c) { c.last_mac[0] ^= 1; }},
        ChainTamper{"KeyVersion", [](auto& c) { c.key_version = 7; }},
        ChainTamper{"Mac", [](auto& c) { c.mac[0] ^= 1; }}),
    [](const auto& info) { return info.param.name; });

TEST_F(AuditLogTest, FindsWhereAnEventIsMissing) {
  const std::vector<storage::AuditEventRecord> original = Events(kAccount);
  for (size_t i = 0; i < original.size(); ++i) {
    std::vector<storage::AuditEventRecord> events = original;
    events.erase(events.begin() + static_cast<ptrdiff_t>(i));
    PutEvents(kAccount, events);
    EXPECT_THAT(Faulty(), ElementsAre(i + 1));
  }
}

TEST_F(AuditLogTest, SaysOfARunOfMissingEventsWhereItBegins) {
  const std::vector<storage::AuditEventRecord> events = Events(kAccount);
  PutEvents(kAccount, {events[0], events[3], events[4]});
  EXPECT_THAT(Faulty(), ElementsAre(2));
  PutEvents(kAccount, {events[3], events[4]});
  EXPECT_THAT(Faulty(), ElementsAre(1));
  PutEvents(kAccount, {events[0], events[1]});
  EXPECT_THAT(Faulty(), ElementsAre(3));
  PutEvents(kAccount, {});
  EXPECT_THAT(Faulty(), ElementsAre(1));
}

TEST_F(AuditLogTest, ClosingTheGapDoesNotHideIt) {
  std::vector<storage::AuditEventRecord> events = Events(kAccount);
  events.erase(events.begin() + 2);
  for (size_t i = 2; i < events.size(); ++i) --events[i].sequence;
  PutEvents(kAccount, events);
  EXPECT_THAT(Faulty(), ElementsAre(3, 4, 5));
}

TEST_F(AuditLogTest, FindsInsertedEvents) {
  const std::vector<storage::AuditEventRecord> original = Events(kAccount);
  std::vector<storage::AuditEventRecord> events = original;
  for (size_t i = 2; i < events.size(); ++i) ++events[i].sequence;
  events.push_back(original[2]);
  PutEvents(kAccount, events);
  // The copy in the place of the original is true; what was pushed on is not,
  // and the end is another.
  EXPECT_THAT(Faulty(), ElementsAre(4, 5, 5, 6));

  events = original;
  events.push_back(original[4]);
  events.back().sequence = 6;
  PutEvents(kAccount, events);
  EXPECT_THAT(Faulty(), ElementsAre(6));
}

TEST_F(AuditLogTest, FindsSwappedEvents) {
  std::vector<storage::AuditEventRecord> events = Events(kAccount);
  std::swap(events[1], events[2]);
  std::swap(events[1].sequence, events[2].sequence);
  PutEvents(kAccount, events);
  EXPECT_THAT(Faulty(), ElementsAre(2, 3, 4));
}

TEST_F(AuditLogTest, FindsEventsOfAnotherAccount) {
  std::vector<storage::AuditEventRecord> events = Events(kAccount);
  events[0] = Events(kOther)[0];
  events[0].account_id = kAccount;
  PutEvents(kAccount, events);
  EXPECT_THAT(Faulty(), testing::Contains(1));
}

TEST_F(AuditLogTest, ACutEndCannotBeCoveredUpWithoutTheKey) {
  std::vector<storage::AuditEventRecord> events = Events(kAccount);
  storage::AuditChainRecord chain = *Chain(kAccount);
  events.pop_back();
  chain.last_sequence = 4;
  chain.last_mac = events.back().mac;
  PutEvents(kAccount, events);
  PutChain(chain);
  EXPECT_THAT(Faulty(), ElementsAre(0));

  events.erase(events.begin());
  chain = *Chain(kAccount);
  chain.first_sequence = 2;
  PutEvents(kAccount, events);
  PutChain(chain);
  EXPECT_THAT(Faulty(), testing::Contains(0));
}

TEST_F(AuditLogTest, ALogFoundBrokenSaysSoForEver) {
  storage::AuditChainRecord chain = *Chain(kAccount);
  chain.last_mac[0] ^= 1;
  PutChain(chain);
  Append(kAccount, 6);
  Append(kAccount, 7);
  const std::vector<storage::AuditEventRecord> events = Events(kAccount);
  ASSERT_THAT(events, SizeIs(8));
  EXPECT_EQ(events[5].action, "audit.broken");
  EXPECT_EQ(events[5].actor, "system");
  EXPECT_EQ(events[6].action, "test.6");
  EXPECT_THAT(Faulty(), testing::Contains(6));
}

// One who writes events into the file, where the log is about to go on.
class ForgedEndTest : public AuditLogTest {
 protected:
  void Forge(uint64_t sequence) {
    storage::AuditEventRecord event = Events(kAccount).front();
    event.sequence = sequence;
    Write([&](storage::WriteTxn& txn) { return txn.InsertAuditEvent(event); });
  }
  std::vector<std::string> Actions() {
    std::vector<std::string> actions;
    for (const storage::AuditEventRecord& event : Events(kAccount)) {
      actions.push_back(event.action);
    }
    return actions;
  }
};

TEST_F(ForgedEndTest, KeepsNobodyFromAppendingAndIsFoundForEver) {
  Forge(6);
  Append(kAccount, 6);
  Append(kAccount, 7);
  EXPECT_THAT(Actions(),
              ElementsAre("test.1", "test.2", "test.3", "test.4", "test.5",
                          "test.1", "audit.broken", "test.6", "test.7"));
  EXPECT_EQ(ReadDetails(Events(kAccount)[6]).at("sound_until"), "5");
  // The forged event, and the note.
  EXPECT_THAT(Faulty(), ElementsAre(6, 7));
}

TEST_F(ForgedEndTest, ManyAndWithGapsAreSkippedAtOnce) {
  for (const uint64_t sequence : {6, 7, 8, 10, 50}) Forge(sequence);
  Append(kAccount, 6);
  Append(kAccount, 7);
  EXPECT_EQ(Chain(kAccount)->last_sequence, 53u);
  EXPECT_THAT(Faulty(), ElementsAre(6, 7, 8, 9, 11, 51));
}

TEST_F(ForgedEndTest, FarAwayDoesNotTakeTheLogAlong) {
  Forge(uint64_t{INT64_MAX});
  Append(kAccount, 6);
  EXPECT_EQ(Chain(kAccount)->last_sequence, 6u);
  EXPECT_THAT(Faulty(), ElementsAre(uint64_t{INT64_MAX}));
}

TEST_F(ForgedEndTest, WhereFarBeginsItGoesOnToo) {
  constexpr uint64_t kFar = uint64_t{1} << 53;
  for (const uint64_t ahead : {0, 1, 2, 4}) Forge(kFar - 1 + ahead);
  for (int i = 6; i < 12; ++i) {
    Append(kAccount, i);
    Forge(Chain(kAccount)->last_sequence + 1);
  }
  EXPECT_EQ(Actions().back(), "test.1");
  EXPECT_EQ(Actions()[Actions().size() - 2], "test.11");
  EXPECT_THAT(Faulty(), testing::IsSupersetOf({uint64_t{6}, kFar, kFar + 1}));
}

TEST_F(ForgedEndTest, AChainThatEndsWhereNumbersDoIsNotBelieved) {
  storage::AuditChainRecord chain = *Chain(kAccount);
  chain.first_sequence = uint64_t{INT64_MAX};
  chain.last_sequence = uint64_t{INT64_MAX};
  PutChain(chain);
  Append(kAccount, 6);
  EXPECT_EQ(Chain(kAccount)->last_sequence, 7u);
  EXPECT_THAT(Faulty(), testing::Contains(6));
}

TEST_F(ForgedEndTest, AnAppendSeesItInTheFirstEventOfALogToo) {
  const Uuid fresh = SampleId(3);
  storage::AuditEventRecord event = Events(kAccount).front();
  event.account_id = fresh;
  Write([&](storage::WriteTxn& txn) {
    absl::Status status = txn.EnsureAccount(fresh, SampleTime());
    status.Update(txn.InsertAuditEvent(event));
    return status;
  });
  Append(fresh, 6);
  ASSERT_THAT(Events(fresh), SizeIs(3));
  EXPECT_EQ(Events(fresh)[1].action, "audit.broken");
}

// A store has no way to remove the record; a copy of the events does.
TEST_F(AuditLogTest, EventsWithoutTheRecordOfBothEndsAreFound) {
  const Uuid bare = SampleId(3);
  std::vector<storage::AuditEventRecord> events = Events(kAccount);
  Write([&](storage::WriteTxn& txn) {
    absl::Status status = txn.EnsureAccount(bare, SampleTime());
    for (storage::AuditEventRecord& event : events) {
      event.account_id = bare;
      status.Update(txn.InsertAuditEvent(event));
    }
    return status;
  });
  EXPECT_THAT(Verify(), ElementsAre(AllOf(Field(&AuditFault::account_id, bare),
                                          Field(&AuditFault::sequence, 0))));

  // The account is not locked up, and the log says what it found.
  Append(bare, 6);
  events = Events(bare);
  ASSERT_THAT(events, SizeIs(7));
  EXPECT_EQ(events[5].action, "audit.broken");
  EXPECT_THAT(Verify(), testing::Not(IsEmpty()));
}

TEST_F(AuditLogTest, AnAccountWithoutALogIsWhole) {
  Write([](storage::WriteTxn& txn) {
    return txn.EnsureAccount(SampleId(3), SampleTime());
  });
  EXPECT_THAT(Verify(), IsEmpty());
}

TEST_F(AuditLogTest, OneAccountsFaultIsNotAnothers) {
  std::vector<storage::AuditEventRecord> events = Events(kOther);
  events[0].actor = "x";
  PutEvents(kOther, events);
  EXPECT_THAT(Verify(),
              ElementsAre(AllOf(Field(&AuditFault::account_id, kOther),
                                Field(&AuditFault::sequence, 1))));
}

TEST_F(AuditLogTest, VerifiesManyAccountsAndLongLogs) {
  Write([&](storage::WriteTxn& txn) {
    absl::Status status;
    for (int i = 0; i < 2500; ++i) {
      const Uuid account = SampleId(1000 + i);
      status.Update(txn.EnsureAccount(account, SampleTime()));
      status.Update(log.AppendSystem(txn, account, SampleTime(), {}));
      status.Update(log.AppendSystem(txn, kOther, SampleTime(), {}));
    }
    return status;
  });
  AuditVerdict verdict;
  EXPECT_THAT(Verify(&verdict), IsEmpty());
  EXPECT_EQ(verdict,
            (AuditVerdict{.accounts = 2502, .events = 5007, .faults = 0}));
}

TEST_F(AuditLogTest, TheStoresErrorsArePassedOn) {
  const absl::Status down = absl::UnavailableError("down");
  store.read_outcomes = {down};
  EXPECT_EQ(VerifyAudit(store, *keyring, [](const AuditFault&) {}).status(),
            down);
}

}  // namespace
}  // namespace signet::audit
