// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_queue.h"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/sample_records.h"

namespace signet::sqlite {
namespace {

using testing::ElementsAre;
using Pushed = ReadQueue::PushResult;
using Takes = ReadQueue::Takes;

constexpr ReadLimits kLimits = {
    .identifications = 3,
    .lookups = {.total = 8, .of_one_tenant = 4, .of_one_principal = 4},
    .scans = {.total = 4, .of_one_tenant = 2, .of_one_principal = 1}};

const WorkFor kSomebody = {.tenant_id = SampleId(1),
                           .principal_id = SampleId(11)};
const WorkFor kAnother = {.tenant_id = SampleId(2),
                          .principal_id = SampleId(21)};

class ReadQueueTest : public testing::Test {
 protected:
  Pushed Push(storage::ReadKind kind, const std::string& name,
              const WorkFor& work_for = kSomebody) {
    PendingRead read = {
        .body = nullptr,
        .done = [this, name](absl::Status) { names_.push_back(name); },
        .expired = nullptr};
    std::optional<PendingRead> pushed_out;
    return queue_.Push(work_for, kind, read, pushed_out);
  }
  // The names of the next reads.
  std::vector<std::string> Take(Takes takes, int count) {
    names_.clear();
    for (int i = 0; i < count; ++i) {
      std::optional<PendingRead> read = queue_.Take(takes);
      EXPECT_TRUE(read.has_value());
      if (read.has_value()) std::move(read->done)(absl::OkStatus());
    }
    return names_;
  }

  std::vector<std::string> names_;
  ReadQueue queue_{kLimits};
};

TEST_F(ReadQueueTest, ScansAndTheOthersAreTakenApart) {
  EXPECT_EQ(Push(storage::ReadKind::kScan, "scan"), Pushed::kAccepted);
  EXPECT_EQ(Push(storage::ReadKind::kLookup, "lookup"), Pushed::kAccepted);
  EXPECT_THAT(Take(Takes::kLookups, 1), ElementsAre("lookup"));
  EXPECT_THAT(Take(Takes::kScans, 1), ElementsAre("scan"));
}

TEST_F(ReadQueueTest, WhoTakesAllTakesScansLast) {
  Push(storage::ReadKind::kScan, "scan");
  Push(storage::ReadKind::kLookup, "lookup");
  Push(storage::ReadKind::kIdentify, "who");
  EXPECT_THAT(Take(Takes::kAll, 3), ElementsAre("who", "lookup", "scan"));
}

TEST_F(ReadQueueTest, WhoCallsAndWhatTheyAskAreServedByTurns) {
  for (const char* name : {"l1", "l2", "l3"})
    Push(storage::ReadKind::kLookup, name);
  for (const char* name : {"w1", "w2"})
    Push(storage::ReadKind::kIdentify, name, {});
  EXPECT_THAT(Take(Takes::kLookups, 5),
              ElementsAre("w1", "l1", "w2", "l2", "l3"));
}

TEST_F(ReadQueueTest, TenantsTakeTurns) {
  for (const char* name : {"a1", "a2", "a3"})
    Push(storage::ReadKind::kLookup, name);
  Push(storage::ReadKind::kLookup, "b1", kAnother);
  EXPECT_THAT(Take(Takes::kLookups, 4), ElementsAre("a1", "b1", "a2", "a3"));
}

TEST_F(ReadQueueTest, EachKindHasItsOwnBounds) {
  EXPECT_EQ(Push(storage::ReadKind::kScan, "s"), Pushed::kAccepted);
  EXPECT_EQ(Push(storage::ReadKind::kScan, "s"), Pushed::kFull);
  EXPECT_EQ(Push(storage::ReadKind::kScan, "s", kAnother), Pushed::kAccepted);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Push(storage::ReadKind::kLookup, "l"), Pushed::kAccepted);
  }
  EXPECT_EQ(Push(storage::ReadKind::kLookup, "l"), Pushed::kFull);
  EXPECT_EQ(Push(storage::ReadKind::kLookup, "l", kAnother), Pushed::kAccepted);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Push(storage::ReadKind::kIdentify, "w", {}), Pushed::kAccepted);
  }
  EXPECT_EQ(Push(storage::ReadKind::kIdentify, "w", {}), Pushed::kFull);
}

TEST_F(ReadQueueTest, TakeWaitsForAReadOfItsKind) {
  std::thread taker(
      [this] { EXPECT_THAT(Take(Takes::kScans, 1), ElementsAre("scan")); });
  Push(storage::ReadKind::kLookup, "lookup");
  Push(storage::ReadKind::kScan, "scan");
  taker.join();
}

TEST_F(ReadQueueTest, WhoTakesAllIsWokenByAnyKind) {
  for (const storage::ReadKind kind :
       {storage::ReadKind::kScan, storage::ReadKind::kLookup,
        storage::ReadKind::kIdentify}) {
    std::thread taker(
        [this] { EXPECT_THAT(Take(Takes::kAll, 1), ElementsAre("any")); });
    EXPECT_EQ(Push(kind, "any"), Pushed::kAccepted);
    taker.join();
  }
}

// Nobody is woken for it, since the thread itself comes back.
TEST_F(ReadQueueTest, WhatATakerPushesIsNotForgotten) {
  Push(storage::ReadKind::kLookup, "first");
  EXPECT_THAT(Take(Takes::kLookups, 1), ElementsAre("first"));
  Push(storage::ReadKind::kLookup, "second");
  Push(storage::ReadKind::kLookup, "third");
  EXPECT_THAT(Take(Takes::kLookups, 2), ElementsAre("second", "third"));
}

TEST_F(ReadQueueTest, CloseGivesBackWhatWaitsAndWakesEverybody) {
  Push(storage::ReadKind::kScan, "s");
  Push(storage::ReadKind::kIdentify, "w", {});
  Push(storage::ReadKind::kLookup, "l");
  EXPECT_EQ(queue_.Close().size(), 3u);
  EXPECT_EQ(Push(storage::ReadKind::kLookup, "late"), Pushed::kClosed);
  for (const Takes takes : {Takes::kLookups, Takes::kScans, Takes::kAll}) {
    EXPECT_FALSE(queue_.Take(takes).has_value());
  }
  EXPECT_TRUE(queue_.Close().empty());
}

TEST_F(ReadQueueTest, CloseEndsTheWait) {
  std::vector<std::thread> takers;
  for (const Takes takes : {Takes::kLookups, Takes::kScans, Takes::kAll}) {
    takers.emplace_back(
        [this, takes] { EXPECT_FALSE(queue_.Take(takes).has_value()); });
  }
  queue_.Close();
  for (std::thread& taker : takers) taker.join();
}

}  // namespace
}  // namespace signet::sqlite
