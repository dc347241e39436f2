// SPDX-License-Identifier: Apache-2.0
#include "server/identity/timing_decoy.h"

namespace signet::identity {

void TimingDecoy::Offer(std::string_view public_id) {
  if (set_.load(std::memory_order_relaxed)) return;
  absl::MutexLock lock(&mutex_);
  public_id_ = public_id;
  set_ = true;
}

std::string TimingDecoy::Get() const {
  absl::MutexLock lock(&mutex_);
  return public_id_;
}

void TimingDecoy::Forget(std::string_view public_id) {
  absl::MutexLock lock(&mutex_);
  if (public_id_ != public_id) return;
  public_id_.clear();
  set_ = false;
}

}  // namespace signet::identity
