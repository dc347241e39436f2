// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_HOLDING_STORE_H_
#define SIGNET_TESTS_SUPPORT_HOLDING_STORE_H_

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "storage/memory/memory_store.h"
#include "storage/store.h"

namespace signet {

// A memory store whose writes, from Hold() on, wait for Release(). Thread-safe.
class HoldingStore final : public storage::Store {
 public:
  void Hold() {
    absl::MutexLock lock(&mutex_);
    holding_ = true;
  }

  // Blocks until `count` writes wait. False: they did not within ten seconds.
  bool AwaitHeld(size_t count) {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
      return held_.size() >= count;
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&enough), absl::Seconds(10));
  }

  // Blocks until every waiting write has been given up by its caller. False:
  // that did not happen within ten seconds.
  bool AwaitExpired() {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (absl::Now() < end) {
      if (AllExpired()) return true;
      absl::SleepFor(absl::Milliseconds(1));
    }
    return false;
  }

  // Does the waiting writes, on this thread, and those to come at once.
  void Release() {
    std::vector<Held> writes;
    {
      absl::MutexLock lock(&mutex_);
      holding_ = false;
      writes.swap(held_);
    }
    for (Held& write : writes) Forward(std::move(write));
  }

  // How many writes have been committed.
  int committed() const { return committed_; }

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    inner_.Read(std::move(body), std::move(done), std::move(options));
  }
  void Write(WriteBody body, Done done,
             storage::WriteOptions options = {}) override {
    Held write = {std::move(body), std::move(done), std::move(options)};
    {
      absl::MutexLock lock(&mutex_);
      if (holding_) {
        held_.push_back(std::move(write));
        return;
      }
    }
    Forward(std::move(write));
  }
  absl::Status Health() const override { return inner_.Health(); }
  void Drain() override { inner_.Drain(); }

 private:
  struct Held {
    WriteBody body;
    Done done;
    storage::WriteOptions options;
  };

  void Forward(Held write) {
    inner_.Write(
        std::move(write.body),
        [this, done = std::move(write.done)](absl::Status status) mutable {
          if (status.ok()) ++committed_;
          std::move(done)(std::move(status));
        },
        std::move(write.options));
  }

  bool AllExpired() {
    absl::MutexLock lock(&mutex_);
    for (Held& write : held_) {
      storage::Expired& expired = write.options.expired;
      if (expired == nullptr || !expired()) return false;
    }
    return true;
  }

  memory::MemoryStore inner_;
  std::atomic<int> committed_ = 0;
  absl::Mutex mutex_;
  bool holding_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Held> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_HOLDING_STORE_H_
