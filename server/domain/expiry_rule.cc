// SPDX-License-Identifier: Apache-2.0
#include "server/domain/expiry_rule.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/rfc3339.h"

namespace signet::domain {
namespace {

// From `now` in whole microseconds, as it is recorded.
absl::Time After(absl::Duration ttl, absl::Time now) {
  return std::min(WholeMicros(now) + ttl, MaxTimestamp());
}

// As the JSON of a google.protobuf.Duration has it, in whole seconds if it is.
std::string InSeconds(absl::Duration duration) {
  if (duration % absl::Seconds(1) != absl::ZeroDuration()) {
    return absl::FormatDuration(duration);
  }
  return absl::StrCat(absl::ToInt64Seconds(duration), "s");
}

}  // namespace

absl::StatusOr<absl::Time> ReadTimestamp(const RawTimestamp& raw) {
  if (raw.nanos < 0 || raw.nanos > 999'999'999) {
    return absl::InvalidArgumentError(
        absl::StrCat("got ", raw.nanos, " nanos, want 0 to 999999999"));
  }
  if (raw.seconds < absl::ToUnixSeconds(MinTimestamp()) ||
      raw.seconds > absl::ToUnixSeconds(MaxTimestamp())) {
    return absl::InvalidArgumentError(
        absl::StrCat("got ", raw.seconds,
                     " seconds, want a time in the years 0001 to 9999"));
  }
  return absl::FromUnixSeconds(raw.seconds) + absl::Nanoseconds(raw.nanos);
}

absl::StatusOr<absl::Duration> ReadDuration(const RawDuration& raw,
                                            absl::Duration max) {
  const bool in_range =
      raw.seconds >= 0 && raw.nanos >= 0 && raw.nanos <= 999'999'999 &&
      raw.seconds <= absl::ToInt64Seconds(max) &&
      absl::Seconds(raw.seconds) + absl::Nanoseconds(raw.nanos) <= max;
  if (!in_range) {
    return absl::InvalidArgumentError(absl::StrCat(
        "got ", raw.seconds, "s",
        raw.nanos == 0 ? "" : absl::StrCat(" and ", raw.nanos, "ns"),
        ", want 0s to ", InSeconds(max)));
  }
  return absl::Seconds(raw.seconds) + absl::Nanoseconds(raw.nanos);
}

absl::StatusOr<std::optional<absl::Time>> DecideExpiry(
    const std::optional<RawTimestamp>& requested, absl::Time now,
    const ExpiryPolicy& policy) {
  if (!requested.has_value()) {
    if (policy.default_ttl.has_value()) return After(*policy.default_ttl, now);
    if (policy.max_ttl.has_value()) return After(*policy.max_ttl, now);
    return std::nullopt;
  }
  const absl::StatusOr<absl::Time> when = ReadTimestamp(*requested);
  if (!when.ok()) return when.status();
  if (*when <= now) {
    const std::string got = FormatRfc3339(*when);
    return absl::InvalidArgumentError(
        absl::StrCat("got ", got, ", want a time in the future"));
  }
  if (policy.max_ttl.has_value() && *when - now > *policy.max_ttl) {
    const std::string got = FormatRfc3339(*when);
    return absl::InvalidArgumentError(
        absl::StrCat("got ", got, ", want at most ",
                     absl::FormatDuration(*policy.max_ttl), " from now"));
  }
  return *when;
}

}  // namespace signet::domain
