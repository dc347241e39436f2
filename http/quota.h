// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_QUOTA_H_
#define SIGNET_HTTP_QUOTA_H_

#include <atomic>
#include <utility>

namespace signet::http {

// A number of slots that threads take and leave. Thread-safe; outlives its
// tickets.
class Quota {
 public:
  explicit Quota(int slots) : left_(slots) {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  // A place, or none; left when destroyed.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept
        : quota_(std::exchange(other.quota_, nullptr)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(quota_, other.quota_);
      return *this;
    }
    ~Ticket() {
      if (quota_ != nullptr) {
        quota_->left_.fetch_add(1, std::memory_order_relaxed);
      }
    }

    explicit operator bool() const { return quota_ != nullptr; }

   private:
    friend class Quota;
    explicit Ticket(Quota* quota) : quota_(quota) {}
    Quota* quota_ = nullptr;
  };

  // Empty if all slots are taken.
  Ticket Take() {
    if (left_.fetch_sub(1, std::memory_order_relaxed) > 0) return Ticket(this);
    left_.fetch_add(1, std::memory_order_relaxed);
    return Ticket();
  }

 private:
  std::atomic<int> left_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_QUOTA_H_
