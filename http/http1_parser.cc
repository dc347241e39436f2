// SPDX-License-Identifier: Apache-2.0
#include "http/http1_parser.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/secret.h"
#include "http/http_message.h"
#include "http/syntax.h"
#include "http/wipe.h"

namespace signet::http {
namespace {

constexpr size_t kMaxMethodBytes = 32;
constexpr size_t kVersionBytes = 8;      // HTTP/1.1
constexpr size_t kMaxLengthDigits = 18;  // Any such number fits 64 bits.
constexpr size_t kMaxChunkSizeDigits = 8;
constexpr size_t kMaxChunkLineBytes = 256;
constexpr size_t kMaxExtensionBytes = 4096;  // Of all chunks of one body.

// A field line taken apart, or nothing (RFC 9112 section 5).
std::optional<std::pair<std::string_view, std::string_view>> SplitField(
    std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = TrimOws(line.substr(colon + 1));
  // White space before the colon, or in front of the line as in obs-fold, is no
  // tchar.
  if (!IsToken(name) || !IsFieldValue(value)) return std::nullopt;
  return std::pair(name, value);
}

bool LooksLikeVersion(std::string_view text) {
  return text.size() == kVersionBytes && text.substr(0, 5) == "HTTP/" &&
         absl::ascii_isdigit(text[5]) && text[6] == '.' &&
         absl::ascii_isdigit(text[7]);
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Http1Parser::~Http1Parser() {
  Wipe(partial_);
  WipeRequest(request_);
}

size_t Http1Parser::Consume(std::string_view bytes) {
  const size_t size = bytes.size();
  while (!bytes.empty() && progress_ < Progress::kComplete) {
    started_ = true;
    if (step_ == Step::kFixedBody || step_ == Step::kChunkData) {
      ReadBody(bytes);
    } else {
      ReadLines(bytes);
    }
  }
  return size - bytes.size();
}

void Http1Parser::ReadLines(std::string_view& bytes) {
  // Anyone who speaks another protocol, TLS say, may never send a line's end.
  if (step_ == Step::kRequestLine && partial_.empty() &&
      bytes.front() != '\r' && !IsToken(bytes.substr(0, 1))) {
    return Fail(Fault::kMalformed);
  }
  const size_t end = bytes.find('\n');
  const size_t taken = std::min(end, bytes.size() - 1) + 1;
  if (partial_.size() + taken > LineLimit()) return Fail(LineTooLong());
  std::string_view line = bytes.substr(0, taken);
  bytes.remove_prefix(taken);
  if (end == std::string_view::npos) {
    partial_.append(line);
    return;
  }
  const bool joined = !partial_.empty();
  if (joined) {
    partial_.append(line);
    line = partial_;
  }
  // Anyone who takes a bare LF for a line's end may see another request here
  // than a proxy in front did (RFC 9112 section 2.2 leaves the choice).
  if (line.size() < 2 || line[line.size() - 2] != '\r') {
    Fail(Fault::kMalformed);
  } else {
    OnLine(line.substr(0, line.size() - 2));
  }
  if (joined) Wipe(partial_);
}

// With its CRLF.
size_t Http1Parser::LineLimit() const {
  switch (step_) {
    case Step::kRequestLine:
      return kMaxMethodBytes + options_->max_target_bytes + kVersionBytes + 4;
    case Step::kFieldLine:
    case Step::kTrailerLine:
      return std::max(options_->max_field_bytes, section_bytes_ + 2) -
             section_bytes_;
    case Step::kChunkSize:
      return kMaxChunkLineBytes;
    case Step::kChunkEnd:
    case Step::kFixedBody:
    case Step::kChunkData:
      return 2;
  }
  return 2;
}

Fault Http1Parser::LineTooLong() const {
  switch (step_) {
    case Step::kRequestLine:
      return Fault::kTargetTooLong;
    case Step::kFieldLine:
    case Step::kTrailerLine:
      return Fault::kFieldsTooLarge;
    default:
      return Fault::kMalformed;
  }
}

void Http1Parser::OnLine(std::string_view line) {
  switch (step_) {
    case Step::kRequestLine:
      return OnRequestLine(line);
    case Step::kFieldLine:
      section_bytes_ += line.size() + 2;
      return line.empty() ? OnHeadEnd() : OnFieldLine(line);
    case Step::kChunkSize:
      return OnChunkSize(line);
    case Step::kChunkEnd:
      if (!line.empty()) return Fail(Fault::kMalformed);
      step_ = Step::kChunkSize;
      return;
    case Step::kTrailerLine:
      section_bytes_ += line.size() + 2;
      return OnTrailerLine(line);
    case Step::kFixedBody:
    case Step::kChunkData:
      return;
  }
}

void Http1Parser::OnRequestLine(std::string_view line) {
  // One empty line before a request is forgiven (RFC 9112 section 2.2).
  if (line.empty() && section_bytes_ == 0) {
    section_bytes_ = 2;
    return;
  }
  section_bytes_ = 0;
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == last) return Fail(Fault::kMalformed);  // HTTP/0.9, or noise.
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (method.size() > kMaxMethodBytes || !IsToken(method) ||
      !LooksLikeVersion(version)) {
    return Fail(Fault::kMalformed);
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Fail(Fault::kVersion);
  }
  if (target.size() > options_->max_target_bytes) {
    return Fail(Fault::kTargetTooLong);
  }
  if (!ParseTarget(target)) return Fail(Fault::kMalformed);
  http10_ = version == "HTTP/1.0";
  request_.method = method;
  request_.target = target;
  request_.fields.reserve(8);
  step_ = Step::kFieldLine;
}

void Http1Parser::OnFieldLine(std::string_view line) {
  if (request_.fields.size() == kMaxFields) {
    return Fail(Fault::kFieldsTooLarge);
  }
  const auto field = SplitField(line);
  if (!field) return Fail(Fault::kMalformed);
  Field& kept = request_.fields.emplace_back();
  kept.name = field->first;
  kept.value = field->second;
  LowerCase(kept.name);
  OnFramingField(kept.name, kept.value);
}

void Http1Parser::OnFramingField(std::string_view name,
                                 std::string_view value) {
  if (name == "content-length") {
    if (has_content_length_ || value.empty() ||
        value.size() > kMaxLengthDigits) {
      return Fail(Fault::kMalformed);
    }
    has_content_length_ = true;
    for (const char c : value) {
      if (!absl::ascii_isdigit(c)) return Fail(Fault::kMalformed);
      content_length_ = content_length_ * 10 + (c - '0');
    }
  } else if (name == "transfer-encoding") {
    if (chunked_ || http10_ || !EqualsIgnoringCase(value, "chunked")) {
      return Fail(Fault::kMalformed);
    }
    chunked_ = true;
  } else if (name == "host") {
    if (++hosts_ > 1 || !IsAuthority(value)) Fail(Fault::kMalformed);
  } else if (name == "connection") {
    // `close` wins over whatever else is said (RFC 9112 section 9.3).
    closes_ = closes_ || ListHas(value, "close");
    stays_ = stays_ || ListHas(value, "keep-alive");
  } else if (name == "expect") {
    if (http10_) return;  // Ignored there (RFC 9110 section 10.1.1).
    if (!EqualsIgnoringCase(value, "100-continue")) {
      return Fail(Fault::kExpectation);
    }
    expects_continue_ = true;
  }
}

void Http1Parser::OnHeadEnd() {
  if ((has_content_length_ && chunked_) || (hosts_ == 0 && !http10_)) {
    return Fail(Fault::kMalformed);
  }
  const Target target = *ParseTarget(request_.target);
  if (!target.authority.empty()) {
    // The target's authority replaces Host (RFC 9112 section 3.2.2).
    for (Field& field : request_.fields) {
      if (field.name == "host") field.value = target.authority;
    }
    std::string origin(target.path_and_query);
    if (origin.empty() || origin.front() == '?') origin.insert(0, 1, '/');
    request_.target = std::move(origin);
  }
  section_bytes_ = 0;
  progress_ = Progress::kBody;
  if (chunked_) {
    step_ = Step::kChunkSize;
    return;
  }
  step_ = Step::kFixedBody;
  body_left_ = content_length_;
  request_.body_too_large = content_length_ > options_->max_body_bytes;
  if (request_.body_too_large || body_left_ == 0) {
    progress_ = Progress::kComplete;
  }
}

void Http1Parser::ReadBody(std::string_view& bytes) {
  const size_t taken = std::min<uint64_t>(body_left_, bytes.size());
  AppendToBody(bytes.substr(0, taken), request_.body);
  bytes.remove_prefix(taken);
  body_left_ -= taken;
  if (body_left_ > 0) return;
  if (chunked_) {
    step_ = Step::kChunkEnd;
  } else {
    progress_ = Progress::kComplete;
  }
}

void Http1Parser::OnChunkSize(std::string_view line) {
  size_t digits = 0;
  uint64_t size = 0;
  while (digits < line.size() && HexDigit(line[digits]) >= 0) {
    if (digits == kMaxChunkSizeDigits) return Fail(Fault::kMalformed);
    size = size * 16 + HexDigit(line[digits++]);
  }
  const std::string_view extension = line.substr(digits);
  extension_bytes_ += extension.size();
  if (digits == 0 || (!extension.empty() && extension.front() != ';') ||
      !IsFieldValue(extension) || extension_bytes_ > kMaxExtensionBytes) {
    return Fail(Fault::kMalformed);
  }
  if (size == 0) {
    step_ = Step::kTrailerLine;
    return;
  }
  if (size > options_->max_body_bytes - request_.body.size()) {
    Wipe(request_.body);
    request_.body_too_large = true;
    progress_ = Progress::kComplete;
    return;
  }
  body_left_ = size;
  step_ = Step::kChunkData;
}

void Http1Parser::OnTrailerLine(std::string_view line) {
  if (line.empty()) {
    progress_ = Progress::kComplete;
  } else if (!SplitField(line)) {
    Fail(Fault::kMalformed);
  }
}

bool Http1Parser::keep_alive() const {
  return !closes_ && (stays_ || !http10_) && !request_.body_too_large;
}

Request Http1Parser::TakeRequest() {
  Request request = std::move(request_);
  Reset();
  return request;
}

void Http1Parser::Fail(Fault fault) {
  progress_ = Progress::kFault;
  fault_ = fault;
}

void Http1Parser::Reset() {
  progress_ = Progress::kHead;
  step_ = Step::kRequestLine;
  request_ = Request();
  section_bytes_ = extension_bytes_ = 0;
  body_left_ = content_length_ = 0;
  started_ = http10_ = expects_continue_ = false;
  closes_ = stays_ = false;
  has_content_length_ = chunked_ = false;
  hosts_ = 0;
}

}  // namespace signet::http
