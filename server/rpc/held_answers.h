// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_HELD_ANSWERS_H_
#define SIGNET_SERVER_RPC_HELD_ANSWERS_H_

#include <cstddef>
#include <deque>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/steady_event.h"

namespace signet::rpc {

// Answers that say no more than "too much at once", held back for a moment: who
// asks again as soon as it is refused would otherwise take the processors that
// the others need, with refusals. Bounded: where too many are held, the one
// that has waited longest is given first. Thread-safe.
class HeldAnswers {
 public:
  // Gives one answer. Not to be held up.
  using Give = absl::AnyInvocable<void() &&>;

  // Each is held for about `hold`, and `limit` of them at most.
  HeldAnswers(absl::Duration hold, size_t limit);
  HeldAnswers(const HeldAnswers&) = delete;
  HeldAnswers& operator=(const HeldAnswers&) = delete;
  ~HeldAnswers();  // Gives all that are held.

  // Calls `give` once, on another thread or within a later Hold().
  void Hold(Give give);

 private:
  struct Held {
    SteadyEvent::Moment until;
    Give give;
  };

  void Run();
  // What is to be given by now, or all.
  std::deque<Held> TakeDue(bool all);
  SteadyEvent::Moment NextLook() const;

  const absl::Duration hold_;
  const size_t limit_;
  SteadyEvent changed_;
  mutable absl::Mutex mutex_;
  std::deque<Held> held_ ABSL_GUARDED_BY(mutex_);  // In order of `until`.
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // Last: it uses the others.
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_HELD_ANSWERS_H_
