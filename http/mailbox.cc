// SPDX-License-Identifier: Apache-2.0
#include "http/mailbox.h"

#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "http/wipe.h"

namespace signet::http {

void Mailbox::Put(Letter letter) {
  absl::MutexLock lock(&mutex_);
  if (closed_) {
    WipeIfSensitive(letter.response);
    return;
  }
  letters_.push_back(std::move(letter));
  if (!std::exchange(awake_, true)) wake_();
}

void Mailbox::Collect(std::vector<Letter>& letters) {
  absl::MutexLock lock(&mutex_);
  letters_.swap(letters);
  awake_ = false;
}

void Mailbox::CollectSome(std::vector<Letter>& letters) {
  absl::MutexLock lock(&mutex_);
  letters_.swap(letters);
}

void Mailbox::Awake() {
  absl::MutexLock lock(&mutex_);
  awake_ = true;
}

void Mailbox::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  for (Letter& letter : letters_) WipeIfSensitive(letter.response);
  letters_.clear();
}

}  // namespace signet::http
