// SPDX-License-Identifier: Apache-2.0
#include "storage/change_publisher.h"

#include <utility>

namespace signet::storage {

void ChangePublisher::Subscribe(std::optional<uint64_t> position,
                                ChangeSink sink) {
  absl::MutexLock lock(&mutex_);
  if (position.has_value() && *position != position_) {
    sink({.position = position_, .everything = true, .changes = {}});
  }
  sinks_.push_back(std::move(sink));
}

void ChangePublisher::Publish(const TokenChanges& changes) {
  if (changes.empty()) return;
  absl::MutexLock lock(&mutex_);
  ++position_;
  for (const ChangeSink& sink : sinks_) {
    sink({.position = position_, .changes = changes});
  }
}

}  // namespace signet::storage
