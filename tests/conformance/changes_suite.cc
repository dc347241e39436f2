// SPDX-License-Identifier: Apache-2.0
//
// What a store tells its subscribers.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using Changed = TokenChanges::ServiceAccount;

const Uuid kHome = SampleId(1);
const Uuid kAway = SampleId(9);

// What a subscriber was told, in order. Thread-safe.
class Notices {
 public:
  struct Notice {
    uint64_t position;
    bool everything;
    TokenChanges changes;
  };

  // Tells it of `store` from now on.
  static std::shared_ptr<Notices> Of(
      Store& store, std::optional<uint64_t> position = std::nullopt) {
    auto notices = std::make_shared<Notices>();
    store.Subscribe(position, [notices](const ChangeNotice& notice) {
      absl::MutexLock lock(&notices->mutex_);
      notices->told_.push_back(
          {notice.position, notice.everything, notice.changes});
    });
    return notices;
  }

  std::vector<Notice> Take() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(told_, {});
  }
  std::vector<TokenChanges> TakeChanges() {
    std::vector<TokenChanges> changes;
    for (Notice& notice : Take()) {
      EXPECT_FALSE(notice.everything);
      changes.push_back(std::move(notice.changes));
    }
    return changes;
  }

 private:
  absl::Mutex mutex_;
  std::vector<Notice> told_ ABSL_GUARDED_BY(mutex_);
};

// Two accounts, of which kHome has a service account SampleId(2).
absl::Status MakeAccounts(WriteTxn& txn) {
  absl::Status status = txn.EnsureAccount(kHome, SampleTime());
  status.Update(txn.EnsureAccount(kAway, SampleTime()));
  status.Update(txn.InsertServiceAccount(SampleServiceAccount(kHome, 2)));
  return status;
}

AuthorizationRecord GrantTo(const Uuid& account_id, uint32_t number,
                            SubjectType type = SubjectType::kServiceAccount) {
  return SampleCapability(account_id, number,
                          {.type = type, .id = SampleId(2).ToString()});
}

