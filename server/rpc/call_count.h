// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_RPC_CALL_COUNT_H_
#define SIGNET_SERVER_RPC_CALL_COUNT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace signet::rpc {

// What a server is at work on: calls, and the questions of a stream, so that
// one that stops can tell whether anything goes on. Thread-safe.
class CallCount {
 public:
  void Begin() { ++begun_; }
  // Before the answer is given to gRPC, which may then take the server apart.
  void End() { ++ended_; }

  // How many have begun, if all of them have ended. Equal answers: nothing went
  // on in between.
  std::optional<uint64_t> BegunIfIdle() const {
    const uint64_t ended = ended_;  // First: more may end meanwhile.
    const uint64_t begun = begun_;
    if (ended != begun) return std::nullopt;
    return begun;
  }

 private:
  std::atomic<uint64_t> begun_ = 0;
  std::atomic<uint64_t> ended_ = 0;
};

// Counts a call for as long as it lives.
class RunningCall {
 public:
  explicit RunningCall(std::shared_ptr<CallCount> count)
      : count_(std::move(count)) {
    count_->Begin();
  }
  RunningCall(RunningCall&&) noexcept = default;
  RunningCall& operator=(RunningCall&&) = delete;
  ~RunningCall() {
    if (count_ != nullptr) count_->End();
  }

 private:
  std::shared_ptr<CallCount> count_;  // Null once moved from.
};

}  // namespace signet::rpc

#endif  // SIGNET_SERVER_RPC_CALL_COUNT_H_
