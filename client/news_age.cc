// SPDX-License-Identifier: Apache-2.0
#include "client/news_age.h"

#include <algorithm>
#include <utility>

namespace signet::client {

std::optional<SteadyTime> NewsAge::WrittenAt(
    const v1::WatchChangesResponse& message, SteadyTime now) {
  absl::Duration since_start;
  const bool first = std::exchange(first_, false);
  if (message.has_since_start()) {
    since_start = absl::Seconds(message.since_start().seconds()) +
                  absl::Nanoseconds(message.since_start().nanos());
    since_start -= since_start / kDriftOneIn;
  } else {
    // Others are sent at any time. The first beat may come at once too.
    if (!first && !message.reset() && message.service_account_ids().empty()) {
      ++beats_;
    }
    since_start = kBeat * std::max(beats_ - 1, 0);
  }
  const SteadyTime written_at = After(opened_at_, since_start);
  if (message.has_since_start() && written_at > now) return std::nullopt;
  written_at_ = std::max(written_at_, std::min(written_at, now));
  return written_at_;
}

}  // namespace signet::client
