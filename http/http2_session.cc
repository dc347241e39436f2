// SPDX-License-Identifier: Apache-2.0
#include "http/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "http/flood_guard.h"
#include "http/http2_callbacks.h"
#include "http/http2_stream.h"
#include "http/http_message.h"
#include "http/options.h"
#include "http/output.h"
#include "http/response_head.h"
#include "http/session.h"
#include "http/syntax.h"
#include "http/wipe.h"

namespace signet::http {
namespace {

// Requests of one connection that have arrived in part hold at most this much.
constexpr size_t kMaxBufferedBytes = 1 << 20;
constexpr int32_t kConnectionWindowBytes = 1 << 20;

// How far a field section may go beyond the limit and still be told 431 rather
// than cut off: 64 KiB of it must be. Decoding is cheap, but not without end.
constexpr size_t kFieldBytesSlack = 96 * 1024;

// A CONTINUATION frame costs at least this much of the same allowance, so that
// empty ones run out too.
constexpr size_t kMinContinuationBytes = 1024;

// RFC 9113 section 10.5.1, as in HPACK.
constexpr size_t kFieldOverheadBytes = 32;

// The head of an answer, and what belongs to each.
constexpr size_t kAnswerOverheadBytes = 1024;

nghttp2_nv Pair(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

ssize_t ReadBody(nghttp2_session*, int32_t, uint8_t*, size_t size,
                 uint32_t* flags, nghttp2_data_source* source, void*) {
  const auto& stream = *static_cast<const Http2Stream*>(source->ptr);
  const size_t left = stream.response.body.size() - stream.body_written;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (left <= size) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(std::min(left, size));
}

}  // namespace

Http2Session::Http2Session(SessionHost* host, const ServerOptions* options,
                           MonotonicTime now)
    : host_(host),
      options_(options),
      session_(NewNghttp2Session(this)),
      guard_(now),
      unsent_(options->max_unsent_bytes_per_connection),
      now_(now),
      idle_since_(now) {
  if (session_ == nullptr) {
    closing_ = true;
    return;
  }
  // One frame more than a body may have, so that a body too large is seen.
  const size_t window = std::clamp<size_t>(options->max_body_bytes + 16384,
                                           65535, NGHTTP2_MAX_WINDOW_SIZE);
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
       static_cast<uint32_t>(options->max_concurrent_streams)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<uint32_t>(options->max_field_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(),
                          settings.size());
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        kConnectionWindowBytes);
}

Http2Session::~Http2Session() = default;

Session::Phase Http2Session::phase() const {
  if (session_ == nullptr) return Phase::kAborted;
  if (nghttp2_session_want_write(session_.get()) != 0) return Phase::kOpen;
  return closing_ || nghttp2_session_want_read(session_.get()) == 0
             ? Phase::kFinished
             : Phase::kOpen;
}

bool Http2Session::idle() const { return streams_.empty(); }

void Http2Session::Receive(std::string_view bytes, MonotonicTime now) {
  if (closing_) return;
  now_ = now;
  begun_ = 0;
  const ssize_t taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const uint8_t*>(bytes.data()),
      bytes.size());
  if (taken < 0) Terminate(doom_);
}

