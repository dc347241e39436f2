// SPDX-License-Identifier: Apache-2.0
#include "storage/watched_store.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/memory/memory_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/support/borrowed_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unreliable_store.h"

namespace signet::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Changed = TokenChanges::ServiceAccount;

const Uuid kHome = SampleId(1);
const Uuid kAway = SampleId(9);

// What was told, in order. Thread-safe.
class Notices {
 public:
  WatchedStore::OnChange Listener() {
    return [this](const TokenChanges& changes) {
      absl::MutexLock lock(&mutex_);
      told_.push_back(changes);
    };
  }
  std::vector<TokenChanges> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(told_, {});
  }

 private:
  absl::Mutex mutex_;
  std::vector<TokenChanges> told_ ABSL_GUARDED_BY(mutex_);
};

struct Engine {
  const char* label;
  std::unique_ptr<Store> (*open)(const TempDir& dir);
};

class WatchedStoreTest : public testing::TestWithParam<Engine> {
 protected:
  WatchedStoreTest() {
    EXPECT_THAT(
        WriteAndWait(store_,
                     [](WriteTxn& txn) {
                       absl::Status status =
                           txn.EnsureAccount(kHome, SampleTime());
                       status.Update(txn.EnsureAccount(kAway, SampleTime()));
                       status.Update(txn.InsertServiceAccount(
                           SampleServiceAccount(kHome, 2)));
                       return status;
                     }),
        IsOk());
    notices_.Take();
  }

  // What a write tells.
  std::vector<TokenChanges> Told(Store::WriteBody body) {
    EXPECT_THAT(WriteAndWait(store_, std::move(body)), IsOk());
    return notices_.Take();
  }

  TempDir dir_;
  Notices notices_;
  WatchedStore store_{GetParam().open(dir_), notices_.Listener()};
};

INSTANTIATE_TEST_SUITE_P(
    Engines, WatchedStoreTest,
    testing::Values(Engine{"Memory",
                           [](const TempDir&) -> std::unique_ptr<Store> {
                             return std::make_unique<memory::MemoryStore>();
                           }},
                    Engine{"Sqlite",
                           [](const TempDir& dir) -> std::unique_ptr<Store> {
                             return *sqlite::SqliteStore::Open(
                                 {.directory = dir.path()});
                           }}),
    [](const auto& info) { return std::string(info.param.label); });

AuthorizationRecord GrantTo(const Uuid& account_id, uint32_t service_account) {
  return SampleCapability(account_id, 50,
                          {.type = SubjectType::kServiceAccount,
                           .id = SampleId(service_account).ToString()});
}

TEST_P(WatchedStoreTest, TellsOfANewToken) {
  EXPECT_THAT(Told([](WriteTxn& txn) {
                return txn.InsertServiceAccount(SampleServiceAccount(kHome, 3));
              }),
              ElementsAre(TokenChanges{.service_accounts = {},
                                       .new_public_ids = {SamplePublicId(3)}}));
}

TEST_P(WatchedStoreTest, TellsOfAnUpdate) {
  ServiceAccountRecord record = SampleServiceAccount(kHome, 2);
  record.enabled = false;
  EXPECT_THAT(
      Told([&](WriteTxn& txn) { return txn.UpdateServiceAccount(record); }),
      ElementsAre(TokenChanges{.service_accounts = {{kHome, SampleId(2)}},
                               .new_public_ids = {}}));
}

TEST_P(WatchedStoreTest, TellsOfARotationAndARetirement) {
  const ServiceAccountRecord rotated =
      WithToken(SampleServiceAccount(kHome, 2), 77);
  EXPECT_THAT(
      Told([&](WriteTxn& txn) { return txn.ReplaceToken(rotated); }),
      ElementsAre(TokenChanges{.service_accounts = {{kHome, SampleId(2)}},
                               .new_public_ids = {SamplePublicId(77)}}));
  EXPECT_THAT(
      Told([](WriteTxn& txn) {
        TokenRecord retiring = SampleServiceAccount(kHome, 2).token;
        retiring.retires_at = SampleTime(60);
        return txn.UpdateToken(kHome, SampleId(2), retiring);
      }),
      ElementsAre(TokenChanges{.service_accounts = {{kHome, SampleId(2)}},
                               .new_public_ids = {}}));
}

