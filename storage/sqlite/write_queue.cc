// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/write_queue.h"

#include <utility>

namespace signet {

WriteQueue::PushResult WriteQueue::Push(PendingWrite& write) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return PushResult::kClosed;
  if (writes_.size() >= capacity_) return PushResult::kFull;
  writes_.push_back(std::move(write));
  return PushResult::kAccepted;
}

bool WriteQueue::Take(size_t limit, std::vector<PendingWrite>& group) {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &WriteQueue::HasNews));
  while (!writes_.empty() && group.size() < limit) {
    group.push_back(std::move(writes_.front()));
    writes_.pop_front();
  }
  return !group.empty();
}

void WriteQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

}  // namespace signet
