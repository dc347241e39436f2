// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "http/http_message.h"
#include "http/output.h"
#include "http/syntax.h"

namespace signet::http {
namespace {

// RFC 9110 section 15. The phrase means nothing to a client; it is for people.
std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

void AppendNumber(uint64_t number, Output& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.Append(std::string_view(digits, end - digits));
}

}  // namespace

bool StatusHasBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

bool IsSendable(const Field& field) {
  return IsToken(field.name) && IsFieldValue(field.value);
}

void AppendResponseHead(const Response& response, std::string_view date,
                        ConnectionOption connection, Output& out) {
  out.Append("HTTP/1.1 ");
  AppendNumber(response.status, out);
  out.Append(" ");
  out.Append(ReasonPhrase(response.status));
  out.Append("\r\nDate: ");
  out.Append(date);
  for (const Field& field : response.fields) {
    if (!IsSendable(field)) continue;
    out.Append("\r\n");
    out.Append(field.name);
    out.Append(": ");
    out.Append(field.value);
  }
  if (StatusHasBody(response.status)) {
    out.Append("\r\nContent-Length: ");
    AppendNumber(response.body.size(), out);
  }
  if (connection == ConnectionOption::kClose) {
    out.Append("\r\nConnection: close");
  } else if (connection == ConnectionOption::kKeepAlive) {
    out.Append("\r\nConnection: keep-alive");
  }
  out.Append("\r\n\r\n");
}

std::string_view DateCache::At(absl::Time now) {
  const int64_t second = absl::ToUnixSeconds(now);
  if (second != second_ || text_.empty()) {
    second_ = second;
    text_ =
        absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone());
  }
  return text_;
}

}  // namespace signet::http
