// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using testing::ElementsAre;

constexpr ServiceAccountOrder kOrders[] = {ServiceAccountOrder::kCreated,
                                           ServiceAccountOrder::kName,
                                           ServiceAccountOrder::kLastUsed};

std::vector<uint32_t> Numbers(const ServiceAccountPage& page) {
  std::vector<uint32_t> numbers;
  for (const auto& record : page.records) {
    numbers.push_back(record.id.bytes()[15]);
  }
  return numbers;
}

// What queries.h says of the orders, in the plainest way.
void Sort(std::vector<ServiceAccountRecord>& records, ServiceAccountOrder order,
          bool descending) {
  std::sort(records.begin(), records.end(), [&](const auto& a, const auto& b) {
    const auto key = [&](const ServiceAccountRecord& r) {
      return std::tuple(order == ServiceAccountOrder::kName ? r.name : "",
                        order == ServiceAccountOrder::kLastUsed
                            ? r.last_used_at.value_or(absl::InfinitePast())
                            : absl::Time(),
                        r.id);
    };
    return descending ? key(b) < key(a) : key(a) < key(b);
  });
}

TEST_P(StoreConformance, PagesPartitionAListingInEveryOrderAndDirection) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string names[] = {
      "a",       std::string("a\0", 2), "a ",  "ab", "A", "\u00e9",
      "e\u0301", "\U0001F511",          "\x7f"};
  std::vector<ServiceAccountRecord> all;
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                all.clear();
                for (uint32_t i = 0; i < 120; ++i) {
                  ServiceAccountRecord record = SampleServiceAccount(
                      i % 6 == 0 ? other_account_ : account_,
                      random() % 100000 * 200 + i);
                  record.name = names[random() % std::size(names)];
                  if (random() % 2 == 0) {
                    record.last_used_at = SampleTime(random() % 5);
                  }
                  if (random() % 4 == 0) record.revoked_at = SampleTime();
                  absl::Status s = txn.InsertServiceAccount(record);
                  if (!s.ok()) return s;
                  if (record.account_id == account_) all.push_back(record);
                }
                return absl::OkStatus();
              }),
              IsOk());
  for (const ServiceAccountOrder order : kOrders) {
    for (const bool descending : {false, true}) {
      ServiceAccountQuery query{.account_id = account_,
                                .filter = {.now = SampleTime()},
                                .order = order,
                                .descending = descending};
      query.filter.include_revoked = random() % 2 == 0;
      Sort(all, order, descending);
      size_t looked_at = 0;
      do {
        query.limit = 1 + random() % 20;
        query.scan_limit = 1 + random() % 20;
        const absl::StatusOr<ServiceAccountPage> page = List(query);
        ASSERT_THAT(page, IsOk());
        std::vector<ServiceAccountRecord> expected;
        const size_t begin = looked_at;
        while (looked_at < all.size() &&
               static_cast<int>(looked_at - begin) < query.scan_limit &&
               static_cast<int>(expected.size()) < query.limit) {
          const ServiceAccountRecord& record = all[looked_at++];
          if (query.filter.Matches(record)) expected.push_back(record);
        }
        ASSERT_EQ(page->records, expected);
        ASSERT_EQ(page->next.has_value(), looked_at < all.size());
        if (page->next.has_value()) {
          EXPECT_EQ(page->next->id, all[looked_at - 1].id);
        }
        query.after = page->next;
      } while (query.after.has_value());
      EXPECT_EQ(looked_at, all.size());
    }
  }
}

// Of every listing, which all come through `list` and count their rows.
template <typename Query, typename List>
void ExpectBoundedInBytes(Query query, int64_t of_one, List list) {
  query.limit = query.scan_limit = 100;
  const auto rows = [&](int64_t byte_limit, int64_t scan_byte_limit) {
    query.byte_limit = byte_limit;
    query.scan_byte_limit = scan_byte_limit;
    const auto page = list(query);
    EXPECT_THAT(page, IsOk());
    EXPECT_EQ(page->next.has_value(), page->records.size() < 5);
    return page->records.size();
  };
  EXPECT_EQ(rows(INT64_MAX, INT64_MAX), 5u);
  EXPECT_EQ(rows(5 * of_one, INT64_MAX), 5u);
  EXPECT_EQ(rows(2 * of_one, INT64_MAX), 2u);
  EXPECT_EQ(rows(2 * of_one + 1, INT64_MAX), 3u) << "the row that reaches it";
  EXPECT_EQ(rows(1, INT64_MAX), 1u) << "one in any case";
  EXPECT_EQ(rows(INT64_MAX, 3 * of_one), 3u);
  EXPECT_EQ(rows(INT64_MAX, 1), 1u);
}

