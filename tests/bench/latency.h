// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_LATENCY_H_
#define SIGNET_TESTS_BENCH_LATENCY_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace signet {

// What one load run saw.
struct LoadResult {
  double per_second = 0;
  absl::Duration p50;
  absl::Duration p99;
  int64_t failures = 0;  // Calls that did not answer OK; they count in no rate.
};

// Collects the latencies of one run. Not thread-safe: one per thread, merged.
class LatencyRecorder {
 public:
  void Success(absl::Duration latency) { latencies_.push_back(latency); }
  void Failure() { ++failures_; }
  void Merge(const LatencyRecorder& other);

  // The run's figures, `elapsed` after its start.
  LoadResult Summarize(absl::Duration elapsed);

 private:
  std::vector<absl::Duration> latencies_;
  int64_t failures_ = 0;
};

// The middle value; `values` is not empty.
double Median(std::vector<double> values);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_LATENCY_H_
