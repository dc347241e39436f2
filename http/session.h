// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_SESSION_H_
#define SIGNET_HTTP_SESSION_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/budget.h"
#include "http/http_message.h"
#include "http/output.h"

namespace signet::http {

// Deadlines are kept on a clock that nobody sets.
using MonotonicTime = std::chrono::steady_clock::time_point;

// What a session needs from the connection it is spoken on.
class SessionHost {
 public:
  virtual ~SessionHost() = default;

  // Hands `request` to the handler, which takes it over. The answer comes to
  // Session::Respond with `stream`, never from inside this call. False: too
  // many calls are running; the request is left as it is.
  virtual bool Call(uint32_t stream, Request& request) = 0;

  // The handler's answer to a fault.
  virtual Response Refuse(Fault fault) = 0;

  // The value of the Date field now (RFC 9110 section 6.6.1).
  virtual std::string_view Date() = 0;

  // What requests that have arrived in part may hold in memory.
  virtual Budget& budget() = 0;
};

// One version of HTTP on one connection: bytes in, bytes out, calls to a host.
// It knows no socket and reads no clock, so TLS or a test can stand on either
// side. Used by one thread.
class Session {
 public:
  enum class Phase {
    kOpen,
    kFinished,  // Nothing follows what has been produced.
    kAborted,   // Waiting is over: close without more ado.
  };

  virtual ~Session() = default;

  // Takes bytes from the client; only called while wants_input().
  virtual void Receive(std::string_view bytes, MonotonicTime now) = 0;

  // Takes the answer to a call, or drops it if its stream is gone.
  virtual void Respond(uint32_t stream, Response response,
                       MonotonicTime now) = 0;

  // Appends what is to be sent, as far as `out` has room.
  virtual void Produce(Output& out) = 0;

  // The kernel has taken everything produced so far. True: there may be more to
  // produce now.
  virtual bool Flushed(MonotonicTime now) = 0;

  // Called every now and then to act on deadlines that have passed. True: one
  // has, so there may be something to produce.
  virtual bool Sweep(MonotonicTime now) = 0;

  // Finishes what is under way and then the session.
  virtual void Drain(MonotonicTime now) = 0;

  // Whether nothing is under way: no request has come in part, or waits for its
  // answer or for that to be sent.
  virtual bool idle() const = 0;

  // Turns the client away, because there are too many connections. The only
  // call but Produce and Flushed that such a session sees.
  virtual void TurnAway(MonotonicTime now) = 0;

  virtual bool wants_input() const = 0;

  // What answers hold in memory that the client has not taken yet.
  virtual size_t unsent_bytes() const = 0;

  virtual Phase phase() const = 0;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_SESSION_H_
