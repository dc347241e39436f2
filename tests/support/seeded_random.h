// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_SEEDED_RANDOM_H_
#define SIGNET_TESTS_SUPPORT_SEEDED_RANDOM_H_

#include <cstdint>
#include <random>
#include <span>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/random.h"

namespace signet {

// The same bytes in every run. Thread-safe. Never for production.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(uint64_t seed = 1) : engine_(seed) {}

  // As a source that is broken: every Fill gives the same bytes.
  void Stick() {
    absl::MutexLock lock(&mutex_);
    stuck_ = true;
  }

  void Fill(std::span<uint8_t> out) override {
    absl::MutexLock lock(&mutex_);
    if (stuck_) engine_.seed(1);
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_() >> 56);
  }

 private:
  absl::Mutex mutex_;
  std::mt19937_64 engine_ ABSL_GUARDED_BY(mutex_);
  bool stuck_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_SEEDED_RANDOM_H_
