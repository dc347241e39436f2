// SPDX-License-Identifier: Apache-2.0
#include "server/identity/throttled_log.h"

#include <utility>

namespace signet {

void ThrottledLog::Refused(std::string_view why, absl::Time now) {
  int64_t omitted = 0;
  {
    absl::MutexLock lock(&mutex_);
    // Also where the clock went back.
    if (last_ <= now && now < last_ + absl::Seconds(1)) {
      ++omitted_;
      return;
    }
    last_ = now;
    omitted = std::exchange(omitted_, 0);
  }
  logger_->Info("OAuth token refused", {{"why", why}, {"omitted", omitted}});
}

}  // namespace signet
