// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DOMAIN_CHANGE_FEED_H_
#define SIGNET_SERVER_DOMAIN_CHANGE_FEED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/steady_event.h"
#include "base/uuid.h"
#include "server/domain/token_verifier.h"
#include "storage/changes.h"

namespace signet::domain {

// The service accounts of which answers are not true any more, in the order of
// the changes, for those who keep answers elsewhere. The latest kKept changes
// are kept in memory; a process that starts begins anew. Thread-safe.
class ChangeFeed {
 public:
  static constexpr size_t kKept = 1 << 16;
  static constexpr size_t kMaxWatchers = 1000;
  static constexpr size_t kMaxOfOneAccount = 250;

  // With whom a watcher is counted; absent: with nobody.
  struct Place {
    std::optional<Uuid> by = {};  // The account it belongs to.
    std::optional<Uuid> of = {};  // The account it follows.
  };

  // Somebody who follows the feed.
  class Watcher {
   public:
    virtual ~Watcher() = default;

    // There is something new or, with `beat`, kHeartbeat is over. Called on one
    // thread for all; must not block.
    virtual void Wake(bool beat) = 0;

    // Asks whether it may still follow: kHeartbeat after the last round of such
    // questions, and after CheckSoon(). Called on another thread, so that it
    // may wait for the store and delays no news.
    virtual void Check() = 0;
  };
  // Less than the second that watchers are promised.
  static constexpr absl::Duration kHeartbeat = absl::Milliseconds(700);

  // What a watcher has not yet been told.
  struct News {
    std::string position;  // Behind all of it.
    uint64_t end = 0;      // As end(), at the same time.
    bool reset = false;    // What was kept is not enough: forget everything.
    std::vector<Uuid> service_account_ids = {};
    // The number of the latest change of `self`, of any account; 0 for none.
    uint64_t self_changed = 0;
  };

  explicit ChangeFeed(RandomSource& random);
  ~ChangeFeed() { Stop(); }

  // For the store's notices: what changed, or that anything may have, so that
  // every watcher is told to forget everything. Wakes the watchers.
  void Publish(const storage::TokenChanges& changes);
  void Reset();

  // How many changes there were. The latest has this number.
  uint64_t end() const;

  // What is behind `position` and in `scope`; of an empty position, which is
  // where a watcher begins, nothing. `self` is the service account of who asks;
  // nil for none.
  News Since(std::string_view position, const VerifyScope& scope,
             const Uuid& self = {}) const;

  // Calls it from now on until Stop() or, but for a call that has begun or is
  // about to, Remove(). False if there are kMaxWatchers, or kMaxOfOneAccount
  // that belong to the same account or follow the same, or it is stopped.
  bool Add(std::shared_ptr<Watcher> watcher, const Place& place);
  void Remove(const Watcher* watcher);

  // Wakes all watchers soon, as if there were something new.
  void WakeSoon();
  // Calls the watcher's Check() soon.
  void CheckSoon(std::shared_ptr<Watcher> watcher);

  // Wakes nobody any more. Idempotent.
  void Stop();

 private:
  struct Change {
    Uuid account_id;  // Nil: not known.
    Uuid service_account_id;
  };

  struct Follower {
    std::shared_ptr<Watcher> watcher;
    Place place;
  };
  using Watchers = std::vector<std::shared_ptr<Watcher>>;

  void Wakes();
  void Checks();
  Watchers Followers() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  const std::string id_;  // Of this feed: positions of another are not known.
  mutable absl::Mutex mutex_;
  std::deque<Change> changes_ ABSL_GUARDED_BY(mutex_);
  uint64_t end_ ABSL_GUARDED_BY(mutex_) = 0;  // The number of changes so far.
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Follower> followers_ ABSL_GUARDED_BY(mutex_);
  Watchers to_check_ ABSL_GUARDED_BY(mutex_);
  SteadyEvent news_;       // Something was published, or it is stopped.
  SteadyEvent questions_;  // There is somebody to check, or it is stopped.
  std::thread wakes_;
  std::thread checks_;
};

}  // namespace signet::domain

#endif  // SIGNET_SERVER_DOMAIN_CHANGE_FEED_H_
