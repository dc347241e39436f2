// SPDX-License-Identifier: Apache-2.0
#include "storage/store.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/error.h"

namespace signet::storage {
namespace {

// The completion handed to a store, and the wait for it.
class Waiter {
 public:
  Store::Done Completion() {
    return [this](absl::Status status) {
      status_ = std::move(status);
      finished_.Notify();
    };
  }
  absl::Status Wait() {
    finished_.WaitForNotification();
    return std::move(status_);
  }

 private:
  absl::Status status_;
  absl::Notification finished_;
};

}  // namespace

absl::Status CallerGoneError() {
  return absl::DeadlineExceededError("the caller has gone");
}

absl::Status WriteConflictError() {
  return MakeError(
      absl::StatusCode::kUnavailable,
      "others changed the same at the same time; try again",
      {.reason = "WRITE_CONFLICT", .retry_after = absl::Milliseconds(100)});
}

absl::Status ReadAndWait(Store& store, Store::ReadBody body, ReadKind kind) {
  Waiter waiter;
  store.Read(std::move(body), waiter.Completion(), {.kind = kind});
  return waiter.Wait();
}

absl::Status WriteAndWait(Store& store, Store::WriteBody body,
                          WriteOptions options) {
  Waiter waiter;
  store.Write(std::move(body), waiter.Completion(), std::move(options));
  return waiter.Wait();
}

}  // namespace signet::storage
