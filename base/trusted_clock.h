// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_TRUSTED_CLOCK_H_
#define SIGNET_BASE_TRUSTED_CLOCK_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"

namespace signet {

// The time that everything is judged by: the later of the wall clock and a
// high-water mark. What has ended stays ended when the wall clock is set back.
//
// The mark goes on by itself, as monotonic time does. It rises above that only
// to where the wall clock is, and by 60 s at most since the start. A larger
// step of the wall clock is taken over once it has lasted an hour: while one
// that may be a mistake stands, its time is judged by, as Now() is the later of
// the two; once it is undone, what it seemed to end is good again.
//
// So Now() never goes back, but for a step of more than 60 s that was undone
// within the hour. Thread-safe; Now() takes no lock.
class TrustedClock final : public Clock {
 public:
  // How far the mark follows the wall clock at once.
  static constexpr absl::Duration kAllowance = absl::Seconds(60);
  // How long a larger step must last.
  static constexpr absl::Duration kTrial = absl::Hours(1);
  // At most so much of the time between two calls of Observe() counts for it.
  static constexpr absl::Duration kMaxPause = absl::Minutes(1);

  // `kept`: the mark of an earlier process. Without one it begins at the wall
  // clock's time. Both clocks outlive this object.
  TrustedClock(const Clock* wall, const MonotonicClock* monotonic,
               std::optional<absl::Time> kept);

  // The later of the wall clock and the mark, in whole microseconds.
  absl::Time Now() const override;

  // The high-water mark, in whole microseconds.
  absl::Time Mark() const;

  // The earlier of the wall clock and the mark: for what is done for good, as
  // deletion is, which a wrong clock must not bring about.
  absl::Time Settled() const;

  // What Observe() has seen of the wall clock.
  struct News {
    // By how much it was set against monotonic time, less than zero for back;
    // zero unless that is more than a second back or 60 s forward. Said once.
    absl::Duration jump;
    // By how much the mark rose, as a larger step has lasted an hour.
    absl::Duration taken_over;
  };

  // Looks at the wall clock. To be called every few seconds.
  News Observe();

 private:
  // The wall clock's time less the monotonic one's, in microseconds; the former
  // is read first, so that what comes in between makes it no larger.
  int64_t WallOffset() const;
  void Raise(int64_t offset) const;

  const Clock* const wall_;
  const MonotonicClock* const monotonic_;

  // Microseconds since the Unix epoch, less monotonic time.
  mutable std::atomic<int64_t> mark_;
  std::atomic<int64_t> limit_;  // For mark_, but after kTrial.

  absl::Mutex mutex_;
  int64_t seen_ ABSL_GUARDED_BY(mutex_);  // WallOffset() at the last jump.
  // A step beyond limit_ that stands.
  struct Trial {
    int64_t offset;  // The lowest seen.
    absl::Duration lasted;
  };
  std::optional<Trial> trial_ ABSL_GUARDED_BY(mutex_);
  absl::Duration observed_at_ ABSL_GUARDED_BY(mutex_);  // Monotonic.
};

}  // namespace signet

#endif  // SIGNET_BASE_TRUSTED_CLOCK_H_
