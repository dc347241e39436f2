// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/secret.h"
#include "http/http1_session.h"
#include "http/http2_session.h"
#include "http/http_message.h"
#include "http/loop.h"
#include "http/output.h"
#include "http/session.h"
#include "http/wipe.h"

namespace signet::http {
namespace {

using boost::system::error_code;

// RFC 9113 section 3.4. No HTTP/1 request starts like this.
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// After the last answer the client gets this long, and may send this much,
// before the socket is closed: closed earlier, a reset could overtake the
// answer (RFC 9112 section 9.6).
constexpr std::chrono::seconds kLingerTime{2};
constexpr size_t kLingerBytes = 1 << 20;

// What a connection sends in one turn is about twice of what a loop's Output
// takes.
constexpr int kOutputsInATurn = 2;

Uuid NumberAsId(uint64_t number) {
  Uuid::Bytes bytes = {};
  for (int i = 0; i < 8; ++i) bytes[i] = number >> (8 * i) & 0xff;
  return Uuid(bytes);
}

// Of an IPv6 address the network, of which one client may have every address.
Uuid AddressAsId(const Connection::Socket& socket) {
  error_code error;
  const auto address = socket.remote_endpoint(error).address();
  if (error) return Uuid();
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    Uuid::Bytes network = address.to_v6().to_bytes();
    std::fill(network.begin() + 8, network.end(), 0);
    return Uuid(network);
  }
  return Uuid(boost::asio::ip::make_address_v6(
                  boost::asio::ip::v4_mapped,
                  address.is_v4()
                      ? address.to_v4()
                      : boost::asio::ip::make_address_v4(
                            boost::asio::ip::v4_mapped, address.to_v6()))
                  .to_bytes());
}

std::string Describe(const Connection::Socket& socket) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return "unknown";
  const std::string address = peer.address().to_string();
  return peer.address().is_v6() ? absl::StrCat("[", address, "]:", peer.port())
                                : absl::StrCat(address, ":", peer.port());
}

}  // namespace

Connection::Connection(Loop* loop, uint64_t number, Socket socket,
                       Quota::Ticket ticket, bool turn_away)
    : loop_(loop),
      socket_(std::move(socket)),
      ticket_(std::move(ticket)),
      turn_away_(turn_away),
      id_(NumberAsId(number)),
      peer_(Describe(socket_)),
      tenant_id_(AddressAsId(socket_)) {}

Connection::~Connection() = default;

void Connection::Start() {
  deadline_ =
      loop_->now() +
      (turn_away_
           ? std::chrono::nanoseconds(kLingerTime)
           : absl::ToChronoNanoseconds(loop_->options().request_timeout));
  AwaitReadable();
}

void Connection::AwaitReadable() {
  reading_ = true;
  socket_.async_wait(Socket::wait_read,
                     [self = shared_from_this()](const error_code& error) {
                       self->OnReady(error, Turn::kRead);
                     });
}

void Connection::AwaitWritable() {
  socket_.async_wait(Socket::wait_write,
                     [self = shared_from_this()](const error_code& error) {
                       self->OnReady(error, Turn::kWrite);
                     });
}

void Connection::OnReady(const error_code& error, Turn turn) {
  if (closed()) return;
  if (!error) return loop_->Wait(shared_from_this(), turn);
  loop_->BeginEvent();
  Close();
  loop_->EndEvent();
}

void Connection::Take(Turn turn) {
  switch (turn) {
    case Turn::kRead:
      reading_ = false;
      if (!closed()) OnReadable();
      return;
    case Turn::kWrite:
      if (!closed()) OnWritable();
      return;
    case Turn::kAnswers:
      return DeliverKept();
    case Turn::kSettle:
      settling_ = false;
      return loop_->SettleSoon(shared_from_this());
  }
}

void Connection::Keep(Answer answer) {
  kept_.push_back(std::move(answer));
  if (kept_.size() > 1) return;
  loop_->Wait(shared_from_this(), Turn::kAnswers);
}

void Connection::DeliverKept() {
  for (int i = 0; i < kAnswersInATurn && !kept_.empty(); ++i) {
    Answer answer = std::move(kept_.front());
    kept_.pop_front();
    Deliver(answer.stream, std::move(answer.response));
  }
  if (kept_.empty()) {
    std::deque<Answer>().swap(kept_);  // Idle, it holds no memory.
  } else {
    loop_->Wait(shared_from_this(), Turn::kAnswers);
  }
}

void Connection::OnReadable() {
  auto& buffer = loop_->input();
  const ptrdiff_t size = Read(buffer.data(), buffer.size());
  if (size < 0) return;
  if (state_ == State::kLingering) {
    discarded_bytes_ += size;
    discarded_bytes_ > kLingerBytes ? Close() : AwaitReadable();
  } else {
    if (size > 0) {
      Receive(std::string_view(buffer.data(), size));
    }
    loop_->SettleSoon(shared_from_this());
  }
  Wipe(std::span(reinterpret_cast<uint8_t*>(buffer.data()), size));
}

void Connection::Receive(std::string_view bytes) {
  if (session_ != nullptr) return session_->Receive(bytes, loop_->now());
  std::string joined;
  if (!opening_.empty()) {
    joined.reserve(opening_.size() + bytes.size());
    joined.append(opening_).append(bytes);
    bytes = joined;
  }
  const std::string_view start = bytes.substr(0, kHttp2Preface.size());
  if (start == kHttp2Preface) {
    session_ =
        std::make_unique<Http2Session>(this, &loop_->options(), loop_->now());
  } else if (kHttp2Preface.starts_with(start)) {
    opening_ = start;
    return;
  } else {
    session_ =
        std::make_unique<Http1Session>(this, &loop_->options(), loop_->now());
  }
  if (turn_away_) {
    session_->TurnAway(loop_->now());
  } else {
    session_->Receive(bytes, loop_->now());
  }
  Wipe(joined);
}

