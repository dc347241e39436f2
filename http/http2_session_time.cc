// SPDX-License-Identifier: Apache-2.0
//
// What ends an HTTP/2 session or one of its streams: time, and the server.
#include <nghttp2/nghttp2.h>

#include <chrono>

#include "absl/time/time.h"
#include "http/http2_session.h"
#include "http/http2_stream.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/session.h"

namespace signet::http {
namespace {

// How long a client may go on with a request that has been answered.
constexpr std::chrono::seconds kStreamLingerTime{2};

}  // namespace

bool Http2Session::Sweep(MonotonicTime now) {
  if (closing_) return false;
  now_ = now;
  if (streams_.empty() &&
      now - idle_since_ >= absl::ToChronoNanoseconds(options_->idle_timeout)) {
    Terminate(NGHTTP2_NO_ERROR);
    return true;
  }
  bool late = false;
  for (const auto& stream : streams_) {
    if (!IsLate(*stream)) continue;
    late = true;
    switch (stream->state) {
      case Http2Stream::State::kBody:
        Refuse(*stream, Fault::kTimeout);
        break;
      case Http2Stream::State::kLingering:
        Reset(*stream, NGHTTP2_NO_ERROR);
        break;
      default:
        // Nothing can follow a field block that does not end, and an answer
        // that is not taken holds memory for as long as the peer likes.
        Terminate(NGHTTP2_NO_ERROR);
        return true;
    }
  }
  if (draining_ && !goaway_sent_) {
    // By now the requests that were on their way have come in.
    goaway_sent_ = true;
    nghttp2_submit_goaway(
        session_.get(), NGHTTP2_FLAG_NONE,
        nghttp2_session_get_last_proc_stream_id(session_.get()),
        NGHTTP2_NO_ERROR, nullptr, 0);
  }
  return late || draining_;
}

bool Http2Session::IsLate(const Http2Stream& stream) const {
  switch (stream.state) {
    case Http2Stream::State::kHead:
    case Http2Stream::State::kBody:
      return now_ - stream.since >=
             absl::ToChronoNanoseconds(options_->request_timeout);
    case Http2Stream::State::kWaiting:  // Those it waits for have a limit.
    case Http2Stream::State::kHandling:
      return false;
    case Http2Stream::State::kAnswered:
      return now_ - stream.since >=
             absl::ToChronoNanoseconds(options_->write_timeout);
    case Http2Stream::State::kLingering:
      return now_ - stream.since >= kStreamLingerTime;
  }
  return false;
}

void Http2Session::Drain(MonotonicTime now) {
  if (closing_ || draining_) return;
  now_ = now;
  draining_ = true;
  if (streams_.empty()) {
    Terminate(NGHTTP2_NO_ERROR);
  } else {
    nghttp2_submit_shutdown_notice(session_.get());
  }
}

void Http2Session::TurnAway(MonotonicTime now) {
  if (closing_) return;
  now_ = now;
  Terminate(NGHTTP2_ENHANCE_YOUR_CALM);
}

}  // namespace signet::http
