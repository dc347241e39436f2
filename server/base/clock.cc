// SPDX-License-Identifier: Apache-2.0
#include "server/base/clock.h"

#include <time.h>  // clock_gettime

#include "absl/time/clock.h"

namespace signet {

absl::Time SystemClock::Now() const { return absl::Now(); }

absl::Duration SystemMonotonicClock::Elapsed() const {
  timespec elapsed = {};
  clock_gettime(CLOCK_BOOTTIME, &elapsed);
  return absl::DurationFromTimespec(elapsed);
}

absl::Time WholeMicros(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

}  // namespace signet
