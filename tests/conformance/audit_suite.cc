// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

std::vector<uint64_t> Sequences(const absl::StatusOr<AuditPage>& page) {
  EXPECT_THAT(page, IsOk());
  std::vector<uint64_t> sequences;
  for (const auto& event : page->records) sequences.push_back(event.sequence);
  return sequences;
}

AuditChainRecord SampleChain(const Uuid& account_id) {
  AuditChainRecord chain;
  chain.account_id = account_id;
  chain.first_sequence = 3;
  chain.mac_before_first.fill(1);
  chain.last_sequence = 9;
  chain.last_mac.fill(2);
  chain.key_version = 4294967295;
  chain.mac.fill(3);
  return chain;
}

TEST_P(StoreConformance, AnAuditEventComesBackByteByByte) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const AuditEventRecord sparse = SampleAuditEvent(account_, 1);
  AuditEventRecord full = SampleAuditEvent(account_, 2);
  full.at = SampleTime(9) + absl::Nanoseconds(1);
  full.actor = "service_account:\u00e9";
  full.resource_type = "service_account";
  full.resource_id = std::string("nul\0nul", 7);
  full.outcome = "denied";
  full.request_id = "";
  full.peer = "[2001:db8::1]:443";
  full.user_agent = "not UTF-8: \xff\xfe";
  full.details = "{\"a\":\"\U0001F511\"}";
  full.key_version = 4294967295;
  for (const auto& event : {sparse, full}) {
    ASSERT_THAT(
        Write([&](WriteTxn& txn) { return txn.InsertAuditEvent(event); }),
        IsOk());
  }
  const absl::StatusOr<AuditPage> page =
      List(AuditQuery{.account_id = account_, .limit = 9, .scan_limit = 9});
  ASSERT_THAT(page, IsOk());
  EXPECT_THAT(page->records, ElementsAre(full, sparse));
  EXPECT_EQ(page->next, std::nullopt);
}

TEST_P(StoreConformance, AnAuditEventNeedsItsAccountAndAFreeNumber) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const auto insert = [&](const AuditEventRecord& record) {
    return Write([&](WriteTxn& txn) { return txn.InsertAuditEvent(record); });
  };
  ASSERT_THAT(insert(SampleAuditEvent(account_, 1)), IsOk());
  EXPECT_THAT(insert(SampleAuditEvent(account_, 1)),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(insert(SampleAuditEvent(other_account_, 1)),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(insert(SampleAuditEvent(account_, 0)),
              StatusIs(StatusCode::kInternal));
  AuditEventRecord last = SampleAuditEvent(account_, 2);
  last.sequence = uint64_t{1} << 63;
  EXPECT_THAT(insert(last), StatusIs(StatusCode::kInternal));
  AuditEventRecord late = SampleAuditEvent(account_, 2);
  late.at = absl::InfiniteFuture();
  EXPECT_THAT(insert(late), StatusIs(StatusCode::kInternal));
  last.sequence = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(insert(last), IsOk());
  EXPECT_THAT(Sequences(List(AuditQuery{
                  .account_id = account_, .limit = 9, .scan_limit = 9})),
              ElementsAre(std::numeric_limits<int64_t>::max(), 1));
}

TEST_P(StoreConformance, AuditEventsArePickedByEveryConditionAtOnce) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                for (uint64_t i = 1; i <= 16; ++i) {
                  AuditEventRecord event = SampleAuditEvent(account_, i);
                  event.actor = i & 1 ? "user:a" : "user:b";
                  event.action = i & 2 ? "read" : "write";
                  event.resource_id = i & 4 ? "x" : "";
                  event.outcome = i & 8 ? "denied" : "allowed";
                  absl::Status s = txn.InsertAuditEvent(event);
                  if (!s.ok()) return s;
                }
                return absl::OkStatus();
              }),
              IsOk());
  const auto pick = [&](auto restrict) {
    AuditQuery query{.account_id = account_,
                     .descending = false,
                     .limit = 99,
                     .scan_limit = 99};
    restrict(query);
    return Sequences(List(query));
  };
  EXPECT_THAT(pick([](AuditQuery& q) {
                q.actor = "user:a";
                q.outcome = "denied";
              }),
              ElementsAre(9, 11, 13, 15));
  EXPECT_THAT(pick([](AuditQuery& q) {
                q.action = "read";
                q.resource_id = "x";
              }),
              ElementsAre(6, 7, 14, 15));
  EXPECT_THAT(pick([](AuditQuery& q) {
                q.from = SampleTime(3);
                q.until = SampleTime(6);
              }),
              ElementsAre(3, 4, 5));
  EXPECT_THAT(pick([](AuditQuery& q) {
                q.after = 13;
                q.limit = 2;
              }),
              ElementsAre(14, 15));
  EXPECT_THAT(pick([](AuditQuery& q) {
                q.after = 3;
                q.descending = true;
              }),
              ElementsAre(2, 1));
  EXPECT_THAT(pick([](AuditQuery& q) { q.actor = "user:"; }),
              testing::IsEmpty());
  for (const uint64_t after : {uint64_t{0}, ~uint64_t{0}}) {
    for (const bool descending : {false, true}) {
      EXPECT_EQ(pick([&](AuditQuery& q) {
                  q.after = after;
                  q.descending = descending;
                }).size(),
                (after == 0) == descending ? 0u : 16u);
    }
  }
}

