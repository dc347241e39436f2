// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_STEADY_EVENT_H_
#define SIGNET_BASE_STEADY_EVENT_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "absl/time/time.h"

namespace signet {

// What a thread waits for with a limit that is kept whatever is done to the
// wall clock. (Abseil's timed waits end by the wall clock: where that is set
// back by an hour meanwhile, they take an hour longer.) Thread-safe.
class SteadyEvent {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  SteadyEvent() = default;
  SteadyEvent(const SteadyEvent&) = delete;
  SteadyEvent& operator=(const SteadyEvent&) = delete;

  // `time` from now; for ever is a year.
  static Moment In(absl::Duration time);

  // Ends one wait: of who waits now, or else of who does next.
  void Set();

  // Waits until Set() was called since the last wait that it ended: true.
  // False: it is `end`.
  bool AwaitUntil(Moment end);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;  // Guarded by mutex_.
};

}  // namespace signet

#endif  // SIGNET_BASE_STEADY_EVENT_H_
