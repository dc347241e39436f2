// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_COMPLETION_QUEUE_H_
#define SIGNET_HTTP_COMPLETION_QUEUE_H_

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "http/http_message.h"

namespace signet::http {

// An answer on its way back to the loop that asked.
struct Completion {
  uint64_t call = 0;
  Response response;
};

// Answers from any thread to one loop. The loop is woken once for all
// completions that come before it looks. Shared with every answer still to
// come, so it outlives the loop; what arrives after Close is wiped and dropped.
// Thread-safe.
class CompletionQueue : public boost::intrusive_ref_counter<CompletionQueue> {
 public:
  // `wake` makes the loop call Collect soon. It is called under the queue's
  // lock, and not after Close.
  explicit CompletionQueue(std::function<void()> wake)
      : wake_(std::move(wake)) {}

  void Put(Completion completion) ABSL_LOCKS_EXCLUDED(mutex_);

  // Puts the completions into `completions`, which must be empty, and keeps its
  // room for the next ones.
  void Collect(std::vector<Completion>& completions)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The same of a loop that is at work and will Collect again, unasked.
  void CollectSome(std::vector<Completion>& completions)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The loop is at work and will Collect in the end, unasked.
  void Awake() ABSL_LOCKS_EXCLUDED(mutex_);

  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  const std::function<void()> wake_;
  std::vector<Completion> completions_ ABSL_GUARDED_BY(mutex_);
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;  // Collect is sure to be called.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// The `respond` of one call. Small enough to live inside Handler::Respond
// without an allocation.
class Responder {
 public:
  Responder(boost::intrusive_ptr<CompletionQueue> queue, uint64_t call)
      : completions_in_(std::move(queue)), call_(call) {}

  void operator()(Response response) && {
    completions_in_->Put({call_, std::move(response)});
  }

 private:
  boost::intrusive_ptr<CompletionQueue> completions_in_;
  uint64_t call_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_COMPLETION_QUEUE_H_