TEST_P(StoreConformance, AuditEventsAreDeletedBeforeANumberInOneAccount) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                for (const Uuid& account : {account_, other_account_}) {
                  for (uint64_t i = 1; i <= 4; ++i) {
                    absl::Status s =
                        txn.InsertAuditEvent(SampleAuditEvent(account, i));
                    if (!s.ok()) return s;
                  }
                }
                return absl::OkStatus();
              }),
              IsOk());
  const auto remove = [&](uint64_t sequence) {
    return Write([&](WriteTxn& txn) {
      return txn.DeleteAuditEventsBefore(account_, sequence);
    });
  };
  const auto left = [&](const Uuid& account_id) {
    return Sequences(List(
        AuditQuery{.account_id = account_id, .limit = 9, .scan_limit = 9}));
  };
  EXPECT_THAT(remove(0), IsOk());
  EXPECT_THAT(remove(1), IsOk());
  EXPECT_THAT(left(account_), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(remove(3), IsOk());
  EXPECT_THAT(left(account_), ElementsAre(4, 3));
  EXPECT_THAT(remove(~uint64_t{0}), IsOk());
  EXPECT_THAT(left(account_), testing::IsEmpty());
  EXPECT_THAT(left(other_account_), ElementsAre(4, 3, 2, 1));
}

TEST_P(StoreConformance, AnAuditChainIsPutAnewOrInPlace) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const auto put = [&](const AuditChainRecord& record) {
    return Write([&](WriteTxn& txn) { return txn.PutAuditChain(record); });
  };
  const auto get = [&](const Uuid& account_id) {
    return Ask([&](ReadTxn& txn) { return txn.GetAuditChain(account_id); });
  };
  EXPECT_THAT(get(account_), StatusIs(StatusCode::kNotFound));
  AuditChainRecord chain = SampleChain(account_);
  ASSERT_THAT(put(chain), IsOk());
  EXPECT_THAT(get(account_), IsOkAndHolds(chain));
  chain.first_sequence = 10;  // No event is kept.
  chain.mac_before_first.fill(4);
  chain.last_mac.fill(5);
  chain.key_version = 2;
  chain.mac.fill(6);
  ASSERT_THAT(put(chain), IsOk());
  EXPECT_THAT(get(account_), IsOkAndHolds(chain));

  EXPECT_THAT(put(SampleChain(other_account_)),
              StatusIs(StatusCode::kFailedPrecondition));
  AuditChainRecord broken = SampleChain(account_);
  broken.first_sequence = 11;
  EXPECT_THAT(put(broken), StatusIs(StatusCode::kInternal));
  broken.first_sequence = 0;
  EXPECT_THAT(put(broken), StatusIs(StatusCode::kInternal));
  EXPECT_THAT(get(account_), IsOkAndHolds(chain));
}

