// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_HTTP1_SESSION_H_
#define SIGNET_HTTP_HTTP1_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/budget.h"
#include "http/http1_parser.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/session.h"

namespace signet::http {

// HTTP/1.1 and HTTP/1.0 on one connection (RFC 9112): one request at a time,
// answered before the next one is looked at. Pipelined requests wait in the
// socket, but for the rest of one read.
class Http1Session final : public Session {
 public:
  // `host` and `options` outlive the session.
  Http1Session(SessionHost* host, const ServerOptions* options,
               MonotonicTime now);
  ~Http1Session() override;

  void Receive(std::string_view bytes, MonotonicTime now) override;
  void Respond(uint32_t stream, Response response, MonotonicTime now) override;
  void Produce(Output& out) override;
  bool Flushed(MonotonicTime now) override;
  bool Sweep(MonotonicTime now) override;
  void Drain(MonotonicTime now) override;
  void TurnAway(MonotonicTime now) override;
  bool wants_input() const override { return state_ == State::kReading; }
  size_t unsent_bytes() const override {
    return state_ == State::kAnswering ? response_.body.capacity() : 0;
  }
  Phase phase() const override;
  bool idle() const override;

 private:
  enum class State {
    kReading,    // Until a request is whole.
    kHandling,   // Until the handler answers.
    kAnswering,  // Until the kernel has the answer.
    kFinished,
    kAborted,
  };

  void Advance(std::string_view bytes, MonotonicTime now);
  void Dispatch(MonotonicTime now);
  void Refuse(Fault fault, MonotonicTime now);
  void Answer(Response response, MonotonicTime now);

  SessionHost* const host_;
  const ServerOptions* const options_;
  Http1Parser parser_;
  Budget::Lease lease_;  // For the bytes of a request that is not whole yet.
  State state_ = State::kReading;
  MonotonicTime deadline_;  // Of the state; none while handling.

  std::string rest_;  // Came in one read behind the present request.
  Response response_;
  bool head_written_ = false;
  size_t body_written_ = 0;

  bool send_continue_ = false;
  bool is_head_ = false;    // The present request's method is HEAD.
  bool keep_alive_ = true;  // Stay open after the present answer.
  bool say_keep_alive_ = false;
  bool draining_ = false;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_HTTP1_SESSION_H_
