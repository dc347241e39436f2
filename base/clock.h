// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_CLOCK_H_
#define SIGNET_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace signet {

// Tells the wall-clock time (UTC). Thread-safe. The only way time enters the
// service: every other room receives a Clock, or an absl::Time as a value.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

// The machine's clock. Anyone who administers the machine, or its time server,
// may set it, forward and back; see trusted_clock.h.
class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
};

// Tells how much time has passed since some moment that stays the same while
// the process lives. Nobody can set it. Thread-safe.
class MonotonicClock {
 public:
  virtual ~MonotonicClock() = default;
  virtual absl::Duration Elapsed() const = 0;
};

// Goes on while the machine sleeps (CLOCK_BOOTTIME).
class SystemMonotonicClock final : public MonotonicClock {
 public:
  absl::Duration Elapsed() const override;
};

// `time` as records keep times: cut to whole microseconds.
absl::Time WholeMicros(absl::Time time);

}  // namespace signet

#endif  // SIGNET_BASE_CLOCK_H_
