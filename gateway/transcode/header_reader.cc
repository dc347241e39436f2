// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/header_reader.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/entity_tag.h"
#include "base/utf8.h"
#include "gateway/transcode/field_target.h"

namespace signet::transcode {
namespace {

using google::protobuf::Message;

bool IsQuoted(std::string_view value) {
  return value.size() >= 2 && value.front() == '"' && value.back() == '"';
}

// A condition on entity tags; one strong tag without its quotes, unless it
// would be taken for `*` then.
std::optional<std::string> ReadTagCondition(std::string_view value) {
  if (!IsTagCondition(value)) return std::nullopt;
  if (IsQuoted(value) && value.find('"', 1) == value.size() - 1 &&
      value != "\"*\"") {
    value = value.substr(1, value.size() - 2);
  }
  return std::string(value);
}

// The text of a String (RFC 9651 section 3.3.3).
std::optional<std::string> ReadQuoted(std::string_view value) {
  if (!IsQuoted(value)) return std::nullopt;
  const std::string_view inside = value.substr(1, value.size() - 2);
  std::string text;
  for (size_t i = 0; i < inside.size(); ++i) {
    char c = inside[i];
    if (c == '\\') {
      if (++i == inside.size()) return std::nullopt;
      c = inside[i];
      if (c != '"' && c != '\\') return std::nullopt;
    } else if (c < 0x20 || c > 0x7E || c == '"') {
      return std::nullopt;
    }
    text.push_back(c);
  }
  return text;
}

constexpr char kWantTags[] =
    "want *, or entity tags such as \"abc\", apart by commas";

absl::StatusOr<std::string> ReadValue(const Route::Header& header,
                                      std::string_view value) {
  if (header.entity_tag) {
    std::optional<std::string> tags = ReadTagCondition(value);
    if (tags.has_value()) return *std::move(tags);
    return absl::InvalidArgumentError(kWantTags);
  }
  if (!value.starts_with('"')) {
    if (value.empty()) {
      return absl::InvalidArgumentError(
          "got an empty value, want one, or none of this field");
    }
    if (IsUtf8(value)) return std::string(value);
    return absl::InvalidArgumentError("want a value in UTF-8");
  }
  std::optional<std::string> text = ReadQuoted(value);
  if (text.has_value() && !text->empty()) return *std::move(text);
  return absl::InvalidArgumentError(
      "want a value, bare or in double quotes (RFC 9651 section 3.3.3)");
}

void Set(const FieldPath& path, std::string value, Message& message) {
  Message* parent = &message;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    parent = &FieldTarget(*parent, *path[i]).Message();
  }
  FieldTarget(*parent, *path.back()).SetString(std::move(value));
}

}  // namespace

bool IsConditionalRead(const http::Request& request, const Route& route) {
  return route.etag_field != nullptr &&
         (request.method == "GET" || request.method == "HEAD");
}

HeaderReading HeadersToMessage(const http::Request& request, const Route& route,
                               Message& message) {
  HeaderReading reading;
  for (const Route::Header& header : route.headers) {
    const std::vector<std::string_view> values =
        request.Values(header.lower_name);
    if (values.empty()) continue;
    reading.given.push_back(header.field);
    if (values.size() > 1 && !header.entity_tag) {
      reading.faults.push_back(
          {header.name, "got it more than once, want it once"});
      continue;
    }
    absl::StatusOr<std::string> value =
        ReadValue(header, request.JoinedValues(header.lower_name));
    if (value.ok()) {
      Set(header.field, *std::move(value), message);
    } else {
      reading.faults.push_back(
          {header.name, std::string(value.status().message())});
    }
  }
  if (IsConditionalRead(request, route) &&
      !request.Values("if-match").empty() &&
      !IsTagCondition(request.JoinedValues("if-match"))) {
    reading.faults.push_back({"If-Match", kWantTags});
  }
  return reading;
}

}  // namespace signet::transcode
