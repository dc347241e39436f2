// SPDX-License-Identifier: Apache-2.0
#include "server/domain/expiry_rule.h"

#include <limits>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/rfc3339.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::domain {
namespace {

using testing::Optional;

constexpr int64_t kNowSeconds = 1893553445;  // 2030-01-02T03:04:05Z
const absl::Time kNow =
    absl::FromUnixSeconds(kNowSeconds) + absl::Nanoseconds(678901234);
constexpr ExpiryPolicy kNoPolicy;
const ExpiryPolicy kPolicy = {.default_ttl = absl::Hours(24),
                              .max_ttl = absl::Hours(48)};

absl::StatusOr<std::optional<absl::Time>> Ask(int64_t seconds, int32_t nanos,
                                              const ExpiryPolicy& policy) {
  return DecideExpiry(RawTimestamp{.seconds = seconds, .nanos = nanos}, kNow,
                      policy);
}

std::string Fault(int64_t seconds, int32_t nanos,
                  const ExpiryPolicy& policy = kNoPolicy) {
  const auto decided = Ask(seconds, nanos, policy);
  EXPECT_THAT(decided, StatusIs(absl::StatusCode::kInvalidArgument));
  return std::string(decided.status().message());
}

TEST(ExpiryRule, WithoutAWishThePolicyDecides) {
  EXPECT_THAT(DecideExpiry(std::nullopt, kNow, kNoPolicy),
              IsOkAndHolds(std::nullopt));
  // From now in whole microseconds, as created_at is.
  const absl::Time from = WholeMicros(kNow);
  EXPECT_THAT(DecideExpiry(std::nullopt, kNow, kPolicy),
              IsOkAndHolds(Optional(from + absl::Hours(24))));
  EXPECT_THAT(DecideExpiry(std::nullopt, kNow,
                           {.default_ttl = {}, .max_ttl = absl::Hours(48)}),
              IsOkAndHolds(Optional(from + absl::Hours(48))));
}

TEST(ExpiryRule, DefaultNeverLeavesTheCalendar) {
  EXPECT_THAT(
      DecideExpiry(std::nullopt, kNow,
                   {.default_ttl = absl::InfiniteDuration(), .max_ttl = {}}),
      IsOkAndHolds(Optional(MaxTimestamp())));
}

TEST(ExpiryRule, NanosecondsAreKept) {
  EXPECT_THAT(Ask(kNowSeconds + 1, 123456789, kNoPolicy),
              IsOkAndHolds(Optional(absl::FromUnixSeconds(kNowSeconds + 1) +
                                    absl::Nanoseconds(123456789))));
}

TEST(ExpiryRule, MustLieInTheFuture) {
  EXPECT_THAT(Ask(kNowSeconds, 678901235, kNoPolicy), IsOk());
  EXPECT_EQ(Fault(kNowSeconds, 678901234),
            "got 2030-01-02T03:04:05.678901234Z, want a time in the future");
  EXPECT_EQ(Fault(1699335116, 0),
            "got 2023-11-07T05:31:56Z, want a time in the future");
  EXPECT_EQ(Fault(absl::ToUnixSeconds(MinTimestamp()), 0),
            "got 0001-01-01T00:00:00Z, want a time in the future");
}

TEST(ExpiryRule, MustLieWithinTheMaximum) {
  const int64_t limit = kNowSeconds + 48 * 3600;
  EXPECT_THAT(Ask(limit, 678901234, kPolicy), IsOk());
  EXPECT_EQ(Fault(limit, 678901235, kPolicy),
            "got 2030-01-04T03:04:05.678901235Z, want at most 48h from now");
}

TEST(ExpiryRule, ADurationOutOfRangeIsShownAsItWasSent) {
  const absl::Duration week = absl::Hours(168);
  EXPECT_EQ(ReadDuration({.seconds = 36'000'000}, week).status().message(),
            "got 36000000s, want 0s to 604800s");
  EXPECT_EQ(
      ReadDuration({.seconds = 604'800, .nanos = 1}, week).status().message(),
      "got 604800s and 1ns, want 0s to 604800s");
  EXPECT_EQ(ReadDuration({.seconds = -1}, absl::Milliseconds(1500))
                .status()
                .message(),
            "got -1s, want 0s to 1.5s");
}

TEST(ExpiryRule, MustBeATimestamp) {
  const int64_t last = absl::ToUnixSeconds(MaxTimestamp());
  EXPECT_THAT(Ask(last, 999'999'999, kNoPolicy),
              IsOkAndHolds(Optional(MaxTimestamp())));
  EXPECT_EQ(Fault(last + 1, 0),
            "got 253402300800 seconds, want a time in the years 0001 to 9999");
  EXPECT_EQ(Fault(absl::ToUnixSeconds(MinTimestamp()) - 1, 0),
            "got -62135596801 seconds, want a time in the years 0001 to 9999");
  for (const int64_t seconds : {std::numeric_limits<int64_t>::min(),
                                std::numeric_limits<int64_t>::max()}) {
    Fault(seconds, 0);
  }
  EXPECT_EQ(Fault(kNowSeconds + 1, -1), "got -1 nanos, want 0 to 999999999");
  EXPECT_EQ(Fault(kNowSeconds + 1, 1'000'000'000),
            "got 1000000000 nanos, want 0 to 999999999");
  for (const int32_t nanos : {std::numeric_limits<int32_t>::min(),
                              std::numeric_limits<int32_t>::max()}) {
    Fault(kNowSeconds + 1, nanos);
  }
}

}  // namespace
}  // namespace signet::domain
