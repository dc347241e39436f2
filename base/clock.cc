// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include "absl/time/clock.h"
#include "base/boot_clock.h"

namespace signet {

absl::Time SystemClock::Now() const { return absl::Now(); }

absl::Duration SystemMonotonicClock::Elapsed() const {
  return absl::FromChrono(BootClock::now().time_since_epoch());
}

absl::Time WholeMicros(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

}  // namespace signet
