// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_HTTP2_SESSION_H_
#define SIGNET_HTTP_HTTP2_SESSION_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "http/flood_guard.h"
#include "http/http2_stream.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/session.h"
#include "http/unsent_answers.h"

namespace signet::http {

// HTTP/2 on one connection (RFC 9113). nghttp2 frames, decodes HPACK, keeps
// stream states and enforces HTTP semantics (section 8); this class adds what
// bounds memory, time and work:
//   - A field section over max_field_bytes is 431; one that goes on far beyond,
//     on the wire or decoded, ends the connection.
//   - A stream's window is the body limit and is never refilled. Streams that
//     have arrived in part share kMaxBufferedBytes; who exceeds it is refused.
//   - Requests wait while the client does not take the answers there are; see
//     UnsentAnswers. So do those beyond kCallsInATurn of one Receive or
//     Flushed.
//   - A FloodGuard ends connections that only make work.
// Faults of one request are answered on its stream, which is then reset; the
// connection goes on.
class Http2Session final : public Session {
 public:
  static constexpr int kCallsInATurn = 32;

  // `host` and `options` outlive the session.
  Http2Session(SessionHost* host, const ServerOptions* options,
               MonotonicTime now);
  ~Http2Session() override;

  void Receive(std::string_view bytes, MonotonicTime now) override;
  void Respond(uint32_t stream, Response response, MonotonicTime now) override;
  void Produce(Output& out) override;
  bool Flushed(MonotonicTime now) override;
  bool Sweep(MonotonicTime now) override;
  void Drain(MonotonicTime now) override;
  void TurnAway(MonotonicTime now) override;
  bool wants_input() const override { return !closing_; }
  size_t unsent_bytes() const override { return unsent_.held(); }
  Phase phase() const override;
  bool idle() const override;

 private:
  friend struct Http2Callbacks;  // nghttp2's view of this class.

  struct DeleteSession {
    void operator()(nghttp2_session* session) const {
      nghttp2_session_del(session);
    }
  };

  // Events, as nghttp2 finds them. Those that return bool return false when the
  // connection must end with `doom_`.
  bool OnFrameHeader(const nghttp2_frame_hd& header);
  void OnFieldsBegin(const nghttp2_frame& frame);
  bool OnField(const nghttp2_frame& frame, std::string_view name,
               std::string_view value);
  void OnData(int32_t id, std::string_view bytes);
  bool OnFrame(const nghttp2_frame& frame);
  void OnFrameSent(const nghttp2_frame& frame);
  void OnStreamClosed(int32_t id);
  // False: not now, the output is full.
  bool SendData(Http2Stream& stream, std::string_view frame_header,
                size_t size);

  void OnHead(Http2Stream& stream);
  void Dispatch(Http2Stream& stream);
  bool DispatchWaiting();
  bool MayBegin() const { return begun_ < kCallsInATurn && unsent_.MayBegin(); }
  bool Charge(Http2Stream& stream, size_t bytes);
  void Refuse(Http2Stream& stream, Fault fault);
  void Answer(Http2Stream& stream, Response response);
  void Leave(Http2Stream& stream);
  void DropAnswer(Http2Stream& stream);
  void Reset(Http2Stream& stream, uint32_t error_code);
  bool Spend(int cost);
  bool Doom(uint32_t error_code);
  void Terminate(uint32_t error_code);

  Http2Stream* Find(int32_t id) const;
  bool IsLate(const Http2Stream& stream) const;

  SessionHost* const host_;
  const ServerOptions* const options_;
  std::vector<std::unique_ptr<Http2Stream>> streams_;
  std::unique_ptr<nghttp2_session, DeleteSession> session_;
  FloodGuard guard_;
  UnsentAnswers unsent_;
  std::deque<int32_t> waiting_;  // Streams, some of which may be gone.
  int begun_ = 0;                // Calls, in this turn.
  MonotonicTime now_;            // Of the event being dealt with.
  MonotonicTime idle_since_;     // While there are no streams.

  size_t block_bytes_ = 0;  // Of the present field block, on the wire.
  size_t buffered_bytes_ = 0;
  uint32_t doom_ = NGHTTP2_PROTOCOL_ERROR;
  bool closing_ = false;      // GOAWAY is said and nothing follows.
  bool draining_ = false;     // The first, friendly GOAWAY is said.
  bool goaway_sent_ = false;  // So is the second, with the last stream.
  bool overspent_ = false;    // The guard ran dry while sending.
  Output* out_ = nullptr;     // Set while producing.
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_HTTP2_SESSION_H_
