// SPDX-License-Identifier: Apache-2.0
#include "server/base/steady_event.h"

#include <utility>

namespace signet {

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
