// SPDX-License-Identifier: Apache-2.0
#include "base/trusted_clock.h"

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"

namespace signet {
namespace {

constexpr absl::Duration kNoJump = absl::Seconds(1);

int64_t LimitFor(int64_t mark) {
  return mark + absl::ToInt64Microseconds(TrustedClock::kAllowance);
}

// A mark leaves room for the time that is still to pass: whatever is recorded
// lies before MaxTimestamp().
absl::Time Plausible(absl::Time kept) {
  return std::min(kept, MaxTimestamp() - absl::Hours(24 * 365 * 100));
}

}  // namespace

TrustedClock::TrustedClock(const Clock* wall, const MonotonicClock* monotonic,
                           std::optional<absl::Time> kept)
    : wall_(wall),
      monotonic_(monotonic),
      seen_(WallOffset()),
      observed_at_(monotonic->Elapsed()) {
  mark_ = kept.has_value() ? absl::ToUnixMicros(Plausible(*kept)) -
                                 absl::ToInt64Microseconds(observed_at_)
                           : seen_;
  limit_ = LimitFor(mark_);
}

absl::Time TrustedClock::Now() const {
  const int64_t wall = absl::ToUnixMicros(wall_->Now());
  const int64_t elapsed = absl::ToInt64Microseconds(monotonic_->Elapsed());
  const int64_t offset = wall - elapsed;
  const int64_t mark = mark_.load(std::memory_order_relaxed);
  if (offset > mark) Raise(offset);
  return absl::FromUnixMicros(std::max(offset, mark) + elapsed);
}

absl::Time TrustedClock::Mark() const {
  Raise(WallOffset());
  return absl::FromUnixMicros(mark_.load(std::memory_order_relaxed) +
                              absl::ToInt64Microseconds(monotonic_->Elapsed()));
}

absl::Time TrustedClock::Settled() const {
  const absl::Time wall = wall_->Now();
  return std::min(wall, Mark());
}

TrustedClock::News TrustedClock::Observe() {
  absl::MutexLock lock(&mutex_);
  const int64_t offset = WallOffset();
  const absl::Duration now = monotonic_->Elapsed();
  const absl::Duration pause =
      std::min(now - std::exchange(observed_at_, now), kMaxPause);
  News news = {.jump = absl::ZeroDuration(),
               .taken_over = absl::ZeroDuration()};
  const absl::Duration jump = absl::Microseconds(offset - seen_);
  if (jump < -kNoJump || jump > kAllowance) {
    news.jump = jump;
    seen_ = offset;
  }
  if (offset <= limit_) {
    trial_.reset();
    Raise(offset);
  } else if (!trial_.has_value()) {
    trial_ = {.offset = offset, .lasted = absl::ZeroDuration()};
  } else {
    trial_->offset = std::min(trial_->offset, offset);
    trial_->lasted += pause;
    if (trial_->lasted >= kTrial) {
      news.taken_over = absl::Microseconds(trial_->offset - mark_);
      limit_ = LimitFor(trial_->offset);
      Raise(trial_->offset);
      trial_.reset();
    }
  }
  return news;
}

int64_t TrustedClock::WallOffset() const {
  const int64_t wall = absl::ToUnixMicros(wall_->Now());
  return wall - absl::ToInt64Microseconds(monotonic_->Elapsed());
}

void TrustedClock::Raise(int64_t offset) const {
  if (offset > limit_.load(std::memory_order_relaxed)) return;
  int64_t mark = mark_.load(std::memory_order_relaxed);
  while (mark < offset && !mark_.compare_exchange_weak(
                              mark, offset, std::memory_order_relaxed)) {
  }
}

}  // namespace signet