TEST_P(StoreConformance, APageIsBoundedInBytes) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                absl::Status status;
                for (uint32_t i = 1; i <= 5; ++i) {
                  ServiceAccountRecord record =
                      SampleServiceAccount(account_, i);
                  record.labels = {{"wide", std::string(8000, 'x')}};
                  status.Update(txn.InsertServiceAccount(record));
                  status.Update(txn.InsertAuthorization(SampleCapability(
                      account_, 10 + i,
                      {SubjectType::kUser, std::string(200, 'a' + i)})));
                  AuditEventRecord event = SampleAuditEvent(account_, i);
                  event.details = std::string(900, 'x');
                  status.Update(txn.InsertAuditEvent(event));
                }
                return status;
              }),
              IsOk());
  const auto list = [this](const auto& query) { return List(query); };
  ServiceAccountQuery accounts{.account_id = account_,
                               .filter = {.now = SampleTime()}};
  accounts.limit = accounts.scan_limit = 1;
  const int64_t of_account = BytesOf(List(accounts)->records[0]);
  EXPECT_GT(of_account, 8000);
  for (const ServiceAccountOrder order : kOrders) {
    accounts.order = order;
    ExpectBoundedInBytes(accounts, of_account, list);
  }
  AuthorizationQuery grants{.account_id = account_};
  grants.limit = grants.scan_limit = 1;
  const int64_t of_grant = BytesOf(List(grants)->records[0]);
  EXPECT_GT(of_grant, 200);
  ExpectBoundedInBytes(grants, of_grant, list);
  AuditQuery events{.account_id = account_};
  events.limit = events.scan_limit = 1;
  const int64_t of_event = BytesOf(List(events)->records[0]);
  EXPECT_GT(of_event, 900);
  ExpectBoundedInBytes(events, of_event, list);
}

// What a filter leaves out was looked at too.
TEST_P(StoreConformance, APageOfWhatIsLeftOutIsBoundedInBytes) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  for (uint32_t i = 1; i <= 5; ++i) {
    ServiceAccountRecord record = SampleServiceAccount(account_, i);
    record.name = i == 1 ? "wanted" : "other";
    ASSERT_THAT(Insert(record), IsOk());
  }
  ServiceAccountQuery query{
      .account_id = account_,
      .filter = {.name_prefix = "wanted", .now = SampleTime()},
      .limit = 10,
      .scan_limit = 10,
      .scan_byte_limit = 1};
  int pages = 0;
  std::vector<uint32_t> found;
  do {
    const auto page = List(query);
    ASSERT_THAT(page, IsOk());
    for (const uint32_t number : Numbers(*page)) found.push_back(number);
    query.after = page->next;
    ++pages;
  } while (query.after.has_value());
  EXPECT_EQ(pages, 5);
  EXPECT_THAT(found, ElementsAre(1));
}

// Wherever it begins.
TEST_P(StoreConformance, InOrderOfNameOthersAreNotEvenLookedAt) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const char* const kNames[] = {"a",     "bo",   "bot",     "bot-1", "bot-1",
                                "bot-2", "bot.", "bot\xff", "bou",   "c"};
  const std::pair<std::string, size_t> kPrefixes[] = {
      {"bot", 6}, {"bot-", 3}, {"bot\xff", 1}, {"\xff", 0}, {"", 10}};
  uint32_t number = 1;
  for (const char* name : kNames) {
    ServiceAccountRecord record = SampleServiceAccount(account_, number++);
    record.name = name;
    ASSERT_THAT(Insert(record), IsOk());
  }
  for (const bool descending : {false, true}) {
    for (const auto& [prefix, count] : kPrefixes) {
      ServiceAccountQuery query{
          .account_id = account_,
          .filter = {.name_prefix = prefix, .now = SampleTime()},
          .order = ServiceAccountOrder::kName,
          .descending = descending,
          .limit = 99,
          .scan_limit = static_cast<int>(count)};
      auto page = List(query);
      ASSERT_THAT(page, IsOk());
      EXPECT_THAT(page->records, testing::SizeIs(count));
      EXPECT_EQ(page->next, std::nullopt);
      // From before the first of them, and from behind the last.
      for (const char* from : {"a", "c"}) {
        query.after = {.id = SampleId(5), .name = from};
        page = List(query);
        ASSERT_THAT(page, IsOk());
        const bool before = (std::string(from) == "a") != descending;
        if (prefix.empty()) continue;
        EXPECT_THAT(page->records, testing::SizeIs(before ? count : 0));
      }
    }
  }
}

