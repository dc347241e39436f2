// SPDX-License-Identifier: Apache-2.0
#include "storage/forwarding.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/faulty_store.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"

namespace signet::storage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Uuid kHome = SampleId(1);

// Names what is written after itself.
class NamingTxn final : public ForwardingWriteTxn {
 public:
  NamingTxn(WriteTxn& txn, std::string name)
      : ForwardingWriteTxn(txn), name_(std::move(name)) {}

 protected:
  absl::Status DoInsertServiceAccount(
      const ServiceAccountRecord& record) override {
    ServiceAccountRecord named = record;
    named.name += name_;
    return ForwardingWriteTxn::DoInsertServiceAccount(named);
  }

 private:
  const std::string name_;
};

class ForwardingTest : public testing::Test {
 protected:
  ForwardingTest() {
    EXPECT_THAT(WriteAndWait(store_,
                             [](WriteTxn& txn) {
                               return txn.EnsureAccount(kHome, SampleTime());
                             }),
                IsOk());
    store_.Subscribe(std::nullopt, [this](const ChangeNotice& notice) {
      told_.push_back(notice.changes);
    });
  }

  std::string NameOf(uint32_t number) {
    std::string name;
    EXPECT_THAT(
        ReadAndWait(store_,
                    [&](ReadTxn& engines) {
                      ForwardingReadTxn txn(engines);
                      name =
                          txn.GetServiceAccount(kHome, SampleId(number))->name;
                      return absl::OkStatus();
                    }),
        IsOk());
    return name;
  }

  FaultyStore store_;
  std::vector<TokenChanges> told_;
};

TEST_F(ForwardingTest, AChangeGoesThroughAllAndIsToldOnce) {
  EXPECT_THAT(WriteAndWait(store_,
                           [](WriteTxn& engines) {
                             NamingTxn inner(engines, "inner");
                             NamingTxn outer(inner, "outer");
                             ServiceAccountRecord record =
                                 SampleServiceAccount(kHome, 2);
                             record.name = "by ";
                             return outer.InsertServiceAccount(record);
                           }),
              IsOk());
  EXPECT_EQ(NameOf(2), "by outerinner");
  EXPECT_THAT(told_, ElementsAre(TokenChanges{{}, {SamplePublicId(2)}}));
}

TEST_F(ForwardingTest, AChangeThatFailsEndsAllOfThem) {
  EXPECT_THAT(
      WriteAndWait(
          store_,
          [](WriteTxn& engines) {
            ForwardingWriteTxn txn(engines);
            EXPECT_THAT(txn.DeleteServiceAccount(kHome, SampleId(9)),
                        StatusIs(absl::StatusCode::kNotFound));
            for (WriteTxn* any : {&engines, static_cast<WriteTxn*>(&txn)}) {
              EXPECT_THAT(
                  any->InsertServiceAccount(SampleServiceAccount(kHome, 2)),
                  StatusIs(absl::StatusCode::kNotFound));
            }
            return absl::OkStatus();
          }),
      StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ForwardingTest, ABodyThatRunsAgainIsToldOnce) {
  store_.run_bodies_twice = true;
  EXPECT_THAT(WriteAndWait(store_,
                           [](WriteTxn& txn) {
                             return txn.InsertServiceAccount(
                                 SampleServiceAccount(kHome, 2));
                           }),
              IsOk());
  EXPECT_THAT(told_, ElementsAre(TokenChanges{{}, {SamplePublicId(2)}}));
}

TEST_F(ForwardingTest, AStoreIsTheOneBehindIt) {
  ForwardingStore front(&store_);
  EXPECT_EQ(front.Health().state, StoreHealth::State::kServing);
  const auto lock = front.TryLock("task");
  EXPECT_NE(*lock, nullptr);
  EXPECT_EQ(*store_.TryLock("task"), nullptr);
  bool told = false;
  front.Subscribe(std::nullopt, [&](const ChangeNotice&) { told = true; });
  EXPECT_THAT(WriteAndWait(front,
                           [](WriteTxn& txn) {
                             return txn.InsertServiceAccount(
                                 SampleServiceAccount(kHome, 2));
                           }),
              IsOk());
  EXPECT_TRUE(told);
  EXPECT_EQ(NameOf(2), SampleServiceAccount(kHome, 2).name);
  front.Drain();
  EXPECT_EQ(front.Health().failure(), store_.Health().failure());
  EXPECT_FALSE(front.Health().failure().ok());
}

}  // namespace
}  // namespace signet::storage
