// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_IDENTITY_TIMING_DECOY_H_
#define SIGNET_SERVER_IDENTITY_TIMING_DECOY_H_

#include <atomic>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace signet::identity {

// Remembers the public id of some token that the store knows, to look it up
// where one is unknown: finding a row takes longer than finding none.
// Thread-safe.
class TimingDecoy {
 public:
  // A public id that was found. Free where one is remembered already.
  void Offer(std::string_view public_id);

  // The one remembered; a text that no store knows where there is none.
  std::string Get() const;

  // `public_id` was not found again: another one is wanted.
  void Forget(std::string_view public_id);

 private:
  std::atomic<bool> set_ = false;
  mutable absl::Mutex mutex_;
  std::string public_id_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace signet::identity

#endif  // SIGNET_SERVER_IDENTITY_TIMING_DECOY_H_
