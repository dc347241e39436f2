// SPDX-License-Identifier: Apache-2.0
#include "http/http1_session.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "base/secret.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/response_head.h"
#include "http/session.h"
#include "http/wipe.h"

namespace signet::http {

Http1Session::Http1Session(SessionHost* host, const ServerOptions* options,
                           MonotonicTime now)
    : host_(host),
      options_(options),
      parser_(options),
      lease_(&host->budget()),
      deadline_(now + absl::ToChronoNanoseconds(options->request_timeout)) {}

Http1Session::~Http1Session() {
  Wipe(rest_);
  WipeIfSensitive(response_);
}

Session::Phase Http1Session::phase() const {
  switch (state_) {
    case State::kFinished:
      return Phase::kFinished;
    case State::kAborted:
      return Phase::kAborted;
    default:
      return Phase::kOpen;
  }
}

bool Http1Session::idle() const {
  return state_ == State::kReading && !parser_.started();
}

void Http1Session::Receive(std::string_view bytes, MonotonicTime now) {
  if (state_ == State::kReading) Advance(bytes, now);
}

void Http1Session::Advance(std::string_view bytes, MonotonicTime now) {
  if (!parser_.started()) {
    deadline_ = now + absl::ToChronoNanoseconds(options_->request_timeout);
  }
  const bool in_body = parser_.progress() == Http1Parser::Progress::kBody;
  const size_t consumed = parser_.Consume(bytes);
  switch (parser_.progress()) {
    case Http1Parser::Progress::kFault:
      return Refuse(parser_.fault(), now);
    case Http1Parser::Progress::kComplete:
      rest_ = bytes.substr(consumed);
      return Dispatch(now);
    case Http1Parser::Progress::kBody:
      send_continue_ = !in_body && parser_.expects_continue();
      break;
    case Http1Parser::Progress::kHead:
      break;
  }
  if (!lease_.Grow(consumed)) Refuse(Fault::kOverloaded, now);
}

void Http1Session::Dispatch(MonotonicTime now) {
  lease_.Release();
  keep_alive_ = parser_.keep_alive();
  say_keep_alive_ = keep_alive_ && parser_.is_http10();
  Request request = parser_.TakeRequest();
  is_head_ = request.method == "HEAD";
  state_ = State::kHandling;
  if (!host_->Call(0, request)) {
    WipeRequest(request);
    Refuse(Fault::kOverloaded, now);
  }
}

void Http1Session::Refuse(Fault fault, MonotonicTime now) {
  lease_.Release();
  keep_alive_ = false;
  Answer(host_->Refuse(fault), now);
}

void Http1Session::Respond(uint32_t /*stream*/, Response response,
                           MonotonicTime now) {
  if (state_ == State::kHandling) {
    Answer(std::move(response), now);
  } else {
    WipeIfSensitive(response);
  }
}

void Http1Session::Answer(Response response, MonotonicTime now) {
  response_ = std::move(response);
  head_written_ = false;
  body_written_ = 0;
  if (draining_) keep_alive_ = false;
  state_ = State::kAnswering;
  deadline_ = now + absl::ToChronoNanoseconds(options_->write_timeout);
}

void Http1Session::Produce(Output& out) {
  if (std::exchange(send_continue_, false) && state_ == State::kReading) {
    out.Append("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (state_ != State::kAnswering) return;
  if (!head_written_) {
    AppendResponseHead(response_, host_->Date(),
                       !keep_alive_      ? ConnectionOption::kClose
                       : say_keep_alive_ ? ConnectionOption::kKeepAlive
                                         : ConnectionOption::kNone,
                       out);
    head_written_ = true;
    if (is_head_ || !StatusHasBody(response_.status)) {
      body_written_ = response_.body.size();
    }
  }
  const std::string_view piece =
      std::string_view(response_.body).substr(body_written_, out.room());
  body_written_ += piece.size();
  if (response_.sensitive) {
    out.AppendSensitive(piece);
  } else {
    out.Append(piece);
  }
}

bool Http1Session::Flushed(MonotonicTime now) {
  if (state_ != State::kAnswering || !head_written_ ||
      body_written_ < response_.body.size()) {
    return false;
  }
  Drop(response_);
  is_head_ = false;
  if (!keep_alive_ || draining_) {
    state_ = State::kFinished;
    return false;
  }
  state_ = State::kReading;
  deadline_ = now + absl::ToChronoNanoseconds(options_->idle_timeout);
  if (rest_.empty()) return false;
  std::string bytes = std::move(rest_);
  rest_.clear();
  Advance(bytes, now);
  Wipe(bytes);
  return true;
}

bool Http1Session::Sweep(MonotonicTime now) {
  if (now < deadline_) return false;
  if (state_ == State::kAnswering) {
    state_ = State::kAborted;
  } else if (state_ == State::kReading && parser_.started()) {
    Refuse(Fault::kTimeout, now);
  } else if (state_ == State::kReading) {
    state_ = State::kFinished;
  }
  return true;
}

void Http1Session::Drain(MonotonicTime /*now*/) {
  draining_ = true;
  if (idle()) state_ = State::kFinished;
}

void Http1Session::TurnAway(MonotonicTime now) {
  Refuse(Fault::kOverloaded, now);
}

}  // namespace signet::http