TEST_P(WatchedStoreTest, TellsOfADeletion) {
  EXPECT_THAT(
      Told([](WriteTxn& txn) {
        return txn.DeleteReplacedTokens(kHome, SampleId(2), 9).status();
      }),
      ElementsAre(TokenChanges{.service_accounts = {{kHome, SampleId(2)}},
                               .new_public_ids = {}}));
  EXPECT_THAT(
      Told([](WriteTxn& txn) {
        return txn.DeleteServiceAccount(kHome, SampleId(2));
      }),
      ElementsAre(TokenChanges{.service_accounts = {{kHome, SampleId(2)}},
                               .new_public_ids = {}}));
}

TEST_P(WatchedStoreTest, TellsWhoseAuthorizationsChangeAndWhereTheyBelong) {
  const struct {
    Uuid granted_on;
    Uuid told;  // Nil: it belongs elsewhere.
  } cases[] = {{kHome, kHome}, {kAway, Uuid()}};
  for (const auto& c : cases) {
    AuthorizationRecord grant = GrantTo(c.granted_on, 2);
    grant.id = SampleId(c.granted_on == kHome ? 50 : 51);
    const TokenChanges want = {.service_accounts = {{c.told, SampleId(2)}},
                               .new_public_ids = {}};
    EXPECT_THAT(
        Told([&](WriteTxn& txn) { return txn.InsertAuthorization(grant); }),
        ElementsAre(want));
    EXPECT_THAT(Told([&](WriteTxn& txn) {
                  return txn.RevokeAuthorization(c.granted_on, grant.id,
                                                 SampleTime(), {});
                }),
                ElementsAre(want));
  }
}

TEST_P(WatchedStoreTest, SaysNothingOfUsersAndGroups) {
  for (const SubjectType type : {SubjectType::kUser, SubjectType::kGroup}) {
    AuthorizationRecord grant =
        SampleCapability(kHome, 60 + static_cast<int>(type),
                         {.type = type, .id = SampleId(2).ToString()});
    EXPECT_THAT(Told([&](WriteTxn& txn) {
                  absl::Status status = txn.InsertAuthorization(grant);
                  status.Update(txn.RevokeAuthorization(kHome, grant.id,
                                                        SampleTime(), {}));
                  return status;
                }),
                IsEmpty());
  }
}

TEST_P(WatchedStoreTest, SaysNothingOfWhatDecidesAboutNoToken) {
  EXPECT_THAT(
      Told([](WriteTxn& txn) {
        const LastUse use = {.account_id = kHome,
                             .service_account_id = SampleId(2),
                             .at = SampleTime(1)};
        absl::Status status = txn.EnsureAccount(SampleId(8), SampleTime());
        status.Update(txn.TouchLastUsed({&use, 1}));
        status.Update(txn.InsertAuditEvent(SampleAuditEvent(kHome, 1)));
        status.Update(txn.PutAuditHead({.writer = "", .ciphertext = "x"}));
        status.Update(txn.PutReplay(SampleReplay(1)));
        status.Update(txn.SetWatermark("task", SampleTime()));
        status.Update(txn.DeleteAuditEventsBefore(kHome, 2));
        status.Update(txn.DeleteReplaysBefore(SampleTime(9), 10).status());
        return status;
      }),
      IsEmpty());
  EXPECT_THAT(ReadAndWait(store_,
                          [](ReadTxn& txn) {
                            return txn.FindToken(SamplePublicId(2)).status();
                          }),
              IsOk());
  EXPECT_THAT(notices_.Take(), IsEmpty());
}

TEST_P(WatchedStoreTest, TellsAllOfOneWriteAtOnce) {
  const std::vector<TokenChanges> told = Told([](WriteTxn& txn) {
    absl::Status status =
        txn.InsertServiceAccount(SampleServiceAccount(kHome, 3));
    status.Update(txn.InsertAuthorization(GrantTo(kHome, 3)));
    status.Update(txn.UpdateServiceAccount(SampleServiceAccount(kHome, 2)));
    return status;
  });
  ASSERT_EQ(told.size(), 1u);
  EXPECT_THAT(told[0].new_public_ids, ElementsAre(SamplePublicId(3)));
  EXPECT_THAT(told[0].service_accounts,
              UnorderedElementsAre(Changed{kHome, SampleId(2)},
                                   Changed{kHome, SampleId(3)}));
}

