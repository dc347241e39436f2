// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_FLOOD_GUARD_H_
#define SIGNET_HTTP_FLOOD_GUARD_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "http/session.h"

namespace signet::http {

// Tells a busy HTTP/2 peer from one that only makes work: frames that ask for
// nothing (PING, SETTINGS, resets, ...) cost credit, answers taken bring some
// back, and so does time. Rapid reset (CVE-2023-44487), its sister where the
// server is made to reset (CVE-2025-8671), PING, SETTINGS and empty-frame
// floods all run dry after a bounded number of frames (RFC 9113 section 10.5).
// Not thread-safe.
class FloodGuard {
 public:
  // A frame that asks for nothing, and a stream opened in vain.
  static constexpr int kIdleFrame = 1;
  static constexpr int kReset = 5;
  // An answered request: room for the window updates that go with it.
  static constexpr int kAnswer = 4;
  static constexpr int kDataFrame = 1;

  explicit FloodGuard(MonotonicTime now) : refilled_(now) {}

  // False: the peer has run dry.
  bool Spend(int cost, MonotonicTime now) {
    const auto earned =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_);
    if (earned >= kRefillPeriod) {
      Earn(static_cast<int>(
          std::min<int64_t>(earned / kRefillPeriod, kMaxCredit)));
      refilled_ = now;
    }
    credit_ -= cost;
    return credit_ >= 0;
  }

  void Earn(int credit) { credit_ = std::min(credit_ + credit, kMaxCredit); }

 private:
  static constexpr int kMaxCredit = 1000;
  static constexpr std::chrono::milliseconds kRefillPeriod{10};

  int credit_ = kMaxCredit;
  MonotonicTime refilled_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_FLOOD_GUARD_H_
