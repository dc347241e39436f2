// SPDX-License-Identifier: Apache-2.0
#include "server/domain/maintenance.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "server/base/error.h"

namespace signet {
namespace {

using Moment = std::chrono::steady_clock::time_point;

// Between two flushes: a read that took a row from before the first may still
// ask for what the second forgets.
constexpr absl::Duration kFlushPause = absl::Milliseconds(100);

Moment After(Moment moment, absl::Duration time) {
  // Any longer is as good as never, and would not fit.
  return moment +
         absl::ToChronoNanoseconds(std::min(time, absl::Hours(24 * 365)));
}

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
  Flush();
}

void Maintenance::RunOnce(absl::Time now) {
  Flush();
  housekeeping_.Run(now, [this] { return stopping(); });
}

void Maintenance::Loop() {
  Moment now = std::chrono::steady_clock::now();
  Moment next_housekeeping = now;
  Moment next_flush = After(now, options_.flush_interval);
  Moment earliest_flush = now;
  while (true) {
    const Moment next = std::min(next_housekeeping, next_flush);
    if (last_uses_->AwaitPressure(absl::FromChrono(next - now))) {
      next_flush = std::min(next_flush, earliest_flush);
    }
    if (stopping()) return;
    now = std::chrono::steady_clock::now();
    if (now >= next_flush) {
      const bool written = Flush();
      now = std::chrono::steady_clock::now();
      earliest_flush = After(now, kFlushPause);
      // What was written takes up its room until the next one.
      next_flush = written && last_uses_->IsCrowded()
                       ? earliest_flush
                       : After(now, options_.flush_interval);
    }
    if (now >= next_housekeeping) {
      housekeeping_.Run(clock_->Now(), [this] { return stopping(); });
      now = std::chrono::steady_clock::now();
      next_housekeeping = After(now, options_.housekeeping_interval);
    }
  }
}

bool Maintenance::Flush() {
  const absl::Status status = last_uses_->Flush(*store_);
  if (status.ok()) return true;
  logger_->Warning("last uses of tokens are not written yet",
                   {{"code", CodeName(status.code())},
                    {"error", std::string(status.message())}});
  return false;
}

bool Maintenance::stopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

}  // namespace signet
