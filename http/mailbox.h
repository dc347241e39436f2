// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_MAILBOX_H_
#define SIGNET_HTTP_MAILBOX_H_

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
struct Letter {
  uint64_t call = 0;
  HttpResponse response;
};

// Answers from any thread to one loop. The loop is woken once for all letters
// that come before it looks. Shared with every answer still to come, so it
// outlives the loop; what arrives after Close is wiped and dropped.
// Thread-safe.
class Mailbox : public boost::intrusive_ref_counter<Mailbox> {
 public:
  // `wake` makes the loop call Collect soon. It is called under the mailbox's
  // lock, and not after Close.
  explicit Mailbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Put(Letter letter) ABSL_LOCKS_EXCLUDED(mutex_);

  // Puts the letters into `letters`, which must be empty, and keeps its room
  // for the next ones.
  void Collect(std::vector<Letter>& letters) ABSL_LOCKS_EXCLUDED(mutex_);

  // The same of a loop that is at work and will Collect again, unasked.
  void CollectSome(std::vector<Letter>& letters) ABSL_LOCKS_EXCLUDED(mutex_);

  // The loop is at work and will Collect in the end, unasked.
  void Awake() ABSL_LOCKS_EXCLUDED(mutex_);

  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Mutex mutex_;
  const std::function<void()> wake_;
  std::vector<Letter> letters_ ABSL_GUARDED_BY(mutex_);
  bool awake_ ABSL_GUARDED_BY(mutex_) = false;  // Collect is sure to be called.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// The `respond` of one call. Small enough to live inside HttpHandler::Respond
// without an allocation.
class Responder {
 public:
  Responder(boost::intrusive_ptr<Mailbox> mailbox, uint64_t call)
      : mailbox_(std::move(mailbox)), call_(call) {}

  void operator()(HttpResponse response) && {
    mailbox_->Put({call_, std::move(response)});
  }

 private:
  boost::intrusive_ptr<Mailbox> mailbox_;
  uint64_t call_;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_MAILBOX_H_