void Connection::Deliver(uint32_t stream, Response response) {
  --running_calls_;
  if (response.tenant_id != Uuid()) tenant_id_ = response.tenant_id;
  if (session_ == nullptr) {
    WipeIfSensitive(response);
    return;
  }
  session_->Respond(stream, std::move(response), loop_->now());
  loop_->SettleSoon(shared_from_this());
}

void Connection::Settle() {
  if (closed() || state_ == State::kLingering) return;
  if (session_ == nullptr) {
    if (!reading_) AwaitReadable();
    return;
  }
  if (pending_.empty() && !Flush()) return;
  switch (session_->phase()) {
    case Session::Phase::kAborted:
      return Close();
    case Session::Phase::kFinished:
      if (pending_.empty()) Linger();
      return;
    case Session::Phase::kOpen:
      // A client that does not read is not read from.
      if (pending_.empty() && !reading_ && session_->wants_input()) {
        AwaitReadable();
      }
      return;
  }
}

size_t Connection::unsent_bytes() const {
  return pending_.size() + (session_ == nullptr ? 0 : session_->unsent_bytes());
}

bool Connection::Flush() {
  Output& output = loop_->output();
  for (int outputs = 0;;) {
    session_->Produce(output);
    if (output.empty()) {
      if (session_->Flushed(loop_->now())) SettleInTurn();
      return true;
    }
    const std::string_view bytes = output.bytes();
    const ptrdiff_t sent = Write(bytes);
    if (sent >= 0 && static_cast<size_t>(sent) < bytes.size()) {
      pending_ = bytes.substr(sent);
      pending_sent_ = 0;
      pending_sensitive_ = output.sensitive();
      pending_since_ = loop_->now();
      AwaitWritable();
    }
    output.Clear();
    if (sent < 0) return false;
    if (!pending_.empty()) return true;
    if (++outputs == kOutputsInATurn) {
      SettleInTurn();
      return true;
    }
  }
}

void Connection::SettleInTurn() {
  if (std::exchange(settling_, true)) return;
  loop_->Wait(shared_from_this(), Turn::kSettle);
}

void Connection::OnWritable() {
  const ptrdiff_t sent =
      Write(std::string_view(pending_).substr(pending_sent_));
  if (sent < 0) return;
  pending_sent_ += sent;
  if (pending_sent_ < pending_.size()) return AwaitWritable();
  DropPending();
  loop_->SettleSoon(shared_from_this());
}

void Connection::DropPending() {
  if (pending_sensitive_) Wipe(pending_);
  std::string().swap(
      pending_);  // To assign an empty one would keep the memory.
}

void Connection::Sweep() {
  const MonotonicTime now = loop_->now();
  if (session_ == nullptr) {
    if (now >= deadline_) Close();
    return;
  }
  if (!pending_.empty() &&
      now - pending_since_ >=
          absl::ToChronoNanoseconds(loop_->options().write_timeout)) {
    return Close();
  }
  if (session_->Sweep(now)) loop_->SettleSoon(shared_from_this());
}

void Connection::Drain() {
  if (session_ == nullptr) {
    if (state_ == State::kOpen) Close();
    return;
  }
  idle_when_drained_ = session_->idle();
  session_->Drain(loop_->now());
  loop_->SettleSoon(shared_from_this());
}

void Connection::CutShort() {
  if (idle_when_drained_ && state_ == State::kLingering) Close();
}

void Connection::Linger() {
  session_.reset();
  state_ = State::kLingering;
  deadline_ = loop_->now() + kLingerTime;
  error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) return Close();
  if (!reading_) AwaitReadable();
}

void Connection::Close() {
  if (closed()) return;
  error_code ignored;
  socket_.close(ignored);
  session_.reset();
  Wipe(opening_);
  DropPending();
  loop_->Remove(*this);
}

ptrdiff_t Connection::Read(char* buffer, size_t size) {
  error_code error;
  const size_t moved =
      socket_.read_some(boost::asio::buffer(buffer, size), error);
  if (!error) return static_cast<ptrdiff_t>(moved);
  if (error == boost::asio::error::would_block ||
      error == boost::asio::error::interrupted) {
    return 0;
  }
  Close();
  return -1;
}

ptrdiff_t Connection::Write(std::string_view bytes) {
  error_code error;
  const size_t moved = socket_.write_some(
      boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (!error) return static_cast<ptrdiff_t>(moved);
  if (error == boost::asio::error::would_block ||
      error == boost::asio::error::interrupted) {
    return 0;
  }
  Close();
  return -1;
}

bool Connection::Call(uint32_t stream, Request& request) {
  if (running_calls_ >= loop_->options().max_concurrent_streams) return false;
  request.peer = peer_;
  if (!loop_->Call(shared_from_this(), stream, request)) {
    return false;
  }
  ++running_calls_;
  return true;
}

Response Connection::Refuse(Fault fault) {
  return loop_->handler().Refuse(fault, peer_);
}

std::string_view Connection::Date() { return loop_->Date(); }

Budget& Connection::budget() { return loop_->budget(); }

}  // namespace signet::http
