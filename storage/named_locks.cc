// SPDX-License-Identifier: Apache-2.0
#include "storage/named_locks.h"

#include <utility>

namespace signet::storage {

class NamedLocks::Held final : public StoreLock {
 public:
  Held(NamedLocks* locks, std::string name)
      : locks_(locks), name_(std::move(name)) {}
  ~Held() override {
    absl::MutexLock lock(&locks_->mutex_);
    locks_->held_.erase(name_);
  }

 private:
  NamedLocks* const locks_;
  const std::string name_;
};

std::unique_ptr<StoreLock> NamedLocks::TryLock(std::string_view name) {
  std::string key(name);
  absl::MutexLock lock(&mutex_);
  if (!held_.insert(key).second) return nullptr;
  return std::make_unique<Held>(this, std::move(key));
}

}  // namespace signet::storage
