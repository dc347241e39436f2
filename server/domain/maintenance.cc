// SPDX-License-Identifier: Apache-2.0
#include "server/domain/maintenance.h"

#include <algorithm>
#include <string>

#include "server/base/error.h"

namespace signet {

void Maintenance::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Maintenance::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
  Flush();
}

void Maintenance::RunOnce(absl::Time now) {
  Flush();
  housekeeping_.Run(now, [this] { return stopping(); });
}

void Maintenance::Loop() {
  absl::Duration until_housekeeping = absl::ZeroDuration();
  absl::Duration until_flush = options_.flush_interval;
  while (true) {
    const absl::Duration wait = std::min(until_housekeeping, until_flush);
    if (!WaitFor(wait)) return;
    until_housekeeping -= wait;
    until_flush -= wait;
    if (until_flush <= absl::ZeroDuration()) {
      Flush();
      until_flush = options_.flush_interval;
    }
    if (until_housekeeping <= absl::ZeroDuration()) {
      housekeeping_.Run(clock_->Now(), [this] { return stopping(); });
      until_housekeeping = options_.housekeeping_interval;
    }
  }
}

void Maintenance::Flush() {
  const absl::Status status = last_uses_->Flush(*store_);
  if (status.ok()) return;
  logger_->Warning("last uses of tokens are not written yet",
                   {{"code", CodeName(status.code())},
                    {"error", std::string(status.message())}});
}

bool Maintenance::stopping() {
  absl::MutexLock lock(&mutex_);
  return stopping_;
}

bool Maintenance::WaitFor(absl::Duration time) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(&stopping_), time);
}

}  // namespace signet
