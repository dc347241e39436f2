// SPDX-License-Identifier: Apache-2.0
#include "base/sharded_cache.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace signet {
namespace {

using Cache = ShardedCache<int, std::string>;

constexpr size_t kAny = size_t{1} << 30;

int CountFound(Cache& cache, int from, int until) {
  int found = 0;
  for (int i = from; i < until; ++i) found += cache.Find(i).has_value();
  return found;
}

TEST(ShardedCache, FindsWhatWasPut) {
  Cache cache(1000, kAny);
  EXPECT_EQ(cache.Find(1), std::nullopt);
  cache.Put(1, "one", 10);
  cache.Put(2, "two", 20);
  EXPECT_EQ(cache.Find(1), "one");
  EXPECT_EQ(cache.Find(2), "two");
  EXPECT_EQ(cache.entries(), 2u);
  EXPECT_EQ(cache.weight(), 30u);
}

TEST(ShardedCache, PutReplaces) {
  Cache cache(1000, kAny);
  cache.Put(1, "one", 10);
  cache.Put(1, "another", 15);
  EXPECT_EQ(cache.Find(1), "another");
  EXPECT_EQ(cache.entries(), 1u);
  EXPECT_EQ(cache.weight(), 15u);
}

TEST(ShardedCache, ErasesAndClears) {
  Cache cache(6400, kAny);
  for (int i = 0; i < 100; ++i) cache.Put(i, std::to_string(i), 1);
  cache.Erase(3);
  cache.Erase(3);
  cache.Erase(1000);
  EXPECT_EQ(cache.Find(3), std::nullopt);
  EXPECT_EQ(cache.entries(), 99u);
  EXPECT_EQ(cache.weight(), 99u);
  for (int i = 4; i < 100; ++i) EXPECT_EQ(cache.Find(i), std::to_string(i));
  cache.Clear();
  EXPECT_EQ(cache.entries(), 0u);
  EXPECT_EQ(cache.weight(), 0u);
  EXPECT_EQ(CountFound(cache, 0, 100), 0);
  cache.Put(3, "again", 1);
  EXPECT_EQ(cache.Find(3), "again");
}

TEST(ShardedCache, KeepsNothingWithoutRoom) {
  Cache none(0, kAny);
  none.Put(1, "one", 1);
  EXPECT_EQ(none.Find(1), std::nullopt);

  Cache light(6400, 640);  // A shard may hold 10.
  light.Put(1, "one", 10);
  EXPECT_EQ(light.Find(1), "one");
  light.Put(1, "heavier", 11);
  EXPECT_EQ(light.Find(1), std::nullopt) << "the old value would be wrong";
  EXPECT_EQ(light.weight(), 0u);
}

TEST(ShardedCache, HoldsAtMostSoManyEntries) {
  Cache cache(640, kAny);
  for (int i = 0; i < 10'000; ++i) {
    cache.Put(i, std::to_string(i), 1);
    ASSERT_LE(cache.entries(), 640u);
  }
  EXPECT_EQ(cache.entries(), 640u) << "every shard is full";
  EXPECT_EQ(CountFound(cache, 0, 10'000), 640);
}

TEST(ShardedCache, HoldsAtMostSoMuch) {
  Cache cache(100'000, 64 * 100);
  for (int i = 0; i < 10'000; ++i) {
    cache.Put(i, std::to_string(i), 1 + i % 40);
    ASSERT_LE(cache.weight(), 64u * 100);
  }
  EXPECT_GT(cache.weight(), 64u * 50);
  EXPECT_EQ(CountFound(cache, 0, 10'000), static_cast<int>(cache.entries()));
}

// What is asked for stays while ten times as much passes through.
TEST(ShardedCache, AScanPushesOutWhatIsNotInUse) {
  Cache cache(6400, kAny);
  for (int i = 0; i < 1000; ++i) cache.Put(i, "in use", 1);
  for (int scanned = 100'000; scanned < 164'000; ++scanned) {
    cache.Put(scanned, "once", 1);
    if (scanned % 1000 == 0) {
      ASSERT_EQ(CountFound(cache, 0, 1000), 1000) << scanned;
    }
  }
  EXPECT_EQ(cache.entries(), 6400u);
}

// What nobody asks for any more makes room, even for keys that are found only
// once in a while.
TEST(ShardedCache, WhatIsInUseTakesThePlaceOfWhatIsNot) {
  Cache cache(6400, kAny);
  for (int dead = 100'000; dead < 110'000; ++dead) cache.Put(dead, "dead", 1);
  constexpr int kInUse = 3200;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < kInUse; ++i) {
      if (!cache.Find(i).has_value()) cache.Put(i, "in use", 1);
    }
  }
  EXPECT_EQ(CountFound(cache, 0, kInUse), kInUse);
}

TEST(ShardedCache, TheLargestBoundsAreNone) {
  Cache cache(SIZE_MAX, SIZE_MAX);
  for (int i = 0; i < 1000; ++i) cache.Put(i, std::to_string(i), 1);
  EXPECT_EQ(CountFound(cache, 0, 1000), 1000);
}

// Shared with a shared_ptr, a use after free would show under ASan.
TEST(ShardedCache, IsSafeForThreads) {
  using Shared = ShardedCache<int, std::shared_ptr<const int>>;
  Shared cache(256, 256 * 8);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20'000; ++i) {
        const int key = (i * 7 + t) % 500;
        switch (i % 8) {
          case 0:
            cache.Put(key, std::make_shared<const int>(key), 1 + key % 8);
            break;
          case 1:
            cache.Erase(key);
            break;
          default:
            if (const auto found = cache.Find(key); found && **found != key) {
              ++wrong;
            }
        }
        if (i % 5000 == 4999) cache.Clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(cache.entries(), 256u);
  EXPECT_LE(cache.weight(), 256u * 8);
}

}  // namespace
}  // namespace signet
