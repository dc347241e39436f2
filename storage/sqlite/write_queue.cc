// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/write_queue.h"

#include <algorithm>
#include <utility>

namespace signet::sqlite {
namespace {

constexpr double kMoreRevocations = 0.25;

}  // namespace

WriteQueue::WriteQueue(size_t capacity)
    : writes_({.total = capacity,
               .of_one_tenant = std::max<size_t>(1, capacity / 2),
               .of_one_principal = std::max<size_t>(1, capacity / 4)}) {}

WriteQueue::PushResult WriteQueue::Push(
    PendingWrite& write, std::optional<PendingWrite>& pushed_out) {
  const WorkFor work_for = write.work_for;
  const double extra = write.revocation ? kMoreRevocations : 0;
  absl::MutexLock lock(&mutex_);
  if (closed_) return PushResult::kClosed;
  return writes_.Push(work_for, write, &pushed_out, extra)
             ? PushResult::kAccepted
             : PushResult::kFull;
}

bool WriteQueue::Take(std::vector<PendingWrite>& group) {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &WriteQueue::HasNews));
  if (writes_.empty()) return false;
  group.push_back(writes_.Pop());
  return true;
}

bool WriteQueue::TakeIfAny(std::vector<PendingWrite>& group) {
  absl::MutexLock lock(&mutex_);
  if (writes_.empty()) return false;
  group.push_back(writes_.Pop());
  return true;
}

void WriteQueue::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

bool WriteGathering::More() {
  using Clock = std::chrono::steady_clock;
  if (group_.size() >= limit_) return false;
  if (shared_since_.has_value() && Clock::now() - *shared_since_ >= kShared) {
    return false;
  }
  if (!queue_.TakeIfAny(group_)) return false;
  if (!shared_since_.has_value() &&
      group_.back().work_for.tenant_id != group_.front().work_for.tenant_id) {
    shared_since_ = Clock::now();
  }
  return true;
}

void WriteGathering::ForEachInTurn(absl::FunctionRef<void(PendingWrite&)> act) {
  if (!shared_since_.has_value()) {
    for (PendingWrite& write : group_) act(write);
    return;
  }
  FairQueue<PendingWrite*> turns({.total = group_.size(),
                                  .of_one_tenant = group_.size(),
                                  .of_one_principal = group_.size()});
  for (PendingWrite& write : group_) {
    PendingWrite* pointer = &write;
    turns.Push(write.work_for, pointer);
  }
  while (!turns.empty()) act(*turns.Pop());
}

}  // namespace signet::sqlite
