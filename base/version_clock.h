// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_VERSION_CLOCK_H_
#define SIGNET_BASE_VERSION_CLOCK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/hash/hash.h"
#include "base/uuid.h"

namespace signet {

// Tells whether what was read some time ago is still true. It counts changes
// and keeps, for each of many groups of keys, the number of the latest that
// touched one of the group. To forget everything about a key takes one store,
// whoever remembers what; a key that shares its group is read again for
// nothing, once. Thread-safe, without a lock.
//
// Who remembers takes Now() before the read begins, and may believe what was
// read as long as IsFresh(key, that). Who changes something calls Touch(key)
// after the commit and before the acknowledgement. Either the read began after
// the Touch, so it saw the change, or what it gave is not fresh.
class VersionClock {
 public:
  using Key = std::array<uint8_t, 16>;  // A UUID, or a token's public id.

  uint64_t Now() const { return now_.load(std::memory_order_acquire); }

  bool IsFresh(const Key& key, uint64_t read_at) const {
    return group(key).load(std::memory_order_acquire) <= read_at;
  }

  // Returns the number of this change.
  uint64_t Touch(const Key& key) {
    const uint64_t number = NewNumber();
    Raise(group(key), number);
    return number;
  }

  // Touches every key.
  void TouchAll() {
    const uint64_t number = NewNumber();
    for (std::atomic<uint64_t>& latest : groups_) Raise(latest, number);
  }

 private:
  static constexpr size_t kGroups = 1 << 16;

  uint64_t NewNumber() {
    return now_.fetch_add(1, std::memory_order_acq_rel) + 1;
  }
  static void Raise(std::atomic<uint64_t>& latest, uint64_t number) {
    uint64_t before = latest.load(std::memory_order_relaxed);
    while (before < number && !latest.compare_exchange_weak(
                                  before, number, std::memory_order_release)) {
    }
  }

  std::atomic<uint64_t>& group(const Key& key) {
    return groups_[absl::HashOf(key) % kGroups];
  }
  const std::atomic<uint64_t>& group(const Key& key) const {
    return groups_[absl::HashOf(key) % kGroups];
  }

  std::atomic<uint64_t> now_ = 0;
  std::array<std::atomic<uint64_t>, kGroups> groups_ = {};
};

}  // namespace signet

#endif  // SIGNET_BASE_VERSION_CLOCK_H_
