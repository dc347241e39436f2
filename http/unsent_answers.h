// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_UNSENT_ANSWERS_H_
#define SIGNET_HTTP_UNSENT_ANSWERS_H_

#include <cstddef>

namespace signet::http {

// Bounds what the answers of one connection hold in memory while its client
// does not take them. Requests are handled one by one once they may hold too
// much, each call counted with what the latest answer held. A plain value, not
// thread-safe.
class UnsentAnswers {
 public:
  // An answer of this size is always kept: it may say that a write was done.
  static constexpr size_t kSmallBytes = 64 * 1024;
  // Several calls may begin before the first large answer is known.
  static constexpr size_t kBurst = 16;

  explicit UnsentAnswers(size_t limit_bytes) : limit_(limit_bytes) {}

  // Whether one more request may be handled now.
  bool MayBegin() const {
    return (held_ == 0 && running_ == 0) || held_ + running_ * latest_ < limit_;
  }

  void Begin() { ++running_; }
  void End() { --running_; }

  // Whether an answer of `bytes` may be kept beside the others.
  bool Fits(size_t bytes) const {
    return bytes <= kSmallBytes || held_ == 0 ||
           held_ + bytes <= kBurst * limit_;
  }

  void Hold(size_t bytes) {
    held_ += bytes;
    latest_ = bytes;
  }
  void Release(size_t bytes) { held_ -= bytes; }

  size_t held() const { return held_; }

 private:
  size_t limit_;
  size_t held_ = 0;
  size_t running_ = 0;
  size_t latest_ = 0;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_UNSENT_ANSWERS_H_
