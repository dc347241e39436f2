// SPDX-License-Identifier: Apache-2.0
#include "storage/store.h"

#include <utility>

#include "absl/synchronization/notification.h"

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

absl::Status ReadAndWait(Store& store, Store::ReadBody body, ReadKind kind) {
  Waiter waiter;
  store.Read(std::move(body), waiter.Completion(), {.kind = kind});
  return waiter.Wait();
}

absl::Status WriteAndWait(Store& store, Store::WriteBody body) {
  Waiter waiter;
  store.Write(std::move(body), waiter.Completion());
  return waiter.Wait();
}

}  // namespace signet::storage
