// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_EXPIRY_RULE_H_
#define SIGNET_SERVER_DOMAIN_EXPIRY_RULE_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace signet::domain {

// An instant as a client sent it, unchecked: google.protobuf.Timestamp's two
// numbers.
struct RawTimestamp {
  int64_t seconds = 0;  // Since 1970-01-01T00:00:00Z.
  int32_t nanos = 0;    // 0 to 999,999,999, counting forward.
};

// A span as a client sent it, unchecked: google.protobuf.Duration's two
// numbers.
struct RawDuration {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

// The instant; INVALID_ARGUMENT, "got X, want Y", unless it is in the years
// 0001 to 9999.
absl::StatusOr<absl::Time> ReadTimestamp(const RawTimestamp& raw);

// The span; INVALID_ARGUMENT, "got X, want Y", unless it is 0 to `max`.
absl::StatusOr<absl::Duration> ReadDuration(const RawDuration& raw,
                                            absl::Duration max);

// How long tokens live. Both are positive; the default is within the maximum.
struct ExpiryPolicy {
  std::optional<absl::Duration> default_ttl;  // For who asks for none.
  std::optional<absl::Duration> max_ttl;      // Nobody gets more.
};

// When a token that is minted at `now` dies; nullopt for never. What is asked
// for must be a timestamp (years 0001 to 9999), after `now`, and at most
// `max_ttl` after it. Who asks for none gets the default, without one the
// maximum (or leaving the field out would get round it), without either no end.
//
// INVALID_ARGUMENT otherwise; the message is "got X, want Y".
absl::StatusOr<std::optional<absl::Time>> DecideExpiry(
    const std::optional<RawTimestamp>& requested, absl::Time now,
    const ExpiryPolicy& policy);

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_EXPIRY_RULE_H_
