// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_FAKE_CLOCK_H_
#define SIGNET_TESTS_SUPPORT_FAKE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace signet {

// Stands still until told. Starts at 2030-01-02T03:04:05.678901Z. Thread-safe.
class FakeClock final : public Clock {
 public:
  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }
  void Set(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    now_ = now;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) =
      absl::FromUnixMicros(1893553445678901);
};

// Stands still until told.
class FakeMonotonicClock final : public MonotonicClock {
 public:
  absl::Duration Elapsed() const override {
    absl::MutexLock lock(&mutex_);
    return elapsed_;
  }
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mutex_);
    elapsed_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Duration elapsed_ ABSL_GUARDED_BY(mutex_) = absl::Seconds(1000);
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_FAKE_CLOCK_H_
