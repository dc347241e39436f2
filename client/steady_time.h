// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_STEADY_TIME_H_
#define SIGNET_CLIENT_STEADY_TIME_H_

#include <algorithm>

#include "absl/time/time.h"
#include "base/boot_clock.h"

namespace signet::client {

// For spans of time, which must depend neither on how the wall clock is set nor
// on whether the machine slept.
using SteadyTime = BootClock::time_point;

inline SteadyTime SteadyNow() { return BootClock::now(); }

// So long after `moment`; a hundred years later for all that is longer.
inline SteadyTime After(SteadyTime moment, absl::Duration span) {
  return moment +
         absl::ToChronoNanoseconds(std::min(span, absl::Hours(24 * 365 * 100)));
}

inline absl::Duration Between(SteadyTime from, SteadyTime to) {
  return absl::FromChrono(to - from);
}

}  // namespace signet::client

#endif  // SIGNET_CLIENT_STEADY_TIME_H_
