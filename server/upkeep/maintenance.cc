// SPDX-License-Identifier: Apache-2.0
#include "server/upkeep/maintenance.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/rfc3339.h"
#include "server/upkeep/watermark.h"

namespace signet::upkeep {
namespace {

using Moment = SteadyEvent::Moment;

// Between two flushes: a read that took a row from before the first may still
// ask for what the second forgets.
constexpr absl::Duration kFlushPause = absl::Milliseconds(100);

}  // namespace

void Maintenance::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Maintenance::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  last_uses_->Wake();
  if (thread_.joinable()) thread_.join();
  Flush(/*at_the_end=*/true);
}

void Maintenance::RunOnce() {
  WatchClock();
  Flush();
  KeepHouse();
}

void Maintenance::Loop() {
  Moment now = std::chrono::steady_clock::now();
  Moment next_housekeeping = now;
  Moment next_flush = now;  // The mark of time, should this end soon.
  Moment next_watch = now;
  Moment earliest_flush = now;
  while (true) {
    const Moment next = std::min({next_housekeeping, next_flush, next_watch});
    if (last_uses_->AwaitPressure(next)) {
      next_flush = std::min(next_flush, earliest_flush);
    }
    if (stopping()) return;
    now = std::chrono::steady_clock::now();
    if (now >= next_watch) {
      WatchClock();
      next_watch = SteadyEvent::In(options_.clock_interval);
    }
    if (now >= next_flush) {
      const bool written = Flush();
      now = std::chrono::steady_clock::now();
      earliest_flush = SteadyEvent::In(kFlushPause);
      // What was written takes up its room until the next one.
      next_flush = written && last_uses_->IsCrowded()
                       ? earliest_flush
                       : SteadyEvent::In(options_.flush_interval);
    }
    if (now >= next_housekeeping) {
      KeepHouse();
      now = std::chrono::steady_clock::now();
      next_housekeeping = SteadyEvent::In(options_.housekeeping_interval);
    }
  }
}

bool Maintenance::Flush(bool at_the_end) {
  absl::Status status = last_uses_->Flush(*store_);
  if (status.ok()) {
    status = storage::WriteAndWait(
        *store_, [mark = clock_->Mark()](storage::WriteTxn& txn) {
          return SetForward(txn, kTimeWatermark, mark);
        });
  }
  if (status.ok()) {
    if (const int failed = std::exchange(failed_flushes_, 0); failed > 0) {
      logger_->Info(
          "last uses of tokens and the mark of time are written again",
          {{"failed", failed}});
    }
    return true;
  }
  if (++failed_flushes_ == 1 || at_the_end) {
    logger_->Warning("last uses of tokens and the mark of time are not written",
                     {{"code", CodeName(status.code())},
                      {"error", std::string(status.message())},
                      {"failed", failed_flushes_}});
  }
  return false;
}

void Maintenance::WatchClock() {
  const TrustedClock::News news = clock_->Observe();
  if (news.jump != absl::ZeroDuration()) {
    logger_->Warning("the wall clock was set",
                     {{"by_ms", absl::ToInt64Milliseconds(news.jump)},
                      {"judged_by", FormatRfc3339(clock_->Now())},
                      {"mark", FormatRfc3339(clock_->Mark())}});
  }
  if (news.taken_over != absl::ZeroDuration()) {
    logger_->Warning(
        "the mark of time follows the wall clock, which has been "
        "ahead of it for an hour",
        {{"by_ms", absl::ToInt64Milliseconds(news.taken_over)}});
  }
}

void Maintenance::KeepHouse() {
  housekeeping_.Run(clock_->Settled(), [this] { return stopping(); });
}

bool Maintenance::stopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

}  // namespace signet::upkeep
