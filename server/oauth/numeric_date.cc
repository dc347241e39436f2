// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/numeric_date.h"

#include <cstdint>

#include "base/rfc3339.h"

namespace signet::oauth {

std::optional<absl::Time> ReadNumericDate(const Json& value) {
  const int64_t max_seconds = absl::ToUnixSeconds(MaxTimestamp());
  if (value.is_number_unsigned()) {
    const auto seconds = value.get<uint64_t>();
    if (seconds > static_cast<uint64_t>(max_seconds)) return std::nullopt;
    return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
  }
  if (value.is_number_float()) {
    const auto seconds = value.get<double>();
    if (!(seconds >= 0 && seconds <= static_cast<double>(max_seconds))) {
      return std::nullopt;
    }
    return absl::UnixEpoch() + absl::Seconds(seconds);
  }
  return std::nullopt;
}

}  // namespace signet::oauth
