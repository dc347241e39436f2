// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_CHANGE_FEED_H_
#define SIGNET_SERVER_DOMAIN_CHANGE_FEED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/base/random.h"
#include "server/base/uuid.h"
#include "server/domain/token_verifier.h"
#include "storage/watched_store.h"

namespace signet {

// The service accounts of which answers are not true any more, in the order of
// the changes, for those who keep answers elsewhere. The latest kKept changes
// are kept in memory; a process that starts begins anew. Thread-safe.
class ChangeFeed {
 public:
  static constexpr size_t kKept = 1 << 16;
  static constexpr size_t kMaxWatchers = 1000;

  // Somebody who follows the feed.
  class Watcher {
   public:
    virtual ~Watcher() = default;

    // There is something new, or kHeartbeat is over. Called on the feed's own
    // thread, by no two at once; must not block.
    virtual void Wake() = 0;
  };
  static constexpr absl::Duration kHeartbeat = absl::Seconds(1);

  // What a watcher has not yet been told.
  struct News {
    std::string position;  // Behind all of it.
    bool reset = false;    // What was kept is not enough: forget everything.
    std::vector<Uuid> service_account_ids = {};
  };

  explicit ChangeFeed(RandomSource& random);
  ~ChangeFeed() { Stop(); }

  // For WatchedStore. Wakes the watchers.
  void Publish(const TokenChanges& changes);

  // What is behind `position` and in `scope`; of an empty position, which is
  // where a watcher begins, nothing.
  News Since(std::string_view position, const VerifyScope& scope) const;

  // Wakes it from now on until Remove() has returned, or Stop(). False if there
  // are kMaxWatchers, or it is stopped.
  bool Add(std::shared_ptr<Watcher> watcher);
  void Remove(const Watcher* watcher);

  // Wakes nobody any more. Idempotent.
  void Stop();

 private:
  struct Change {
    Uuid account_id;  // Nil: not known.
    Uuid service_account_id;
  };

  void Run();
  bool HasWork() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return stopped_ || published_;
  }

  const std::string id_;  // Of this feed: positions of another are not known.
  mutable absl::Mutex mutex_;
  std::deque<Change> changes_ ABSL_GUARDED_BY(mutex_);
  uint64_t end_ ABSL_GUARDED_BY(mutex_) = 0;  // The number of changes so far.
  bool published_ ABSL_GUARDED_BY(mutex_) = false;  // Since the last round.
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace signet

#endif  // SIGNET_SERVER_DOMAIN_CHANGE_FEED_H_
