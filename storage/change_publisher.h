// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_CHANGE_PUBLISHER_H_
#define SIGNET_STORAGE_CHANGE_PUBLISHER_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "storage/changes.h"

namespace signet::storage {

// The subscribers of an engine that alone changes its database: counts the
// changes of this process and keeps none. Thread-safe.
class ChangePublisher {
 public:
  // As Store::Subscribe().
  void Subscribe(std::optional<uint64_t> position, ChangeSink sink);

  // Tells everybody, unless there is nothing to tell. Engines call it after a
  // commit, also after one whose outcome is unknown, and before the `done` of
  // any write that it holds; one call after another, in the order of commits.
  void Publish(const TokenChanges& changes);

 private:
  absl::Mutex mutex_;  // Held while sinks are called.
  uint64_t position_ ABSL_GUARDED_BY(mutex_) = 0;  // Of the latest notice.
  std::vector<ChangeSink> sinks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_CHANGE_PUBLISHER_H_
