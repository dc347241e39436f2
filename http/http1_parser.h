// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_HTTP_HTTP1_PARSER_H_
#define SIGNET_HTTP_HTTP1_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/http_message.h"
#include "http/options.h"

namespace signet::http {

// Reads HTTP/1.0 and HTTP/1.1 requests (RFC 9112) from bytes that arrive in any
// pieces. Everything the RFC leaves to the server's tolerance is refused: bare
// LF, obs-fold, white space before a colon, repeated or list-valued
// Content-Length, Content-Length beside Transfer-Encoding, any coding but
// `chunked`. Chunk extensions and trailers are bounded, checked and dropped.
//
// Boost.Beast's parser is not used: it joins folded lines, gives trailers out
// as fields, takes `Transfer-Encoding: gzip` for "no body", and accepts the
// field in HTTP/1.0; each is a way to smuggle a request.
//
// Work is linear in the bytes received, however they are cut. Not thread-safe.
class Http1Parser {
 public:
  enum class Progress {
    kHead,      // In or before the head.
    kBody,      // The head is sound, the body not whole.
    kComplete,  // Take the request.
    kFault,     // No request; the connection cannot go on.
  };

  // `options` outlives the parser.
  explicit Http1Parser(const ServerOptions* options) : options_(options) {}
  ~Http1Parser();
  Http1Parser(const Http1Parser&) = delete;
  Http1Parser& operator=(const Http1Parser&) = delete;

  // Reads on, at most to the end of the request. Returns how many bytes belong
  // to it; the rest is the next request's.
  size_t Consume(std::string_view bytes);

  Progress progress() const { return progress_; }
  Fault fault() const { return fault_; }

  // Whether a byte of the present request has been seen.
  bool started() const { return started_; }
  // The client waits for 100 (Continue) before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  // The connection may serve another request after this one.
  bool keep_alive() const;
  // The request was HTTP/1.0, so that staying open must be said.
  bool is_http10() const { return http10_; }

  // The request when complete; the parser is then ready for the next one.
  Request TakeRequest();

 private:
  enum class Step {
    kRequestLine,
    kFieldLine,
    kFixedBody,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailerLine,
  };

  void ReadLines(std::string_view& bytes);
  void ReadBody(std::string_view& bytes);
  void OnLine(std::string_view line);
  size_t LineLimit() const;
  Fault LineTooLong() const;

  void OnRequestLine(std::string_view line);
  void OnFieldLine(std::string_view line);
  void OnFramingField(std::string_view name, std::string_view value);
  void OnHeadEnd();
  void OnChunkSize(std::string_view line);
  void OnTrailerLine(std::string_view line);

  void Fail(Fault fault);
  void Reset();

  const ServerOptions* const options_;
  Progress progress_ = Progress::kHead;
  Fault fault_ = Fault::kMalformed;
  Step step_ = Step::kRequestLine;
  Request request_;

  std::string partial_;       // A line that has not ended yet.
  size_t section_bytes_ = 0;  // Of the field or trailer section so far.
  size_t extension_bytes_ = 0;
  uint64_t body_left_ = 0;  // Of the fixed body or of the present chunk.
  uint64_t content_length_ = 0;

  bool started_ = false;
  bool http10_ = false;
  bool closes_ = false;  // Connection: close
  bool stays_ = false;   // Connection: keep-alive
  bool expects_continue_ = false;
  bool has_content_length_ = false;
  bool chunked_ = false;
  int hosts_ = 0;
};

}  // namespace signet::http

#endif  // SIGNET_HTTP_HTTP1_PARSER_H_
