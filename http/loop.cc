// SPDX-License-Identifier: Apache-2.0
#include "http/loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "http/connection.h"
#include "http/wipe.h"

namespace signet::http {
namespace {

// After so long the loop looks what else has come. To look more often would
// cost more, and find less of what a client sends in one go.
constexpr std::chrono::microseconds kBetweenLooks{250};

// Each connection waits for a turn of each kind at most once.
constexpr FairQueueLimits kAll = {
    .total = SIZE_MAX, .of_one_tenant = SIZE_MAX, .of_one_principal = SIZE_MAX};

// Fine enough for the shortest time limit to be kept within a quarter.
std::chrono::nanoseconds SweepPeriod(const ServerOptions& options) {
  const absl::Duration shortest = std::min(
      {options.request_timeout, options.write_timeout, options.idle_timeout});
  return absl::ToChronoNanoseconds(
      std::clamp(shortest / 4, absl::Milliseconds(5), absl::Seconds(1)));
}

}  // namespace

Loop::Loop(const ServerOptions* options, size_t buffered_bytes,
           size_t unsent_bytes, Quota* calls, Handler* handler,
           const Clock* clock, Logger* logger)
    : options_(options),
      calls_quota_(calls),
      handler_(handler),
      clock_(clock),
      logger_(logger),
      sweep_period_(SweepPeriod(*options)),
      io_(1),
      work_(io_.get_executor()),
      timer_(io_),
      completions_in_(new CompletionQueue([this] {
        boost::asio::post(io_, [this] {
          BeginEvent();
          EndEvent();
        });
      })),
      now_(std::chrono::steady_clock::now()),
      budget_(buffered_bytes),
      max_unsent_bytes_(unsent_bytes),
      waiting_(kAll) {}

Loop::~Loop() = default;

void Loop::Start() {
  SweepLater();
  thread_ = std::thread([this] { io_.run(); });
}

void Loop::Adopt(Connection::Socket socket, Quota::Ticket ticket,
                 bool turn_away) {
  {
    absl::MutexLock lock(&mutex_);
    ++connection_count_;
  }
  boost::asio::post(io_, [this, socket = std::move(socket),
                          ticket = std::move(ticket), turn_away]() mutable {
    now_ = std::chrono::steady_clock::now();
    auto connection = std::make_shared<Connection>(
        this, next_number_++, std::move(socket), std::move(ticket), turn_away);
    connection->list_index = connections_.size();
    connections_.push_back(connection);
    draining_ ? connection->Close() : connection->Start();
  });
}

void Loop::Drain() {
  boost::asio::post(io_, [this] {
    BeginEvent();
    draining_ = true;
    for (size_t i = connections_.size(); i-- > 0;) connections_[i]->Drain();
    EndEvent();
  });
}

void Loop::CutShort() {
  boost::asio::post(io_, [this] {
    for (size_t i = connections_.size(); i-- > 0;) connections_[i]->CutShort();
  });
}

bool Loop::AwaitEmpty(absl::Time deadline) {
  const auto empty = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return connection_count_ == 0;
  };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(&empty), deadline);
}

int Loop::connections() const {
  absl::MutexLock lock(&mutex_);
  return connection_count_;
}

void Loop::Stop() {
  boost::asio::post(io_, [this] {
    draining_ = true;
    stopped_ = true;
    completions_in_->Close();
    while (!connections_.empty()) connections_.back()->Close();
    timer_.cancel();
    work_.reset();
  });
  thread_.join();
}

void Loop::BeginEvent() {
  now_ = std::chrono::steady_clock::now();
  completions_in_->Awake();
}

void Loop::EndEvent() {
  for (;;) {
    Settle();
    completions_in_->Collect(completions_);
    if (completions_.empty()) return;
    // What happens here may call the handler again.
    completions_in_->Awake();
    DeliverCompletions();
  }
}

void Loop::Settle() {
  while (called_ || !unsettled_.empty()) {
    if (std::exchange(called_, false)) {
      completions_in_->CollectSome(completions_);
      DeliverCompletions();
    }
    for (size_t i = 0; i < unsettled_.size(); ++i) {
      unsettled_[i]->needs_settle = false;
      unsettled_[i]->Settle();
      CountUnsent(*unsettled_[i]);
    }
    unsettled_.clear();
    BoundUnsent();
  }
}

