// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_FEW_AT_ONCE_H_
#define SIGNET_SERVER_API_FEW_AT_ONCE_H_

#include <atomic>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"

namespace signet::api {

// Steps 0 to `count` - 1 of a long call, a few of them under way at a time, so
// that one call is no flood. `step` begins one and calls what it is given once
// it is over, at once or later, on any thread; it is thread-safe. Nothing
// waits, and steps that are over at once do not pile up on the stack. Lasts
// until all steps have begun.
class FewAtOnce : public std::enable_shared_from_this<FewAtOnce> {
 public:
  using Over = absl::AnyInvocable<void()>;
  using Step = absl::AnyInvocable<void(int, Over) const>;

  static void Run(int count, int at_once, Step step) {
    const auto all =
        std::make_shared<FewAtOnce>(Private(), count, std::move(step));
    for (int i = 0; i < at_once && i < count; ++i) all->Go();
  }

 private:
  struct Private {};

 public:
  FewAtOnce(Private, int count, Step step)
      : count_(count), step_(std::move(step)) {}

 private:
  void Go() {
    while (true) {
      const int number = next_.fetch_add(1);
      if (number >= count_) return;
      // Set by whichever comes first: that it is over, or that `step` returned.
      auto first = std::make_shared<std::atomic<bool>>(false);
      step_(number, [self = shared_from_this(), first] {
        if (first->exchange(true)) self->Go();
      });
      if (!first->exchange(true)) return;  // Goes on when it is over.
    }
  }

  const int count_;
  const Step step_;
  std::atomic<int> next_ = 0;
};

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_FEW_AT_ONCE_H_