bool Http2Session::OnFrameHeader(const nghttp2_frame_hd& header) {
  if (header.type == NGHTTP2_HEADERS) {
    block_bytes_ = header.length;
  } else if (header.type == NGHTTP2_CONTINUATION) {
    block_bytes_ += std::max(header.length, kMinContinuationBytes);
  }
  if (block_bytes_ > options_->max_field_bytes + kFieldBytesSlack) {
    return Doom(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  return true;
}

void Http2Session::OnFieldsBegin(const nghttp2_frame& frame) {
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) return;
  auto& stream = streams_.emplace_back(std::make_unique<Http2Stream>(
      frame.hd.stream_id, streams_.size(), &host_->budget(), now_));
  stream->request.fields.reserve(8);
  nghttp2_session_set_stream_user_data(session_.get(), frame.hd.stream_id,
                                       stream.get());
}

bool Http2Session::OnField(const nghttp2_frame& frame, std::string_view name,
                           std::string_view value) {
  Http2Stream* const stream = Find(frame.hd.stream_id);
  if (stream == nullptr) return true;
  stream->field_bytes += name.size() + value.size() + kFieldOverheadBytes;
  if (stream->field_bytes > options_->max_field_bytes + kFieldBytesSlack) {
    return Doom(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  Request& request = stream->request;
  // Trailers are looked at by nghttp2 alone. What goes beyond the limit is only
  // counted.
  if (stream->state != Http2Stream::State::kHead ||
      stream->field_bytes > options_->max_field_bytes) {
    return true;
  }
  if (!Charge(*stream, name.size() + value.size() + kFieldOverheadBytes)) {
    return true;
  }
  if (name == ":method") {
    request.method = value;
  } else if (name == ":path") {
    request.target = value;
  } else if (name == ":authority") {
    stream->authority = value;
  } else if (name.front() != ':') {
    Field& field = request.fields.emplace_back();
    field.name = name;
    field.value = TrimOws(value);
  }
  return true;
}

bool Http2Session::OnFrame(const nghttp2_frame& frame) {
  Http2Stream* const stream = Find(frame.hd.stream_id);
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      if (stream == nullptr) return true;
      if (stream->state == Http2Stream::State::kHead) OnHead(*stream);
      break;
    case NGHTTP2_DATA:
      if (frame.hd.length == 0 && !ends && !Spend(FloodGuard::kIdleFrame)) {
        return false;
      }
      break;
    case NGHTTP2_RST_STREAM:
      return Spend(FloodGuard::kReset);
    default:
      return Spend(FloodGuard::kIdleFrame);
  }
  if (ends && stream != nullptr && stream->state == Http2Stream::State::kBody) {
    Dispatch(*stream);
  }
  return true;
}

void Http2Session::OnHead(Http2Stream& stream) {
  Request& request = stream.request;
  stream.state = Http2Stream::State::kBody;
  stream.is_head = request.method == "HEAD";
  if (stream.field_bytes > options_->max_field_bytes ||
      request.fields.size() > kMaxFields) {
    return Refuse(stream, Fault::kFieldsTooLarge);
  }
  if (request.target.size() > options_->max_target_bytes) {
    return Refuse(stream, Fault::kTargetTooLong);
  }
  // CONNECT has no path, `OPTIONS *` none that is ours to serve.
  if (request.target.empty() || request.target.front() != '/' ||
      !ParseTarget(request.target)) {
    return Refuse(stream, Fault::kMalformed);
  }
  const auto hosts = request.Values("host");
  if (stream.authority.empty() && hosts.size() == 1) {
    stream.authority = hosts.front();
  }
  // A Host beside :authority must name the same (RFC 9113 section 8.3.1).
  if (!IsAuthority(stream.authority) || hosts.size() > 1 ||
      (hosts.size() == 1 &&
       !EqualsIgnoringCase(hosts.front(), stream.authority))) {
    return Reset(stream, NGHTTP2_PROTOCOL_ERROR);
  }
  if (hosts.empty()) {
    request.fields.push_back({"host", std::move(stream.authority)});
  }
  for (const std::string_view length : request.Values("content-length")) {
    uint64_t bytes = 0;  // nghttp2 has seen to it that it is a number.
    std::from_chars(length.data(), length.data() + length.size(), bytes);
    request.body_too_large = bytes > options_->max_body_bytes;
  }
  if (request.body_too_large) return Dispatch(stream);
  for (const std::string_view expectation : request.Values("expect")) {
    if (!EqualsIgnoringCase(expectation, "100-continue")) {
      return Refuse(stream, Fault::kExpectation);
    }
    const nghttp2_nv status = Pair(":status", "100");
    nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id,
                           nullptr, &status, 1, nullptr);
  }
}

void Http2Session::OnData(int32_t id, std::string_view bytes) {
  // The connection's window is refilled at once: kMaxBufferedBytes, not the
  // window, is what bounds memory, and it cannot lock up.
  nghttp2_session_consume_connection(session_.get(), bytes.size());
  Http2Stream* const stream = Find(id);
  if (stream == nullptr || stream->state != Http2Stream::State::kBody) return;
  Request& request = stream->request;
  if (bytes.size() > options_->max_body_bytes - request.body.size()) {
    Wipe(request.body);
    request.body_too_large = true;
    return Dispatch(*stream);
  }
  if (Charge(*stream, bytes.size())) AppendToBody(bytes, request.body);
}

// Takes memory for what `stream` brings, or refuses the stream: the client may
// try again, because nothing was done with it.
bool Http2Session::Charge(Http2Stream& stream, size_t bytes) {
  if (buffered_bytes_ + bytes > kMaxBufferedBytes ||
      !stream.lease.Grow(bytes)) {
    Reset(stream, NGHTTP2_REFUSED_STREAM);
    return false;
  }
  buffered_bytes_ += bytes;
  return true;
}

void Http2Session::Dispatch(Http2Stream& stream) {
  if (!MayBegin()) {
    stream.state = Http2Stream::State::kWaiting;
    waiting_.push_back(stream.id);
    return;
  }
  buffered_bytes_ -= stream.lease.held();
  stream.lease.Release();
  stream.state = Http2Stream::State::kHandling;
  unsent_.Begin();
  ++begun_;
  if (!host_->Call(static_cast<uint32_t>(stream.id), stream.request)) {
    Reset(stream, NGHTTP2_REFUSED_STREAM);
  }
}

// True: there may be something to produce.
bool Http2Session::DispatchWaiting() {
  const size_t before = waiting_.size();
  while (!waiting_.empty() && MayBegin()) {
    Http2Stream* const stream = Find(waiting_.front());
    waiting_.pop_front();
    if (stream != nullptr && stream->state == Http2Stream::State::kWaiting) {
      Dispatch(*stream);
    }
  }
  return waiting_.size() != before;
}

void Http2Session::Refuse(Http2Stream& stream, Fault fault) {
  Answer(stream, host_->Refuse(fault));
}

void Http2Session::Respond(uint32_t stream_id, Response response,
                           MonotonicTime now) {
  now_ = now;
  Http2Stream* const stream = Find(static_cast<int32_t>(stream_id));
  if (stream != nullptr && stream->state == Http2Stream::State::kHandling) {
    if (unsent_.Fits(response.body.capacity())) {
      Answer(*stream, std::move(response));
    } else {
      WipeIfSensitive(response);
      Refuse(*stream, Fault::kOverloaded);
    }
  } else {
    WipeIfSensitive(response);
  }
}

void Http2Session::Answer(Http2Stream& stream, Response response) {
  Leave(stream);
  stream.state = Http2Stream::State::kAnswered;
  stream.since = now_;
  stream.response = std::move(response);
  const Response& answer = stream.response;
  stream.held_bytes = answer.body.capacity() + kAnswerOverheadBytes;
  unsent_.Hold(stream.held_bytes);

  std::array<char, 12> status;
  std::array<char, 20> length;
  const auto number = [](auto& digits, size_t value) {
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    return std::string_view(digits.data(), end - digits.data());
  };
  std::vector<std::string> names;  // RFC 9113 section 8.2.1: in lower case.
  names.reserve(answer.fields.size());
  std::vector<nghttp2_nv> fields;
  fields.reserve(answer.fields.size() + 3);
  fields.push_back(Pair(":status", number(status, answer.status)));
  fields.push_back(Pair("date", host_->Date()));
  for (const Field& field : answer.fields) {
    if (!IsSendable(field)) continue;
    LowerCase(names.emplace_back(field.name));
    fields.push_back(Pair(names.back(), field.value));
  }
  const bool has_length = StatusHasBody(answer.status);
  if (has_length) {
    fields.push_back(
        Pair("content-length", number(length, answer.body.size())));
  }
  const bool has_body = has_length && !stream.is_head && !answer.body.empty();
  nghttp2_data_provider body;
  body.source.ptr = &stream;
  body.read_callback = ReadBody;
  nghttp2_submit_response(session_.get(), stream.id, fields.data(),
                          fields.size(), has_body ? &body : nullptr);
}

// Before its state becomes another.
void Http2Session::Leave(Http2Stream& stream) {
  if (stream.state == Http2Stream::State::kHandling) unsent_.End();
}

void Http2Session::DropAnswer(Http2Stream& stream) {
  unsent_.Release(std::exchange(stream.held_bytes, 0));
  Drop(stream.response);
}

bool Http2Session::SendData(Http2Stream& stream, std::string_view frame_header,
                            size_t size) {
  if (out_->room() == 0) return false;
  const std::string_view piece =
      std::string_view(stream.response.body).substr(stream.body_written, size);
  out_->Append(frame_header);
  if (stream.response.sensitive) {
    out_->AppendSensitive(piece);
  } else {
    out_->Append(piece);
  }
  stream.body_written += piece.size();
  guard_.Earn(FloodGuard::kDataFrame);
  return true;
}

void Http2Session::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_RST_STREAM) {
    if (frame.rst_stream.error_code == NGHTTP2_NO_ERROR) return;
    const bool ours = frame.rst_stream.error_code == NGHTTP2_REFUSED_STREAM;
    overspent_ |= !Spend(ours ? FloodGuard::kIdleFrame : FloodGuard::kReset);
    return;
  }
  const bool ends = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (!ends ||
      (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA)) {
    return;
  }
  guard_.Earn(FloodGuard::kAnswer);
  // An answer that did not wait for the whole request. To reset the stream now
  // is allowed (RFC 9113 section 8.1), but makes curl drop the answer.
  Http2Stream* const stream = Find(frame.hd.stream_id);
  if (stream != nullptr && nghttp2_session_get_stream_remote_close(
                               session_.get(), stream->id) == 0) {
    DropAnswer(*stream);
    stream->state = Http2Stream::State::kLingering;
    stream->since = now_;
  }
}

