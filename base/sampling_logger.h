// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_SAMPLING_LOGGER_H_
#define SIGNET_BASE_SAMPLING_LOGGER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/log.h"

namespace signet {

struct SamplingOptions {
  // Refusals of one address that are logged in this time, from the first.
  int lines = 20;
  absl::Duration window = absl::Seconds(10);
  // Addresses that are told apart at once. The rest count as one.
  size_t max_addresses = 1024;
};

// Passes every line on to another logger, but of refused calls only the first
// few of each address: anyone who sends many fills no disk and hides no other's
// line. How many were left out is a line `refused calls left out` once the
// window is over, with their `count` and `address`: an IPv4 address, the /64 of
// an IPv6 one, or `others`. Thread-safe.
class SamplingLogger final : public Logger {
 public:
  // Both outlive this object.
  SamplingLogger(Logger* to, const Clock* clock,
                 const SamplingOptions& options = {})
      : to_(to), clock_(clock), options_(options) {}
  SamplingLogger(const SamplingLogger&) = delete;
  SamplingLogger& operator=(const SamplingLogger&) = delete;
  ~SamplingLogger() override { Say(absl::InfiniteFuture()); }

  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override;
  void LogRefusal(std::string_view peer, LogLevel level,
                  std::string_view message,
                  std::initializer_list<LogField> fields) override;

  // Says what was left out in windows that are over. Every line does so too;
  // call it now and then for where no other comes.
  void SayWhatIsDue() { Say(clock_->Now()); }

 private:
  struct Window {
    absl::Time end;
    int64_t refusals = 0;
  };
  struct LeftOut {
    std::string address;
    int64_t count;
  };

  void Say(absl::Time now);
  // Whether a line is still to be written.
  bool Count(std::string_view peer, absl::Time now);
  // Ends the windows that are over.
  std::vector<LeftOut> End(absl::Time now);

  Logger* const to_;
  const Clock* const clock_;
  const SamplingOptions options_;

  // In Unix nanoseconds, of the first window to end; may be too early.
  std::atomic<int64_t> next_end_ = INT64_MAX;
  absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Window> windows_ ABSL_GUARDED_BY(mutex_);
  // Their addresses in the order in which they end.
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
};

// What of `peer` (`192.0.2.1:4711`, `[2001:db8::1]:4711`, or without the port)
// is counted together: the IPv4 address, or the /64 of the IPv6 one, of which
// one customer has at least a whole. Anything else as it is, at most 64 bytes.
std::string CountedAddress(std::string_view peer);

}  // namespace signet

#endif  // SIGNET_BASE_SAMPLING_LOGGER_H_
