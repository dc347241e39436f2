// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_RFC3339_H_
#define SIGNET_BASE_RFC3339_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signet {

// The instants that a timestamp may name: years 0001 to 9999 in UTC, whole
// nanoseconds (google/protobuf/timestamp.proto).
absl::Time MinTimestamp();  // 0001-01-01T00:00:00Z
absl::Time MaxTimestamp();  // 9999-12-31T23:59:59.999999999Z

// Reads RFC 3339 section 5.6 `date-time`, strictly: a mandatory offset (`Z`,
// `z` or ±hh:mm with hh<=23, mm<=59), `T` or `t` as the separator, one to nine
// fraction digits, no leap second, no 24:00, a year 0001 to 9999 after
// conversion to UTC. INVALID_ARGUMENT otherwise; the message says what was
// wanted and does not echo `text`.
absl::StatusOr<absl::Time> ParseRfc3339(std::string_view text);

// Writes UTC with `Z` and the fewest of 0, 3, 6 or 9 fraction digits that lose
// nothing, as protobuf's JSON mapping does. `time` lies within
// Min/MaxTimestamp; anything finer than a nanosecond is cut.
std::string FormatRfc3339(absl::Time time);

}  // namespace signet

#endif  // SIGNET_BASE_RFC3339_H_
