// SPDX-License-Identifier: Apache-2.0
#include "base/steady_event.h"

#include <algorithm>
#include <utility>

namespace signet {

SteadyEvent::Moment SteadyEvent::In(absl::Duration time) {
  // Longer ones would not fit.
  constexpr absl::Duration kLongest = absl::Hours(24 * 365);
  return std::chrono::steady_clock::now() +
         absl::ToChronoNanoseconds(std::min(time, kLongest));
}

void SteadyEvent::Set() {
  {
    const std::lock_guard lock(mutex_);
    set_ = true;
  }
  changed_.notify_one();
}

bool SteadyEvent::AwaitUntil(Moment end) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, end, [this] { return set_; });
  return std::exchange(set_, false);
}

}  // namespace signet