TEST_P(StoreConformance, AnAuditHeadIsKeptForEachWriter) {
  const auto put = [&](const AuditHeadRecord& head) {
    return Write([&](WriteTxn& txn) { return txn.PutAuditHead(head); });
  };
  const auto heads = [&] {
    return Ask([](ReadTxn& txn) { return txn.ListAuditHeads(); });
  };
  EXPECT_THAT(heads(), IsOkAndHolds(testing::IsEmpty()));
  const AuditHeadRecord node = {.writer = "node b",
                                .events = std::numeric_limits<int64_t>::max(),
                                .accounts = 7,
                                .ciphertext = std::string("\0\xff", 2)};
  AuditHeadRecord own = {
      .writer = "", .events = 0, .accounts = 0, .ciphertext = ""};
  ASSERT_THAT(put(node), IsOk());
  ASSERT_THAT(put(own), IsOk());
  EXPECT_THAT(heads(), IsOkAndHolds(ElementsAre(own, node)));
  own.events = 5;
  own.accounts = 2;
  own.ciphertext = "later";
  ASSERT_THAT(put(own), IsOk());
  EXPECT_THAT(heads(), IsOkAndHolds(ElementsAre(own, node)));
  AuditHeadRecord broken = own;
  broken.events = uint64_t{1} << 63;
  EXPECT_THAT(put(broken), StatusIs(StatusCode::kInternal));
  EXPECT_THAT(heads(), IsOkAndHolds(ElementsAre(own, node)));
}

TEST_P(StoreConformance, AuditedAccountsComeInOrderOfId) {
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                for (const uint32_t i : {5, 3, 4, 6}) {
                  absl::Status s = txn.EnsureAccount(SampleId(i), SampleTime());
                  if (s.ok() && i != 6) {
                    s = txn.PutAuditChain(SampleChain(SampleId(i)));
                  }
                  if (!s.ok()) return s;
                }
                return absl::OkStatus();
              }),
              IsOk());
  const auto list = [&](const std::optional<Uuid>& after, int limit) {
    return Ask(
        [&](ReadTxn& txn) { return txn.ListAuditedAccounts(after, limit); });
  };
  EXPECT_THAT(list(std::nullopt, 9),
              IsOkAndHolds(ElementsAre(SampleId(3), SampleId(4), SampleId(5))));
  EXPECT_THAT(list(std::nullopt, 2),
              IsOkAndHolds(ElementsAre(SampleId(3), SampleId(4))));
  EXPECT_THAT(list(SampleId(3), 1), IsOkAndHolds(ElementsAre(SampleId(4))));
  EXPECT_THAT(list(SampleId(2), 1), IsOkAndHolds(ElementsAre(SampleId(3))));
  EXPECT_THAT(list(SampleId(5), 9), IsOkAndHolds(testing::IsEmpty()));
}

// Whoever removes a chain must not hide the events.
TEST_P(StoreConformance, AccountsWithEventsButNoChainAreListedTooAndOnce) {
  ASSERT_THAT(
      Write([&](WriteTxn& txn) {
        for (const uint32_t i : {2, 3, 4, 5}) {
          absl::Status s = txn.EnsureAccount(SampleId(i), SampleTime());
          // 2: a chain; 3: both; 4: events; 5: neither.
          if (s.ok() && i < 4) {
            s = txn.PutAuditChain(SampleChain(SampleId(i)));
          }
          for (const uint64_t sequence : {1, 2}) {
            if (!s.ok() || (i != 3 && i != 4)) continue;
            s = txn.InsertAuditEvent(SampleAuditEvent(SampleId(i), sequence));
          }
          if (!s.ok()) return s;
        }
        return absl::OkStatus();
      }),
      IsOk());
  const auto list = [&](const std::optional<Uuid>& after, int limit) {
    return Ask(
        [&](ReadTxn& txn) { return txn.ListAuditedAccounts(after, limit); });
  };
  EXPECT_THAT(list(std::nullopt, 9),
              IsOkAndHolds(ElementsAre(SampleId(2), SampleId(3), SampleId(4))));
  EXPECT_THAT(list(SampleId(2), 1), IsOkAndHolds(ElementsAre(SampleId(3))));
  EXPECT_THAT(list(SampleId(3), 9), IsOkAndHolds(ElementsAre(SampleId(4))));
  EXPECT_THAT(
      Ask([](ReadTxn& txn) { return txn.GetAuditChain(SampleId(4)); }).status(),
      StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Sequences(List(AuditQuery{
                  .account_id = SampleId(4), .limit = 9, .scan_limit = 9})),
              ElementsAre(2, 1));
}

}  // namespace
}  // namespace signet::storage
