// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/throttled_log.h"

#include <cstdint>
#include <optional>

namespace signet::oauth {

void ThrottledLog::Refused(std::string_view why, absl::Time now) {
  const std::optional<int64_t> omitted = throttle_.Pass(now);
  if (!omitted.has_value()) return;
  logger_->Info("OAuth token refused", {{"why", why}, {"omitted", *omitted}});
}

}  // namespace signet::oauth
