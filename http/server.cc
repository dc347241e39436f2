// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "http/listener.h"
#include "http/loop.h"
#include "http/quota.h"

namespace signet::http {
namespace {

// What a client has for closing a connection that nothing is asked on.
constexpr absl::Duration kIdleGrace = absl::Milliseconds(200);

class LoopedHttpServer final : public Server {
 public:
  LoopedHttpServer(const ServerOptions& options, Handler* handler,
                   const Clock* clock, Logger* logger)
      : options_(options),
        slots_(options.max_connections),
        calls_(options.max_running_calls) {
    const int threads =
        options.threads > 0
            ? options.threads
            : std::max<int>(1, std::thread::hardware_concurrency());
    for (int i = 0; i < threads; ++i) {
      loops_.push_back(std::make_unique<Loop>(
          &options_, options.max_buffered_bytes / threads,
          options.max_unsent_bytes / threads, &calls_, handler, clock, logger));
    }
  }

  ~LoopedHttpServer() override { Drain(absl::ZeroDuration()).IgnoreError(); }

  absl::Status Open(Logger* logger) {
    auto listener = Listener::Open(options_, loops_, &slots_, logger);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    for (const auto& loop : loops_) loop->Start();
    listener_->Start();
    absl::MutexLock lock(&mutex_);
    running_ = true;
    return absl::OkStatus();
  }

  uint16_t port() const override { return listener_->port(); }

  absl::Status Drain(absl::Duration grace) override {
    absl::MutexLock lock(&mutex_);
    if (!std::exchange(running_, false)) return absl::OkStatus();
    listener_->Stop();
    for (const auto& loop : loops_) loop->Drain();
    const absl::Time began = absl::Now();
    const auto await_empty = [this](absl::Time deadline) {
      bool empty = true;
      for (const auto& loop : loops_) empty &= loop->AwaitEmpty(deadline);
      return empty;
    };
    if (!await_empty(began + std::min(grace, kIdleGrace))) {
      for (const auto& loop : loops_) loop->CutShort();
    }
    const bool empty = await_empty(began + grace);
    for (const auto& loop : loops_) loop->Stop();
    return empty ? absl::OkStatus()
                 : absl::DeadlineExceededError(
                       "connections were cut off at the end of the drain");
  }

 private:
  const ServerOptions options_;
  ConnectionSlots slots_;
  Quota calls_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Listener> listener_;
  absl::Mutex mutex_;  // Held while draining.
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ServerOptions& options, Handler* handler, const Clock* clock,
    Logger* logger) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  auto server =
      std::make_unique<LoopedHttpServer>(options, handler, clock, logger);
  if (absl::Status status = server->Open(logger); !status.ok()) return status;
  return server;
}

}  // namespace signet::http
