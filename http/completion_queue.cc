// SPDX-License-Identifier: Apache-2.0
#include "http/completion_queue.h"

#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "http/wipe.h"

namespace signet::http {

void CompletionQueue::Put(Completion completion) {
  absl::MutexLock lock(&mutex_);
  if (closed_) {
    WipeIfSensitive(completion.response);
    return;
  }
  completions_.push_back(std::move(completion));
  if (!std::exchange(awake_, true)) wake_();
}

void CompletionQueue::Collect(std::vector<Completion>& completions) {
  absl::MutexLock lock(&mutex_);
  completions_.swap(completions);
  awake_ = false;
}

void CompletionQueue::CollectSome(std::vector<Completion>& completions) {
  absl::MutexLock lock(&mutex_);
  completions_.swap(completions);
}

void CompletionQueue::Awake() {
  absl::MutexLock lock(&mutex_);
  awake_ = true;
}

void CompletionQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  for (Completion& completion : completions_)
    WipeIfSensitive(completion.response);
  completions_.clear();
}

}  // namespace signet::http
