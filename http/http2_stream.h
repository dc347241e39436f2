// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_HTTP2_STREAM_H_
#define SIGNET_HTTP_HTTP2_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "http/budget.h"
#include "http/http_message.h"
#include "http/session.h"
#include "http/wipe.h"

namespace signet::http {

// One request and its answer on an HTTP/2 connection. A plain value, but it
// wipes what may be secret.
struct Http2Stream {
  enum class State {
    kHead,       // Until the first field section has ended.
    kBody,       // Until END_STREAM.
    kWaiting,    // Whole, until the client has taken earlier answers.
    kHandling,   // Until the handler answers.
    kAnswered,   // Until the answer is sent.
    kLingering,  // The answer is sent, the request still comes.
  };

  Http2Stream(int32_t id, size_t index, Budget* budget, MonotonicTime now)
      : id(id), index(index), lease(budget), since(now) {}
  ~Http2Stream() {
    WipeRequest(request);
    WipeIfSensitive(response);
  }

  const int32_t id;
  size_t index;  // Its place in the session's list.
  State state = State::kHead;
  Budget::Lease lease;
  MonotonicTime since;  // Begin of arriving or of answering.

  Request request;
  std::string authority;
  size_t field_bytes = 0;  // As RFC 9113 section 10.5.1 counts them.

  bool is_head = false;
  Response response;
  size_t body_written = 0;
  size_t held_bytes = 0;  // By the answer, until it is sent.
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_HTTP2_STREAM_H_
