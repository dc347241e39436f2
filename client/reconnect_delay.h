// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_RECONNECT_DELAY_H_
#define SIGNET_CLIENT_RECONNECT_DELAY_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/random.h"

namespace signet::client {

// How long to wait before a stream is opened again. It doubles with each
// failure in a row, and half of it is left to chance, so that the clients of a
// server that was restarted do not all come back at once. Not thread-safe.
class ReconnectDelay {
 public:
  static constexpr absl::Duration kFirst = absl::Milliseconds(100);
  static constexpr absl::Duration kLongest = absl::Seconds(5);
  // After a refusal, which only people can end, and each of which the server
  // writes down.
  static constexpr absl::Duration kRefused = absl::Seconds(60);

  // `random` outlives this object.
  explicit ReconnectDelay(RandomSource* random) : random_(random) {}

  // The stream did what it should.
  void Succeeded() { next_ = kFirst; }

  // The wait after a stream that ended with `status`: half to all of the
  // current step, and no less than what the server asks for, kRefused at most.
  absl::Duration After(const absl::Status& status);

 private:
  RandomSource* const random_;
  absl::Duration next_ = kFirst;
};

}  // namespace signet::client

#endif  // SIGNET_CLIENT_RECONNECT_DELAY_H_
