// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_CLIENT_CHANGE_FOLLOWER_H_
#define SIGNET_CLIENT_CHANGE_FOLLOWER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/steady_event.h"
#include "client/answer_cache.h"
#include "client/news_age.h"
#include "client/reconnect_delay.h"
#include "client/steady_time.h"
#include "grpcpp/channel.h"
#include "signet/v1/tokens.grpc.pb.h"

namespace signet::client {

struct ChangeFollowerOptions {
  std::string account_id;  // As WatchChangesRequest.account_id.
  // How old news may be that the cache is believed by.
  absl::Duration max_staleness;
  // A stream is opened anew after so long, or sooner, as the clocks of two
  // machines run apart meanwhile.
  absl::Duration max_stream_age = absl::Hours(1);
};

// Follows Tokens.WatchChanges and tells an AnswerCache what it hears. It goes
// on where it was whenever the stream breaks. Thread-safe.
//
// The feed is live until max_staleness after the server wrote the last message,
// as far as can be known (see NewsAge), or the stream ends. A stream from which
// nothing comes that is young enough is given up for a new one. One that makes
// news look older than they are, as it took long to be opened, is left for a
// new one too; meanwhile the feed is as live as before.
class ChangeFollower {
 public:
  // Starts at once. `authorization` is the whole metadata value; empty: none.
  // `cache`, `authorization` and `random` outlive this object.
  ChangeFollower(std::shared_ptr<grpc::Channel> channel,
                 ChangeFollowerOptions options, const Secret* authorization,
                 AnswerCache* cache, RandomSource* random);
  // Blocks until the stream is closed.
  ~ChangeFollower();

  // Whether the cache may be believed at `now`: it was told of every change
  // that was acknowledged up to max_staleness before.
  bool IsLive(SteadyTime now) const {
    return now.time_since_epoch().count() <
           live_until_.load(std::memory_order_acquire);
  }

  // OK while it is live; else why it is not.
  absl::Status status() const;

 private:
  class Stream;

  void Run();
  // False: this object is to be destroyed.
  bool Pause(absl::Duration span);
  // Blocks until the stream has ended; false if this object is to be destroyed.
  bool Follow(Stream& stream);
  // From the stream. False: it is to be given up.
  bool Take(const v1::WatchChangesResponse& message);
  // Whether a new stream would do better than this one, the last message of
  // which came at `now` and is believed until `until`.
  bool ShouldLeave(SteadyTime now, SteadyTime until)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Lose();
  void End(absl::Status status);

  const std::unique_ptr<v1::Tokens::Stub> stub_;
  const ChangeFollowerOptions options_;
  const Secret* const authorization_;
  AnswerCache* const cache_;
  ReconnectDelay delay_;  // Of thread_.

  std::atomic<SteadyTime::rep> live_until_ = 0;  // Written under mutex_.
  mutable absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::string position_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  // The last stream but one was left because its first message was late.
  bool left_late_ ABSL_GUARDED_BY(mutex_) = false;

  // Of the stream.
  std::optional<NewsAge> age_ ABSL_GUARDED_BY(mutex_);
  SteadyTime give_up_at_ ABSL_GUARDED_BY(mutex_);
  bool started_ ABSL_GUARDED_BY(mutex_) = false;  // A message came.
  bool timely_ ABSL_GUARDED_BY(mutex_) = false;   // And was not late.
  bool leaving_ ABSL_GUARDED_BY(mutex_) = false;  // For a new one.
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  SteadyEvent woken_;  // The stream has ended, or it is to stop.
  std::thread thread_;
};

}  // namespace signet::client

#endif  // SIGNET_CLIENT_CHANGE_FOLLOWER_H_
