// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/held_answers.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace signet::rpc {

HeldAnswers::HeldAnswers(absl::Duration hold, size_t limit)
    : hold_(hold), limit_(limit), thread_([this] { Run(); }) {}

HeldAnswers::~HeldAnswers() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  changed_.Set();
  thread_.join();
}

void HeldAnswers::Hold(Give give) {
  bool first = false;
  Give longest = nullptr;
  {
    absl::MutexLock lock(&mutex_);
    first = held_.empty();
    held_.push_back({.until = SteadyEvent::In(hold_), .give = std::move(give)});
    if (held_.size() > limit_) {
      longest = std::move(held_.front().give);
      held_.pop_front();
    }
  }
  if (first) changed_.Set();
  if (longest != nullptr) std::move(longest)();
}

void HeldAnswers::Run() {
  for (bool ending = false; !ending;) {
    changed_.AwaitUntil(NextLook());
    {
      absl::MutexLock lock(&mutex_);
      ending = ending_;
    }
    for (Held& due : TakeDue(/*all=*/ending)) std::move(due.give)();
  }
}

// Looks seldom, and so gives many at a time.
SteadyEvent::Moment HeldAnswers::NextLook() const {
  absl::MutexLock lock(&mutex_);
  if (held_.empty()) return SteadyEvent::In(absl::InfiniteDuration());
  return std::max(held_.front().until, SteadyEvent::In(hold_ / 10));
}

std::deque<HeldAnswers::Held> HeldAnswers::TakeDue(bool all) {
  const SteadyEvent::Moment now = std::chrono::steady_clock::now();
  std::deque<Held> due;
  absl::MutexLock lock(&mutex_);
  while (!held_.empty() && (all || held_.front().until <= now)) {
    due.push_back(std::move(held_.front()));
    held_.pop_front();
  }
  return due;
}

}  // namespace signet::rpc
