// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_LOOP_H_
#define SIGNET_HTTP_LOOP_H_

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/fair_queue.h"
#include "base/log.h"
#include "base/throttle.h"
#include "http/budget.h"
#include "http/call_table.h"
#include "http/completion_queue.h"
#include "http/connection.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/quota.h"
#include "http/response_head.h"
#include "http/session.h"

namespace signet::http {

// A thread with an event loop and the connections it serves. What connections
// share without locks lives here: buffers, the table of running calls, one
// timer that sweeps them all.
//
// What is to be done for connections is done in turns, each a small piece of
// work: by turns of the tenants that call on them, and of each by turns of its
// connections (see FairQueue). Every quarter of a millisecond it looks what
// else has come, so a client that brings little does not wait for the backlog
// of others.
class Loop {
 public:
  // All arguments outlive the loop. `calls` is shared between loops.
  Loop(const ServerOptions* options, size_t buffered_bytes, size_t unsent_bytes,
       Quota* calls, Handler* handler, const Clock* clock, Logger* logger);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Start();

  // Any thread:

  // Serves a connected socket; see Connection.
  void Adopt(Connection::Socket socket, Quota::Ticket ticket, bool turn_away)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Finishes every connection; new ones are closed.
  void Drain();
  // Lets go of connections that were idle when the drain began, and which their
  // clients have not closed since.
  void CutShort();
  // Whether the last connection has gone by `deadline`.
  bool AwaitEmpty(absl::Time deadline) ABSL_LOCKS_EXCLUDED(mutex_);
  // Cuts every connection off and ends the thread. Call once, after Start.
  void Stop();
  int connections() const ABSL_LOCKS_EXCLUDED(mutex_);
  boost::asio::io_context& io() { return io_; }

  // The loop's thread only:

  const ServerOptions& options() const { return *options_; }
  Handler& handler() { return *handler_; }
  Budget& budget() { return budget_; }
  Output& output() { return output_; }
  std::array<char, 64 * 1024>& input() { return input_; }
  std::string_view Date() { return date_.At(clock_->Now()); }
  MonotonicTime now() const { return now_; }

  // To be called around each event: the first notes the time, the second
  // takes in answers and sends what there is.
  void BeginEvent();
  void EndEvent();

  // Lets the connection do `turn` when it is its turn.
  void Wait(std::shared_ptr<Connection> connection, Connection::Turn turn);

  // Runs the handler. False: too many calls are running.
  bool Call(std::shared_ptr<Connection> connection, uint32_t stream,
            Request& request);
  void SettleSoon(std::shared_ptr<Connection> connection);
  void Remove(Connection& connection) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What waits for its turn.
  struct Waiting {
    std::shared_ptr<Connection> connection = nullptr;
    Connection::Turn turn = Connection::Turn::kRead;
  };

  void TakeTurns();
  // Takes in the answers that have come at once, and sends what there is.
  void Settle();
  void DeliverCompletions();
  void Deliver(Completion& completion);
  void CountUnsent(Connection& connection);
  void BoundUnsent();
  void SweepLater();
  void Sweep();

  const ServerOptions* const options_;
  Quota* const calls_quota_;
  Handler* const handler_;
  const Clock* const clock_;
  Logger* const logger_;
  const std::chrono::nanoseconds sweep_period_;

  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      work_;
  boost::asio::steady_timer timer_;
  const boost::intrusive_ptr<CompletionQueue> completions_in_;
  std::thread thread_;
  mutable absl::Mutex mutex_;
  int connection_count_ ABSL_GUARDED_BY(mutex_) = 0;

  MonotonicTime now_;
  DateCache date_;
  Budget budget_;
  const size_t max_unsent_bytes_;
  size_t unsent_bytes_ = 0;
  Throttle complaints_;
  std::array<char, 64 * 1024> input_;
  Output output_;
  std::vector<Completion> completions_;
  CallTable calls_;
  uint64_t next_number_ = 1;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> unsettled_;
  FairQueue<Waiting> waiting_;
  bool turns_are_due_ = false;  // TakeTurns is sure to be called.
  // Whose turn it is. Some answers to what it asks come at once, and are part
  // of the turn.
  const Connection* taking_turn_ = nullptr;
  int answers_at_once_ = 0;
  bool called_ = false;  // So that there may be an answer already.
  bool draining_ = false;
  bool stopped_ = false;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_LOOP_H_
