// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/conformance/store_conformance.h"

namespace signet::storage {
namespace {

using testing::ElementsAre;

TEST_P(StoreConformance, AListingHoldsWhatMeetsEveryCondition) {
  ASSERT_THAT(EnsureAccount(account_), IsOk());
  const auto insert = [&](uint32_t number,
                          std::function<void(ServiceAccountRecord&)> change) {
    ServiceAccountRecord record = SampleServiceAccount(account_, number);
    record.name = "plain";
    change(record);
    ASSERT_THAT(Insert(record), IsOk());
  };
  insert(10, [](auto&) {});
  insert(11, [](auto& r) { r.revoked_at = SampleTime(); });
  insert(12, [](auto& r) { r.enabled = false; });
  insert(13, [](auto& r) { r.token.expires_at = SampleTime(5); });
  insert(14, [](auto& r) {
    r.token.expires_at = SampleTime(5) + absl::Nanoseconds(1);
  });
  insert(15, [](auto& r) {
    r.revoked_at = SampleTime(99);
    r.enabled = false;
    r.token.expires_at = SampleTime(1);
  });
  insert(16, [](auto& r) {
    r.enabled = false;
    r.token.expires_at = SampleTime(1);
  });
  insert(17, [](auto& r) { r.last_used_at = SampleTime(3); });
  insert(18, [](auto& r) { r.name = std::string("pl\0ain", 6); });
  insert(19, [](auto& r) { r.name = "Plain"; });
  insert(20, [](auto& r) { r.created_at = SampleTime(4); });

  const auto list = [&](std::function<void(ServiceAccountFilter&)> restrict) {
    ServiceAccountQuery query{.account_id = account_,
                              .filter = {.now = SampleTime(5)},
                              .descending = false,
                              .limit = 99,
                              .scan_limit = 99};
    restrict(query.filter);
    const absl::StatusOr<ServiceAccountPage> page = List(query);
    EXPECT_THAT(page, IsOk());
    std::vector<uint32_t> numbers;
    for (const auto& record : page->records) {
      numbers.push_back(record.id.bytes()[15]);
    }
    return numbers;
  };
  using State = ServiceAccountState;
  const auto with_revoked = [](auto& f) { f.include_revoked = true; };
  EXPECT_THAT(list([](auto&) {}),
              ElementsAre(10, 12, 13, 14, 16, 17, 18, 19, 20));
  EXPECT_EQ(list(with_revoked).size(), 11u);
  EXPECT_THAT(list([](auto& f) { f.state = State::kActive; }),
              ElementsAre(10, 14, 17, 18, 19, 20));
  EXPECT_THAT(list([](auto& f) { f.state = State::kExpired; }),
              ElementsAre(13));
  EXPECT_THAT(list([](auto& f) { f.state = State::kDisabled; }),
              ElementsAre(12, 16));
  EXPECT_THAT(list([&](auto& f) {
                with_revoked(f);
                f.state = State::kRevoked;
              }),
              ElementsAre(11, 15));
  EXPECT_THAT(list([](auto& f) { f.state = State::kRevoked; }), ElementsAre());
  EXPECT_THAT(list([](auto& f) { f.name_prefix = "pl"; }),
              ElementsAre(10, 12, 13, 14, 16, 17, 18, 20));
  EXPECT_THAT(list([](auto& f) { f.name_prefix = std::string("pl\0", 3); }),
              ElementsAre(18));
  EXPECT_THAT(list([](auto& f) { f.name_prefix = "plain "; }), ElementsAre());
  EXPECT_THAT(list([](auto& f) {
                f.expires_before = SampleTime(5) + absl::Nanoseconds(1);
              }),
              ElementsAre(13, 16));
  EXPECT_THAT(list([](auto& f) { f.unused_since = SampleTime(3); }),
              ElementsAre(10, 12, 13, 14, 16, 18, 19));
  EXPECT_THAT(list([](auto& f) {
                f.unused_since = SampleTime(4) + absl::Nanoseconds(1);
                f.state = State::kActive;
                f.name_prefix = "plain";
              }),
              ElementsAre(10, 14, 17, 20));
}

TEST(StateOf, IsTheFirstThatApplies) {
  ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 10);
  EXPECT_EQ(StateOf(record, absl::InfiniteFuture()),
            ServiceAccountState::kActive);
  record.token.expires_at = SampleTime(5);
  EXPECT_EQ(StateOf(record, SampleTime(5) - absl::Nanoseconds(1)),
            ServiceAccountState::kActive);
  EXPECT_EQ(StateOf(record, SampleTime(5)), ServiceAccountState::kExpired);
  record.enabled = false;
  EXPECT_EQ(StateOf(record, SampleTime(5)), ServiceAccountState::kDisabled);
  record.revoked_at = SampleTime(99);
  EXPECT_EQ(StateOf(record, SampleTime(5)), ServiceAccountState::kRevoked);
}

}  // namespace
}  // namespace signet::storage
