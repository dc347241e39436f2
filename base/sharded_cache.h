// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_SHARDED_CACHE_H_
#define SIGNET_BASE_SHARDED_CACHE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/synchronization/mutex.h"

namespace signet {

// A map of bounded size that forgets what is not asked for. Thread-safe: a key
// belongs to one of kShards parts, each with a short lock of its own.
//
// Eviction is CLOCK, which comes near to least recently used at the cost of one
// bit: what was found since the hand last passed stays for another round, so a
// scan over many keys does not push out those in use. A new key has
// about a round to be found in.
template <typename Key, typename Value>
class ShardedCache {
 public:
  static constexpr size_t kShards = 64;

  // Holds at most `max_entries` entries, whose weights add up to at most
  // `max_weight`. Both are divided evenly among the shards, and rounded up to a
  // multiple of their number. 0 entries: nothing is ever kept.
  ShardedCache(size_t max_entries, size_t max_weight)
      : shard_entries_(ShareOf(max_entries)),
        shard_weight_(ShareOf(max_weight)) {}
  ShardedCache(const ShardedCache&) = delete;
  ShardedCache& operator=(const ShardedCache&) = delete;

  // A copy of the value; nullopt if it is not there.
  std::optional<Value> Find(const Key& key) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mutex);
    const auto found = shard.index.find(key);
    if (found == shard.index.end()) return std::nullopt;
    Slot& slot = shard.slots[found->second];
    slot.found = true;
    return slot.value;
  }

  // Inserts or replaces. `weight` is in the unit of the limit. What weighs more
  // than a shard may hold is not kept.
  void Put(const Key& key, Value value, size_t weight) {
    if (shard_entries_ == 0 || weight > shard_weight_) return Erase(key);
    Shard& shard = ShardOf(key);
    // Destroyed after the lock is given back.
    std::vector<Value> evicted;
    absl::MutexLock lock(&shard.mutex);
    if (const auto found = shard.index.find(key); found != shard.index.end()) {
      evicted.push_back(RemoveAt(shard, found->second));
    }
    while (shard.slots.size() >= shard_entries_ ||
           shard.weight + weight > shard_weight_) {
      evicted.push_back(RemoveAt(shard, NextVictim(shard)));
      // Past the one that took its place, the youngest.
      ++shard.hand;
    }
    shard.index.emplace(key, static_cast<uint32_t>(shard.slots.size()));
    shard.slots.push_back({.key = key,
                           .value = std::move(value),
                           .weight = weight,
                           .found = false});
    shard.weight += weight;
  }

  void Erase(const Key& key) {
    Shard& shard = ShardOf(key);
    std::optional<Value> erased;
    absl::MutexLock lock(&shard.mutex);
    const auto found = shard.index.find(key);
    if (found != shard.index.end()) {
      erased.emplace(RemoveAt(shard, found->second));
    }
  }

  void Clear() {
    for (Shard& shard : shards_) {
      std::deque<Slot> slots;
      absl::MutexLock lock(&shard.mutex);
      slots.swap(shard.slots);
      shard.index.clear();
      shard.weight = 0;
      shard.hand = 0;
    }
  }

  size_t entries() const {
    size_t sum = 0;
    for (const Shard& shard : shards_) {
      absl::MutexLock lock(&shard.mutex);
      sum += shard.slots.size();
    }
    return sum;
  }

  size_t weight() const {
    size_t sum = 0;
    for (const Shard& shard : shards_) {
      absl::MutexLock lock(&shard.mutex);
      sum += shard.weight;
    }
    return sum;
  }

 private:
  struct Slot {
    Key key;
    Value value;
    size_t weight;
    bool found;  // Since the hand last passed.
  };
  struct alignas(64) Shard {
    mutable absl::Mutex mutex;
    absl::flat_hash_map<Key, uint32_t> index ABSL_GUARDED_BY(mutex);
    std::deque<Slot> slots ABSL_GUARDED_BY(mutex);
    size_t weight ABSL_GUARDED_BY(mutex) = 0;
    size_t hand ABSL_GUARDED_BY(mutex) = 0;
  };

  static size_t ShareOf(size_t whole) {
    return whole / kShards + (whole % kShards == 0 ? 0 : 1);
  }

  // By the highest bits: a shard's own table goes by the lowest.
  Shard& ShardOf(const Key& key) {
    return shards_[absl::HashOf(key) >> (8 * sizeof(size_t) - 6)];
  }

  static size_t NextVictim(Shard& shard)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    while (true) {
      if (shard.hand >= shard.slots.size()) shard.hand = 0;
      Slot& slot = shard.slots[shard.hand];
      if (!slot.found) return shard.hand;
      slot.found = false;
      ++shard.hand;
    }
  }

  // The last slot takes the place of the one that goes.
  static Value RemoveAt(Shard& shard, size_t at)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mutex) {
    Slot& slot = shard.slots[at];
    Value value = std::move(slot.value);
    shard.weight -= slot.weight;
    shard.index.erase(slot.key);
    if (at + 1 != shard.slots.size()) {
      slot = std::move(shard.slots.back());
      shard.index[slot.key] = static_cast<uint32_t>(at);
    }
    shard.slots.pop_back();
    return value;
  }

  const size_t shard_entries_;
  const size_t shard_weight_;
  std::array<Shard, kShards> shards_;
};

}  // namespace signet

#endif  // SIGNET_BASE_SHARDED_CACHE_H_