TEST_P(StoreConformance, AListingOfNothingIsEmpty) {
  for (const ServiceAccountOrder order : kOrders) {
    for (const bool descending : {false, true}) {
      const auto page =
          List(ServiceAccountQuery{.account_id = account_,
                                   .filter = {.now = SampleTime()},
                                   .order = order,
                                   .descending = descending,
                                   .limit = 1,
                                   .scan_limit = 1});
      ASSERT_THAT(page, IsOk());
      EXPECT_THAT(page->records, testing::IsEmpty());
      EXPECT_EQ(page->next, std::nullopt);
    }
  }
}

// The row that a position names may be gone, or lie elsewhere by now.
TEST_P(StoreConformance, APageBeginsWhereARowWasThatIsNotThereAnyMore) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  for (const uint32_t i : {10, 11, 12, 13}) {
    ServiceAccountRecord record = SampleServiceAccount(account_, i);
    if (i > 10) record.last_used_at = SampleTime(i);
    ASSERT_THAT(Insert(record), IsOk());
  }
  for (const ServiceAccountOrder order : kOrders) {
    ServiceAccountQuery query{.account_id = account_,
                              .filter = {.now = SampleTime()},
                              .order = order,
                              .descending = false,
                              .limit = 2,
                              .scan_limit = 9};
    const auto first = List(query);
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(Numbers(*first), ElementsAre(10, 11));
    ASSERT_THAT(Delete(account_, SampleId(11)), IsOk());
    query.after = first->next;
    EXPECT_THAT(Numbers(*List(query)), ElementsAre(12, 13));
    query.descending = true;
    EXPECT_THAT(Numbers(*List(query)), ElementsAre(10));
    ServiceAccountRecord again = SampleServiceAccount(account_, 11);
    again.last_used_at = SampleTime(11);
    ASSERT_THAT(Insert(again), IsOk());
  }
}

TEST_P(StoreConformance,
       APageThatIsFullOrHasLookedEnoughHasANextIfMoreFollows) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  for (const uint32_t i : {10, 11, 12}) {
    ServiceAccountRecord record = SampleServiceAccount(account_, i);
    if (i == 11) record.revoked_at = SampleTime();
    ASSERT_THAT(Insert(record), IsOk());
  }
  const auto list = [&](int limit, int scan_limit) {
    return *List(ServiceAccountQuery{.account_id = account_,
                                     .filter = {.now = SampleTime()},
                                     .limit = limit,
                                     .scan_limit = scan_limit});
  };
  // Newest first: 12, 11 (revoked), 10.
  EXPECT_EQ(list(1, 9).next->id, SampleId(12));
  EXPECT_THAT(Numbers(list(9, 2)), ElementsAre(12));
  EXPECT_EQ(list(9, 2).next->id, SampleId(11));
  EXPECT_THAT(Numbers(list(2, 3)), ElementsAre(12, 10));
  EXPECT_EQ(list(2, 3).next, std::nullopt);
  EXPECT_EQ(list(9, 3).next, std::nullopt);
}

TEST_P(StoreConformance, AListingFollowsChangesOfItsKeys) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  std::vector<ServiceAccountRecord> records;
  for (const uint32_t i : {10, 11, 12}) {
    records.push_back(SampleServiceAccount(account_, i));
    ASSERT_THAT(Insert(records.back()), IsOk());
  }
  records[0].name = "z";
  ASSERT_THAT(Update(records[0]), IsOk());
  ASSERT_THAT(Replace(WithToken(records[1], 20), SampleTime(1)), IsOk());
  ASSERT_THAT(Write([&](WriteTxn& txn) {
                const LastUse use = {account_, SampleId(11), SampleTime(1)};
                return txn.TouchLastUsed({&use, 1});
              }),
              IsOk());
  const auto list = [&](ServiceAccountOrder order) {
    return Numbers(*List(ServiceAccountQuery{.account_id = account_,
                                             .filter = {.now = SampleTime()},
                                             .order = order,
                                             .limit = 9,
                                             .scan_limit = 9}));
  };
  EXPECT_THAT(list(ServiceAccountOrder::kCreated), ElementsAre(12, 11, 10));
  EXPECT_THAT(list(ServiceAccountOrder::kName), ElementsAre(10, 12, 11));
  EXPECT_THAT(list(ServiceAccountOrder::kLastUsed), ElementsAre(11, 12, 10));
}

