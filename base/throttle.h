// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_THROTTLE_H_
#define SIGNET_BASE_THROTTLE_H_

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace signet {

// Lets one event a second through, so that anyone who causes many of them
// cannot fill a log. Thread-safe.
class Throttle {
 public:
  // How many were held back since the last that was let through; nullopt: so is
  // this one.
  std::optional<int64_t> Pass(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    // Also where the clock went back.
    if (last_ <= now && now < last_ + absl::Seconds(1)) {
      ++omitted_;
      return std::nullopt;
    }
    last_ = now;
    return std::exchange(omitted_, 0);
  }

 private:
  absl::Mutex mutex_;
  absl::Time last_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  int64_t omitted_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace signet

#endif  // SIGNET_BASE_THROTTLE_H_