TEST_P(StoreConformance, EachKindOfChangeIsToldToSubscribers) {
  ServiceAccountRecord disabled = SampleServiceAccount(kHome, 2);
  disabled.enabled = false;
  TokenRecord retiring = SampleServiceAccount(kHome, 2).token;
  retiring.retires_at = SampleTime(60);
  const LastUse use = {kHome, SampleId(2), SampleTime(1)};
  const TokenChanges nothing;
  const TokenChanges home = {{{kHome, SampleId(2)}}, {}};
  const TokenChanges somewhere = {{{Uuid(), SampleId(2)}}, {}};
  const auto user = GrantTo(kHome, 60, SubjectType::kUser);
  const auto group = GrantTo(kHome, 61, SubjectType::kGroup);

  // One after another, each in a write of its own.
  const struct {
    const char* what;
    std::function<absl::Status(WriteTxn&)> change;
    TokenChanges told;
  } cases[] = {
      {"a new service account",
       [](auto& txn) {
         return txn.InsertServiceAccount(SampleServiceAccount(kHome, 3));
       },
       {{}, {SamplePublicId(3)}}},
      {"an update",
       [&](auto& txn) { return txn.UpdateServiceAccount(disabled); }, home},
      {"a rotation",
       [](auto& txn) {
         return txn.ReplaceToken(WithToken(SampleServiceAccount(kHome, 2), 77));
       },
       {{{kHome, SampleId(2)}}, {SamplePublicId(77)}}},
      {"a retirement",
       [&](auto& txn) { return txn.UpdateToken(kHome, SampleId(2), retiring); },
       home},
      {"a grant at home",
       [](auto& txn) { return txn.InsertAuthorization(GrantTo(kHome, 50)); },
       home},
      {"a grant elsewhere",
       [](auto& txn) { return txn.InsertAuthorization(GrantTo(kAway, 51)); },
       somewhere},
      {"a revocation at home",
       [](auto& txn) {
         return txn.RevokeAuthorization(kHome, SampleId(50), SampleTime(), {});
       },
       home},
      {"a revocation elsewhere",
       [](auto& txn) {
         return txn.RevokeAuthorization(kAway, SampleId(51), SampleTime(), {});
       },
       somewhere},
      {"the removal of replaced tokens",
       [](auto& txn) {
         return txn.DeleteReplacedTokens(kHome, SampleId(2), 9).status();
       },
       home},
      {"a removal",
       [](auto& txn) { return txn.DeleteServiceAccount(kHome, SampleId(2)); },
       home},
      // Nothing below decides about a token.
      {"a new account",
       [](auto& txn) { return txn.EnsureAccount(SampleId(8), SampleTime()); },
       nothing},
      {"a last use",
       [&](auto& txn) {
         return txn.TouchLastUsed({&use, 1});
       },
       nothing},
      {"a grant to a user",
       [&](auto& txn) { return txn.InsertAuthorization(user); }, nothing},
      {"a grant to a group",
       [&](auto& txn) { return txn.InsertAuthorization(group); }, nothing},
      {"a revocation of a user's",
       [&](auto& txn) {
         return txn.RevokeAuthorization(kHome, user.id, SampleTime(), {});
       },
       nothing},
      {"a revocation of a group's",
       [&](auto& txn) {
         return txn.RevokeAuthorization(kHome, group.id, SampleTime(), {});
       },
       nothing},
      {"a seal",
       [&](auto& txn) {
         return txn.SealAuthorization(kHome, user.id, SampleSeal(9));
       },
       nothing},
      {"an audit event",
       [](auto& txn) {
         return txn.InsertAuditEvent(SampleAuditEvent(kHome, 1));
       },
       nothing},
      {"an audit chain",
       [](auto& txn) {
         AuditChainRecord chain;
         chain.account_id = kHome;
         return txn.PutAuditChain(chain);
       },
       nothing},
      {"an audit head",
       [](auto& txn) {
         return txn.PutAuditHead({.writer = "", .ciphertext = "x"});
       },
       nothing},
      {"trimmed audit events",
       [](auto& txn) { return txn.DeleteAuditEventsBefore(kHome, 2); },
       nothing},
      {"an idempotency record",
       [](auto& txn) {
         return txn.PutIdempotencyRecord(SampleIdempotencyRecord(1));
       },
       nothing},
      {"old idempotency records",
       [](auto& txn) {
         return txn.DeleteIdempotencyRecordsBefore(SampleTime(9), 10).status();
       },
       nothing},
      {"a watermark",
       [](auto& txn) { return txn.SetWatermark("task", SampleTime()); },
       nothing},
  };
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  const auto notices = Notices::Of(store());
  for (const auto& c : cases) {
    ASSERT_THAT(Write(c.change), IsOk()) << c.what;
    const std::vector<TokenChanges> told = notices->TakeChanges();
    if (c.told.empty()) {
      EXPECT_THAT(told, SizeIs(0)) << c.what;
    } else {
      EXPECT_THAT(told, ElementsAre(c.told)) << c.what;
    }
  }
}

TEST_P(StoreConformance, AReadTellsNothing) {
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  const auto notices = Notices::Of(store());
  EXPECT_THAT(Find(SamplePublicId(2)), IsOk());
  EXPECT_THAT(notices->Take(), SizeIs(0));
}

TEST_P(StoreConformance, AllOfOneWriteIsToldAtOnce) {
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  const auto notices = Notices::Of(store());
  ASSERT_THAT(
      Write([](WriteTxn& txn) {
        absl::Status status =
            txn.InsertServiceAccount(SampleServiceAccount(kHome, 3));
        status.Update(txn.UpdateServiceAccount(SampleServiceAccount(kHome, 3)));
        status.Update(txn.UpdateServiceAccount(SampleServiceAccount(kHome, 2)));
        return status;
      }),
      IsOk());
  const std::vector<TokenChanges> told = notices->TakeChanges();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0].new_public_ids, ElementsAre(SamplePublicId(3)));
  EXPECT_THAT(told[0].service_accounts,
              UnorderedElementsAre(Changed{kHome, SampleId(2)},
                                   Changed{kHome, SampleId(3)}));
}

