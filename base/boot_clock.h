// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_BOOT_CLOCK_H_
#define SIGNET_BASE_BOOT_CLOCK_H_

#include <time.h>  // clock_gettime

#include <chrono>

namespace signet {

// Time since the machine was started, for spans of time: nobody can set it, and
// it goes on while the machine sleeps (CLOCK_BOOTTIME), where the one behind
// std::chrono::steady_clock stands still. A clock as std::chrono has them;
// thread-safe.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept {
    timespec now = {};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return time_point(std::chrono::seconds(now.tv_sec) +
                      std::chrono::nanoseconds(now.tv_nsec));
  }
};

}  // namespace signet

#endif  // SIGNET_BASE_BOOT_CLOCK_H_
