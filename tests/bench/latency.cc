// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/latency.h"

#include <algorithm>
#include <cstddef>

namespace signet {

void LatencyRecorder::Merge(const LatencyRecorder& other) {
  latencies_.insert(latencies_.end(), other.latencies_.begin(),
                    other.latencies_.end());
  failures_ += other.failures_;
}

LoadResult LatencyRecorder::Summarize(absl::Duration elapsed) {
  LoadResult result;
  result.failures = failures_;
  if (latencies_.empty()) return result;
  std::sort(latencies_.begin(), latencies_.end());
  const auto at = [this](double quantile) {
    return latencies_[static_cast<size_t>(
        quantile * static_cast<double>(latencies_.size() - 1))];
  };
  result.per_second =
      static_cast<double>(latencies_.size()) / absl::ToDoubleSeconds(elapsed);
  result.p50 = at(0.50);
  result.p99 = at(0.99);
  return result;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace signet