TEST_P(StoreConformance, PagesPartitionAnAccountsAuthorizations) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  ASSERT_THAT(EnsureAccount(other_account_), IsOk());
  std::vector<AuthorizationRecord> all;
  for (uint32_t i = 50; i > 10; --i) {
    AuthorizationRecord record = SampleCapability(
        i % 5 == 0 ? other_account_ : account_, i,
        {i % 2 ? SubjectType::kUser : SubjectType::kGroup, i % 3 ? "u" : "v"});
    record.capability_key = i % 4 ? "auth.manage" : "account.view";
    record.resource_id = SampleId(i);  // So that none is another's like.
    if (i % 7 == 0) record.revoked_at = SampleTime();
    ASSERT_THAT(Insert(record), IsOk());
    if (record.account_id == account_) all.push_back(record);
  }
  const auto pages = [&](AuthorizationQuery query) {
    query.account_id = account_;
    std::vector<AuthorizationRecord> listed;
    do {
      const absl::StatusOr<AuthorizationPage> page = List(query);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      EXPECT_LE(static_cast<int>(page->records.size()), query.limit);
      listed.insert(listed.end(), page->records.begin(), page->records.end());
      query.after = page->next;
    } while (query.after.has_value());
    return listed;
  };
  AuthorizationQuery queries[6];
  queries[0].include_revoked = true;
  queries[2].subject_type = SubjectType::kGroup;
  queries[3].subject_id = "v";
  queries[4].grant_kind = GrantKind::kAccountOwner;
  queries[5].capability_key = "account.view";
  for (AuthorizationQuery& query : queries) {
    query.account_id = account_;
    std::vector<AuthorizationRecord> expected;
    for (const auto& record : all) {
      if (query.Matches(record)) expected.push_back(record);
    }
    for (const int scan_limit : {1, 3, 100}) {
      for (const int limit : {1, 2, 100}) {
        query.limit = limit;
        query.scan_limit = scan_limit;
        EXPECT_EQ(pages(query), expected);
      }
    }
  }
}

TEST_P(StoreConformance, AnAuthorizationIsGotAndRevokedInItsAccountOnly) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const Subject subject = {SubjectType::kUser, "u"};
  AuthorizationRecord record = SampleCapability(account_, 10, subject);
  ASSERT_THAT(Insert(record), IsOk());
  const auto get = [&](const Uuid& account_id, uint32_t number) {
    return Ask([&](ReadTxn& txn) {
      return txn.GetAuthorization(account_id, SampleId(number));
    });
  };
  const auto revoke = [&](const Uuid& account_id, uint32_t number,
                          absl::Time at) {
    return Write([&](WriteTxn& txn) {
      return txn.RevokeAuthorization(account_id, SampleId(number), at, {});
    });
  };
  EXPECT_THAT(get(account_, 10), IsOkAndHolds(record));
  EXPECT_THAT(get(other_account_, 10), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(get(account_, 11), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(revoke(other_account_, 10, SampleTime()),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(revoke(account_, 11, SampleTime()),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(revoke(account_, 10, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(Held({subject}, account_), IsOkAndHolds(ElementsAre(record)));

  record.revoked_at = SampleTime(1);
  EXPECT_THAT(revoke(account_, 10, SampleTime(1)), IsOk());
  EXPECT_THAT(revoke(account_, 10, SampleTime(2)), IsOk());
  EXPECT_THAT(get(account_, 10), IsOkAndHolds(record));
  EXPECT_THAT(Held({subject}, account_), IsOkAndHolds(testing::IsEmpty()));
}

TEST_P(StoreConformance, AnAccountIsThereOnceEnsured) {
  const auto has = [&](const Uuid& id) {
    return Ask([&](ReadTxn& txn) { return txn.HasAccount(id); });
  };
  EXPECT_THAT(has(account_), IsOkAndHolds(false));
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  EXPECT_THAT(has(account_), IsOkAndHolds(true));
  EXPECT_THAT(has(other_account_), IsOkAndHolds(false));
}

}  // namespace
}  // namespace signet::storage
