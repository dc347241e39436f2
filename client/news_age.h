// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_NEWS_AGE_H_
#define SIGNET_CLIENT_NEWS_AGE_H_

#include <optional>

#include "absl/time/time.h"
#include "client/steady_time.h"
#include "signet/v1/tokens.pb.h"

namespace signet::client {

// Tells how old the messages of one WatchChanges are at most, whatever held
// them up on the way. No clocks of two machines are compared: the server took
// the call after it was opened here, so a message that was written
// `since_start` after that was written no earlier than so long after the
// opening.
//
// A server that does not send `since_start` beats no more often than every
// kBeat. So many beats have taken so long, and that is all its messages tell.
//
// Not thread-safe. Pure.
class NewsAge {
 public:
  // No version of the server beats faster.
  static constexpr absl::Duration kBeat = absl::Milliseconds(700);
  // The two clocks may run apart by one second in so many.
  static constexpr int kDriftOneIn = 10'000;

  // Of a stream that is about to be opened.
  explicit NewsAge(SteadyTime now) : opened_at_(now), written_at_(now) {}

  SteadyTime opened_at() const { return opened_at_; }

  // The earliest moment at which the server can have written `message`, which
  // came at `now`; no earlier than that of a message before. For every message,
  // as they come. nullopt: it comes out of the future, so this machine's clock
  // stood still meanwhile (a hypervisor can do that), and by this stream
  // nothing more can be known.
  std::optional<SteadyTime> WrittenAt(const v1::WatchChangesResponse& message,
                                      SteadyTime now);

 private:
  const SteadyTime opened_at_;
  SteadyTime written_at_;
  bool first_ = true;  // Is yet to come.
  int beats_ = 0;      // Behind the first message.
};

}  // namespace signet::client

#endif  // SIGNET_CLIENT_NEWS_AGE_H_