TEST_P(StoreConformance, WhatIsNotWrittenIsNotTold) {
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  const auto notices = Notices::Of(store());
  const auto update = [](WriteTxn& txn) {
    return txn.UpdateServiceAccount(SampleServiceAccount(kHome, 2));
  };
  EXPECT_THAT(Write([&](WriteTxn& txn) {
                EXPECT_THAT(update(txn), IsOk());
                return absl::CancelledError("changed my mind");
              }),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(Write([&](WriteTxn& txn) {
                EXPECT_THAT(update(txn), IsOk());
                return txn.DeleteServiceAccount(kHome, SampleId(99));
              }),
              StatusIs(absl::StatusCode::kNotFound));
  absl::Notification finished;
  store().Write(update, [&](const absl::Status&) { finished.Notify(); },
                {.expired = [] { return true; }});
  finished.WaitForNotification();
  EXPECT_THAT(notices->Take(), SizeIs(0));
}

// Whoever hears of a change sees it, and whoever waits for the write hears of
// it later.
TEST_P(StoreConformance, AChangeIsToldBetweenItsCommitAndItsAcknowledgement) {
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  std::atomic<bool> told = false;
  absl::Notification read;
  absl::Notification done;
  store().Subscribe(std::nullopt, [&](const ChangeNotice&) {
    EXPECT_FALSE(done.HasBeenNotified());
    told = true;
    store().Read(
        [](ReadTxn& txn) {
          EXPECT_THAT(txn.FindToken(SamplePublicId(3)), IsOk());
          return absl::OkStatus();
        },
        [&](const absl::Status& status) {
          EXPECT_THAT(status, IsOk());
          read.Notify();
        });
  });
  store().Write(
      [](WriteTxn& txn) {
        return txn.InsertServiceAccount(SampleServiceAccount(kHome, 3));
      },
      [&](const absl::Status& status) {
        EXPECT_THAT(status, IsOk());
        EXPECT_TRUE(told);
        done.Notify();
      });
  read.WaitForNotification();
  done.WaitForNotification();
}

TEST_P(StoreConformance, EverySubscriberIsToldInOrder) {
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  const auto first = Notices::Of(store());
  constexpr int kWrites = 100;
  for (int i = 0; i < kWrites; ++i) {
    store().Write(
        [i](WriteTxn& txn) {
          return txn.InsertServiceAccount(SampleServiceAccount(kHome, 100 + i));
        },
        [](const absl::Status& status) { EXPECT_THAT(status, IsOk()); });
  }
  const auto second = Notices::Of(store());  // Of some of them, and the last.
  ASSERT_THAT(Insert(SampleServiceAccount(kHome, 99)), IsOk());

  const std::vector<Notices::Notice> all = first->Take();
  ASSERT_THAT(all, SizeIs(kWrites + 1));
  for (int i = 0; i < kWrites; ++i) {
    EXPECT_THAT(all[i].changes.new_public_ids,
                ElementsAre(SamplePublicId(100 + i)));
    EXPECT_GT(all[i + 1].position, all[i].position);
  }
  const std::vector<Notices::Notice> late = second->Take();
  ASSERT_FALSE(late.empty());
  EXPECT_EQ(late.back().changes, all.back().changes);
  EXPECT_EQ(late.back().position, all.back().position);
}

// Or it is said that anything may have changed.
TEST_P(StoreConformance, WhatIsBehindAPositionIsTold) {
  ASSERT_THAT(Write(&MakeAccounts), IsOk());
  const auto notices = Notices::Of(store());
  ASSERT_THAT(Insert(SampleServiceAccount(kHome, 3)), IsOk());
  ASSERT_THAT(Insert(SampleServiceAccount(kHome, 4)), IsOk());
  const std::vector<Notices::Notice> all = notices->Take();
  ASSERT_THAT(all, SizeIs(2));

  const auto behind_all = Notices::Of(store(), all[1].position);
  EXPECT_THAT(behind_all->Take(), SizeIs(0));
  const auto behind_first = Notices::Of(store(), all[0].position);
  const std::vector<Notices::Notice> told = behind_first->Take();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].position, all[1].position);
  EXPECT_TRUE(told[0].everything || told[0].changes == all[1].changes);
  // One that the store has not come to.
  const auto of_another = Notices::Of(store(), all[1].position + 1000);
  const std::vector<Notices::Notice> unknown = of_another->Take();
  ASSERT_THAT(unknown, SizeIs(1));
  EXPECT_TRUE(unknown[0].everything);

  ASSERT_THAT(Insert(SampleServiceAccount(kHome, 5)), IsOk());
  for (const auto& each : {behind_all, behind_first, of_another}) {
    EXPECT_THAT(each->TakeChanges(),
                ElementsAre(TokenChanges{{}, {SamplePublicId(5)}}));
  }
}

}  // namespace
}  // namespace signet::storage
