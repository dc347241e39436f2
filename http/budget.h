// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_BUDGET_H_
#define SIGNET_HTTP_BUDGET_H_

#include <cstddef>

namespace signet::http {

// An amount of memory that many share. Not thread-safe; outlives its leases.
class Budget {
 public:
  explicit Budget(size_t limit_bytes) : left_(limit_bytes) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // A share, given back when it ends.
  class Lease {
   public:
    explicit Lease(Budget* budget) : budget_(budget) {}
    ~Lease() { Release(); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    // False if there is not as much left; the lease then stays as it is.
    bool Grow(size_t bytes) {
      if (bytes > budget_->left_) return false;
      budget_->left_ -= bytes;
      held_ += bytes;
      return true;
    }

    void Release() {
      budget_->left_ += held_;
      held_ = 0;
    }

    size_t held() const { return held_; }

   private:
    Budget* const budget_;
    size_t held_ = 0;
  };

 private:
  size_t left_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_BUDGET_H_