TEST_P(WatchedStoreTest, ReadsInAWriteSeeWhatItWrote) {
  EXPECT_THAT(
      WriteAndWait(
          store_,
          [](WriteTxn& txn) {
            absl::Status status =
                txn.InsertServiceAccount(SampleServiceAccount(kHome, 3));
            status.Update(txn.FindToken(SamplePublicId(3)).status());
            status.Update(txn.GetServiceAccount(kHome, SampleId(3)).status());
            return status;
          }),
      IsOk());
}

// Who hears of the change sees it, and who waits for the write hears later.
TEST_P(WatchedStoreTest, TellsBetweenTheCommitAndItsAcknowledgement) {
  const TempDir dir;
  std::unique_ptr<Store> engine = GetParam().open(dir);
  Store* const inner = engine.get();
  std::vector<std::string> order;
  absl::Notification done;
  WatchedStore watched(std::move(engine), [&](const TokenChanges&) {
    EXPECT_THAT(ReadAndWait(*inner,
                            [](ReadTxn& txn) {
                              return txn.FindToken(SamplePublicId(2)).status();
                            }),
                IsOk());
    order.push_back("told");
  });
  watched.Write(
      [](WriteTxn& txn) {
        absl::Status status = txn.EnsureAccount(kHome, SampleTime());
        status.Update(txn.InsertServiceAccount(SampleServiceAccount(kHome, 2)));
        return status;
      },
      [&](const absl::Status& status) {
        EXPECT_THAT(status, IsOk());
        order.push_back("done");
        done.Notify();
      });
  done.WaitForNotification();
  EXPECT_THAT(order, ElementsAre("told", "done"));
}

class Unreliable : public testing::Test {
 protected:
  Unreliable() {
    EXPECT_THAT(WriteAndWait(watched_,
                             [](WriteTxn& txn) {
                               return txn.EnsureAccount(kHome, SampleTime());
                             }),
                IsOk());
  }
  static absl::Status Insert(WriteTxn& txn) {
    return txn.InsertServiceAccount(SampleServiceAccount(kHome, 2));
  }

  UnreliableStore store_;
  Notices notices_;
  WatchedStore watched_{std::make_unique<BorrowedStore>(&store_),
                        notices_.Listener()};
};

TEST_F(Unreliable, ABodyThatRunsAgainIsToldOnce) {
  store_.run_bodies_twice = true;
  EXPECT_THAT(WriteAndWait(watched_, Insert), IsOk());
  EXPECT_THAT(notices_.Take(),
              ElementsAre(TokenChanges{.service_accounts = {},
                                       .new_public_ids = {SamplePublicId(2)}}));
}

// Perhaps it was made all the same.
TEST_F(Unreliable, AWriteWithoutAnOutcomeIsToldOf) {
  EXPECT_THAT(WriteAndWait(watched_,
                           [](WriteTxn& txn) {
                             EXPECT_THAT(Insert(txn), IsOk());
                             return absl::UnavailableError("half-way");
                           }),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(notices_.Take().size(), 1u);
}

TEST_F(Unreliable, AWriteThatNeverRanIsNot) {
  store_.write_outcomes = {absl::ResourceExhaustedError("full")};
  EXPECT_THAT(WriteAndWait(watched_, Insert),
              StatusIs(absl::StatusCode::kResourceExhausted));
  bool asked = false;
  absl::Status outcome;
  watched_.Write(Insert,
                 [&](absl::Status status) { outcome = std::move(status); },
                 {.expired = [&asked] {
                   asked = true;
                   return true;
                 }});
  EXPECT_TRUE(asked);
  EXPECT_THAT(outcome, StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(notices_.Take(), IsEmpty());
}

TEST_F(Unreliable, HealthAndDrainAreTheEngines) {
  EXPECT_THAT(watched_.Health(), IsOk());
  watched_.Drain();
  EXPECT_EQ(watched_.Health(), store_.Health());
  EXPECT_FALSE(watched_.Health().ok());
}

}  // namespace
}  // namespace signet::storage
