// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_STORAGE_NAMED_LOCKS_H_
#define SIGNET_STORAGE_NAMED_LOCKS_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "storage/store.h"

namespace signet::storage {

// The locks of an engine whose database this process has to itself.
// Thread-safe.
class NamedLocks {
 public:
  // As Store::TryLock(); null: somebody has it.
  std::unique_ptr<StoreLock> TryLock(std::string_view name);

 private:
  class Held;

  absl::Mutex mutex_;
  absl::flat_hash_set<std::string> held_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::storage

#endif  // SIGNET_STORAGE_NAMED_LOCKS_H_