void Loop::DeliverCompletions() {
  for (Completion& completion : completions_) Deliver(completion);
  completions_.clear();
}

void Loop::Deliver(Completion& completion) {
  std::optional<CallTable::Call> call = calls_.Take(completion.call);
  if (!call.has_value()) return;
  Connection& connection = *call->connection;
  if (&connection == taking_turn_ &&
      answers_at_once_ < Connection::kAnswersInATurn) {
    ++answers_at_once_;
    connection.Deliver(call->stream, std::move(completion.response));
  } else {
    connection.Keep({.stream = call->stream,
                     .response = std::move(completion.response),
                     .ticket = std::move(call->ticket)});
  }
}

void Loop::Wait(std::shared_ptr<Connection> connection, Connection::Turn turn) {
  const WorkFor work_for = connection->work_for();
  Waiting waiting = {.connection = std::move(connection), .turn = turn};
  waiting_.Push(work_for, waiting);
  if (std::exchange(turns_are_due_, true)) return;
  boost::asio::post(io_, [this] { TakeTurns(); });
}

void Loop::TakeTurns() {
  BeginEvent();
  const MonotonicTime look_again = now_ + kBetweenLooks;
  while (!waiting_.empty()) {
    const Waiting next = waiting_.Pop();
    taking_turn_ = next.connection.get();
    answers_at_once_ = 0;
    next.connection->Take(next.turn);
    Settle();
    taking_turn_ = nullptr;
    if (std::chrono::steady_clock::now() >= look_again) break;
  }
  EndEvent();
  turns_are_due_ = !waiting_.empty();
  if (turns_are_due_) boost::asio::post(io_, [this] { TakeTurns(); });
}

bool Loop::Call(std::shared_ptr<Connection> connection, uint32_t stream,
                Request& request) {
  Quota::Ticket ticket = calls_quota_->Take();
  if (!ticket) return false;
  const uint64_t number =
      calls_.Add({std::move(connection), stream, std::move(ticket)});
  called_ = true;
  handler_->Handle(std::move(request), Responder(completions_in_, number));
  return true;
}

void Loop::SettleSoon(std::shared_ptr<Connection> connection) {
  if (std::exchange(connection->needs_settle, true)) return;
  unsettled_.push_back(std::move(connection));
}

void Loop::CountUnsent(Connection& connection) {
  const size_t bytes = connection.unsent_bytes();
  unsent_bytes_ += bytes - connection.counted_bytes;
  connection.counted_bytes = bytes;
}

// Who takes little holds little, so the others are unharmed.
void Loop::BoundUnsent() {
  while (unsent_bytes_ > max_unsent_bytes_ && !connections_.empty()) {
    const std::shared_ptr<Connection> most =
        *std::max_element(connections_.begin(), connections_.end(),
                          [](const auto& a, const auto& b) {
                            return a->counted_bytes < b->counted_bytes;
                          });
    most->Close();
    const std::optional<int64_t> omitted = complaints_.Pass(clock_->Now());
    if (!omitted.has_value()) continue;
    logger_->Warning(
        "answers that clients do not take hold too much memory; the "
        "connection that holds most was closed",
        {{"omitted", *omitted}});
  }
}

void Loop::Remove(Connection& connection) {
  unsent_bytes_ -= std::exchange(connection.counted_bytes, 0);
  const size_t index = connection.list_index;
  connections_.back()->list_index = index;
  std::swap(connections_[index], connections_.back());
  connections_.pop_back();
  absl::MutexLock lock(&mutex_);
  --connection_count_;
}

void Loop::SweepLater() {
  timer_.expires_after(sweep_period_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    // Cancelling comes too late for a sweep that is already due.
    if (!error && !stopped_) Sweep();
  });
}

void Loop::Sweep() {
  BeginEvent();
  // Backwards, because one that closes is replaced by the last.
  for (size_t i = connections_.size(); i-- > 0;) connections_[i]->Sweep();
  EndEvent();
  SweepLater();
}

}  // namespace signet::http
