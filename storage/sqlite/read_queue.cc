// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite/read_queue.h"

#include <utility>

namespace signet::sqlite {
namespace {

// The queue that this thread is about to take from, once it has ended the read
// that it took last. So it needs nobody woken for the first that it pushes
// meanwhile, as where one question leads to the next.
thread_local const ReadQueue* about_to_take_from = nullptr;

}  // namespace

ReadQueue::ReadQueue(const ReadLimits& limits)
    : identifications_({.total = limits.identifications,
                        .of_one_tenant = limits.identifications,
                        .of_one_principal = limits.identifications}),
      lookups_(limits.lookups),
      scans_(limits.scans) {}

ReadQueue::~ReadQueue() {
  if (about_to_take_from == this) about_to_take_from = nullptr;
}

ReadQueue::PushResult ReadQueue::Push(const WorkFor& work_for,
                                      storage::ReadKind kind, PendingRead& read,
                                      std::optional<PendingRead>& pushed_out) {
  const bool scan = kind == storage::ReadKind::kScan;
  absl::MutexLock lock(&mutex_);
  if (closed_) return PushResult::kClosed;
  FairQueue<PendingRead>& queue = scan ? scans_
                                  : kind == storage::ReadKind::kIdentify
                                      ? identifications_
                                      : lookups_;
  if (!queue.Push(work_for, read, &pushed_out)) return PushResult::kFull;
  if (!scan && about_to_take_from == this) {
    about_to_take_from = nullptr;
    return PushResult::kAccepted;
  }
  if (!WakeOne(scan ? for_scans_ : for_lookups_)) WakeOne(for_all_);
  return PushResult::kAccepted;
}

std::optional<PendingRead> ReadQueue::Take(Takes takes) {
  about_to_take_from = nullptr;
  absl::MutexLock lock(&mutex_);
  Sleepers& sleepers = takes == Takes::kAll     ? for_all_
                       : takes == Takes::kScans ? for_scans_
                                                : for_lookups_;
  while (!closed_) {
    std::optional<PendingRead> read = TakeNow(takes);
    if (read.has_value()) {
      if (takes != Takes::kScans) about_to_take_from = this;
      return read;
    }
    Sleeper self;
    sleepers.push_back(&self);
    while (!self.awake) self.wake.Wait(&mutex_);
  }
  return std::nullopt;
}

bool ReadQueue::WakeOne(Sleepers& sleepers) {
  if (sleepers.empty()) return false;
  Sleeper* const sleeper = sleepers.back();
  sleepers.pop_back();
  sleeper->awake = true;
  sleeper->wake.Signal();
  return true;
}

std::optional<PendingRead> ReadQueue::TakeNow(Takes takes) {
  if (takes != Takes::kScans && HasShort()) {
    const bool lookup =
        identifications_.empty() || (lookup_is_next_ && !lookups_.empty());
    lookup_is_next_ = !lookup;
    return (lookup ? lookups_ : identifications_).Pop();
  }
  if (takes != Takes::kLookups && !scans_.empty()) return scans_.Pop();
  return std::nullopt;
}

std::vector<PendingRead> ReadQueue::Close() {
  std::vector<PendingRead> left;
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  for (FairQueue<PendingRead>* queue :
       {&identifications_, &lookups_, &scans_}) {
    while (!queue->empty()) left.push_back(queue->Pop());
  }
  for (Sleepers* sleepers : {&for_lookups_, &for_scans_, &for_all_}) {
    while (WakeOne(*sleepers)) {
    }
  }
  return left;
}

}  // namespace signet::sqlite
