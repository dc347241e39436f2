// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_SLOW_PARTS_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_SLOW_PARTS_H_

#include <future>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gateway/backend.h"
#include "server/identity/authenticator.h"

namespace signet::rpc {

// Parts of a server that answer one question, so long behind it and on a thread
// of their own.

class SlowAuthenticator final : public identity::Authenticator {
 public:
  SlowAuthenticator(identity::Authenticator* behind, absl::Duration delay)
      : behind_(behind), delay_(delay) {}

  void Authenticate(const identity::Credential& credential, absl::Time now,
                    Done done) override {
    answering_ = std::async(
        std::launch::async, [this, token = std::string(credential.token()), now,
                             done = std::move(done)]() mutable {
          asked.Notify();
          absl::SleepFor(delay_);
          behind_->Authenticate(*identity::Credential::FromToken(token), now,
                                std::move(done));
        });
  }

  absl::Notification asked;

 private:
  identity::Authenticator* const behind_;
  const absl::Duration delay_;
  std::future<void> answering_;  // Waits for it when it is destroyed.
};

class SlowBackend final : public gateway::Backend {
 public:
  SlowBackend(gateway::Backend* behind, absl::Duration delay)
      : behind_(behind), delay_(delay) {}

  void Call(gateway::BackendCall call, Done done) override {
    answering_ = std::async(
        std::launch::async,
        [this, call = std::move(call), done = std::move(done)]() mutable {
          asked.Notify();
          absl::SleepFor(delay_);
          behind_->Call(std::move(call), std::move(done));
        });
  }

  absl::Notification asked;

 private:
  gateway::Backend* const behind_;
  const absl::Duration delay_;
  std::future<void> answering_;  // Waits for it when it is destroyed.
};

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_SLOW_PARTS_H_
