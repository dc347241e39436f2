// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_CHANGE_FOLLOWER_H_
#define SIGNET_CLIENT_CHANGE_FOLLOWER_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/answer_cache.h"
#include "client/reconnect_delay.h"
#include "grpcpp/channel.h"
#include "server/base/random.h"
#include "server/base/secret.h"
#include "signet/v1/tokens.grpc.pb.h"

namespace signet {

struct ChangeFollowerOptions {
  std::string account_id;      // As WatchChangesRequest.account_id.
  absl::Duration max_silence;  // After which the feed is not believed any more.
};

// Follows Tokens.WatchChanges and tells an AnswerCache what it hears. It goes
// on where it was whenever the stream breaks. Thread-safe.
//
// The feed is live from the first message of a stream until the stream ends or
// max_silence has passed since the last message. A stream that was silent for
// so long is given up, not believed again: what it brings then may have lain
// somewhere on the way, while the first message of a new one is the answer to a
// question just asked.
class ChangeFollower {
 public:
  // Starts at once. `authorization` is the whole metadata value; empty: none.
  // `cache`, `authorization` and `random` outlive this object.
  ChangeFollower(std::shared_ptr<grpc::Channel> channel,
                 ChangeFollowerOptions options, const Secret* authorization,
                 AnswerCache* cache, RandomSource* random);
  // Blocks until the stream is closed.
  ~ChangeFollower();

  // Whether the cache may be believed at `now`: it was told of every change but
  // those still on their way, and the last message came less than max_silence
  // ago. A network that delays each message by the same time adds that time.
  bool IsLive(SteadyTime now) const {
    return now.time_since_epoch().count() <
           live_until_.load(std::memory_order_acquire);
  }

  // OK while it is live; else why it is not.
  absl::Status status() const;

 private:
  class Stream;

  void Run();
  // Blocks until the stream has ended; false if this object is to be destroyed.
  bool Follow(Stream& stream);
  // From the stream. False: it is to be given up.
  bool Take(const v1::WatchChangesResponse& message);
  void Lose();
  void End(absl::Status status);

  const std::unique_ptr<v1::Tokens::Stub> stub_;
  const ChangeFollowerOptions options_;
  const SteadyTime::duration max_silence_;
  const Secret* const authorization_;
  AnswerCache* const cache_;
  ReconnectDelay delay_;  // Of thread_.

  std::atomic<SteadyTime::rep> live_until_ = 0;  // Written under mutex_.
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Of the stream: whether it is over, whether a message came, and when the
  // last one did or, before any, when it was opened.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool started_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyTime heard_at_ ABSL_GUARDED_BY(mutex_);
  std::string position_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace signet

#endif  // SIGNET_CLIENT_CHANGE_FOLLOWER_H_