void Http2Session::OnStreamClosed(int32_t id) {
  Http2Stream* const stream = Find(id);
  if (stream == nullptr) return;
  buffered_bytes_ -= stream->lease.held();
  Leave(*stream);
  DropAnswer(*stream);
  const size_t index = stream->index;
  std::swap(streams_[index], streams_.back());
  streams_[index]->index = index;
  streams_.pop_back();
  if (streams_.empty()) idle_since_ = now_;
}

void Http2Session::Reset(Http2Stream& stream, uint32_t error_code) {
  Leave(stream);
  stream.state = Http2Stream::State::kAnswered;
  stream.since = now_;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id,
                            error_code);
}

Http2Stream* Http2Session::Find(int32_t id) const {
  return static_cast<Http2Stream*>(
      nghttp2_session_get_stream_user_data(session_.get(), id));
}

bool Http2Session::Spend(int cost) {
  return guard_.Spend(cost, now_) || Doom(NGHTTP2_ENHANCE_YOUR_CALM);
}

bool Http2Session::Doom(uint32_t error_code) {
  doom_ = error_code;
  return false;
}

void Http2Session::Terminate(uint32_t error_code) {
  closing_ = true;
  nghttp2_session_terminate_session(session_.get(), error_code);
}

void Http2Session::Produce(Output& out) {
  if (session_ == nullptr) return;
  out_ = &out;
  const uint8_t* bytes = nullptr;
  while (out.room() > 0) {
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size <= 0) break;
    out.Append(
        {reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)});
  }
  out_ = nullptr;
}

bool Http2Session::Flushed(MonotonicTime now) {
  now_ = now;
  begun_ = 0;
  if (closing_) return false;
  if (!overspent_ && !(draining_ && streams_.empty())) {
    return DispatchWaiting();
  }
  if (!overspent_) doom_ = NGHTTP2_NO_ERROR;
  Terminate(doom_);
  return true;
}

}  // namespace signet::http
