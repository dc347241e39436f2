// SPDX-License-Identifier: Apache-2.0
#include "base/version_clock.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace signet {
namespace {

VersionClock::Key KeyOf(uint32_t number) {
  VersionClock::Key key = {};
  for (int i = 0; i < 4; ++i) key[i] = number >> (8 * i) & 0xff;
  return key;
}

// Half a megabyte is too much for a stack.
std::unique_ptr<VersionClock> NewClock() {
  return std::make_unique<VersionClock>();
}

TEST(VersionClock, WhatIsReadBeforeAChangeIsNotFresh) {
  const auto clock = NewClock();
  const uint64_t before = clock->Now();
  EXPECT_TRUE(clock->IsFresh(KeyOf(1), before));
  clock->Touch(KeyOf(1));
  EXPECT_FALSE(clock->IsFresh(KeyOf(1), before));
  EXPECT_TRUE(clock->IsFresh(KeyOf(1), clock->Now()));
}

TEST(VersionClock, ChangesAreNumbered) {
  const auto clock = NewClock();
  for (uint64_t i = 1; i <= 5; ++i) {
    EXPECT_EQ(clock->Touch(KeyOf(7)), i);
    EXPECT_EQ(clock->Now(), i);
  }
}

TEST(VersionClock, AllCanBeTouchedAtOnce) {
  const auto clock = NewClock();
  clock->Touch(KeyOf(7));
  const uint64_t before = clock->Now();
  clock->TouchAll();
  for (uint32_t i = 0; i < 1000; ++i) {
    EXPECT_FALSE(clock->IsFresh(KeyOf(i), before));
    EXPECT_TRUE(clock->IsFresh(KeyOf(i), clock->Now()));
  }
}

// One in 65,536 groups per change.
TEST(VersionClock, OtherKeysStayFreshButForFew) {
  const auto clock = NewClock();
  const uint64_t before = clock->Now();
  for (uint32_t i = 0; i < 100; ++i) clock->Touch(KeyOf(i));
  int stale = 0;
  for (uint32_t i = 1000; i < 2000; ++i) {
    if (!clock->IsFresh(KeyOf(i), before)) ++stale;
  }
  EXPECT_LT(stale, 20);
}

// Of two at once the later number stands, whoever writes it down last.
TEST(VersionClock, TheLatestOfTwoAtOnceStands) {
  constexpr int kRounds = 20'000;
  const auto clock = NewClock();
  const VersionClock::Key key = KeyOf(1);
  std::atomic<int> arrived = 0;
  std::atomic<uint64_t> latest[2] = {};
  std::atomic<int> wrong = 0;
  const auto await = [&arrived](int count) {
    ++arrived;
    while (arrived < count) std::this_thread::yield();
  };
  const auto race = [&](int self) {
    for (int round = 0; round < kRounds; ++round) {
      await(6 * round + 2);
      latest[self] = clock->Touch(key);
      await(6 * round + 4);
      const uint64_t last = std::max<uint64_t>(latest[0], latest[1]);
      if (clock->IsFresh(key, last - 1)) ++wrong;
      await(6 * round + 6);
    }
  };
  std::thread other(race, 1);
  race(0);
  other.join();
  EXPECT_EQ(wrong, 0);
}

// A value that writers raise and then tell the clock of, as a store is written,
// and readers who believe what they remember.
TEST(VersionClock, NobodyBelievesWhatWasOverwrittenBeforeTheyAsked) {
  constexpr int kWriters = 2;
  constexpr int kKeys = 4;  // Contended.
  constexpr int kRounds = 20'000;
  const auto clock = NewClock();
  std::atomic<int> committed[kKeys] = {};
  std::atomic<int> acknowledged[kKeys] = {};
  std::atomic<int> writing = kWriters;
  constexpr int kReaders = 2;
  std::latch ready(kWriters + kReaders);

  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      ready.arrive_and_wait();
      for (int i = 0; i < kRounds; ++i) {
        const int key = (i + w) % kKeys;
        const int value = ++committed[key];
        clock->Touch(KeyOf(key));
        int known = acknowledged[key];
        while (known < value &&
               !acknowledged[key].compare_exchange_weak(known, value)) {
        }
      }
      --writing;
    });
  }
  std::atomic<int> wrong = 0;
  std::atomic<int64_t> believed = 0;
  for (int r = 0; r < kReaders; ++r) {
    threads.emplace_back([&] {
      ready.arrive_and_wait();
      int remembered[kKeys] = {};
      uint64_t read_at[kKeys] = {};
      // Twice more once all is written: what is read then is believed.
      for (int after = 0; after < 2;) {
        if (writing == 0) ++after;
        for (int key = 0; key < kKeys; ++key) {
          const int least = acknowledged[key];
          if (clock->IsFresh(KeyOf(key), read_at[key])) {
            ++believed;
            if (remembered[key] < least) ++wrong;
          } else {
            read_at[key] = clock->Now();
            remembered[key] = committed[key];
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(believed, 0);
  EXPECT_EQ(clock->Now(), uint64_t{kWriters} * kRounds);
}

}  // namespace
}  // namespace signet
