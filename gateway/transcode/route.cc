// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/route.h"

#include <optional>
#include <utility>

#include "gateway/transcode/field_target.h"
#include "gateway/transcode/text_value.h"
#include "gateway/transcode/url.h"

namespace signet::transcode {
namespace {

using google::protobuf::Message;

// The decoded text of the segments that a variable stands for.
std::optional<std::string> Capture(std::span<const std::string_view> segments) {
  std::string text;
  for (size_t i = 0; i < segments.size(); ++i) {
    std::optional<std::string> segment = PercentDecode(segments[i]);
    if (!segment.has_value()) return std::nullopt;
    if (i > 0) text += '/';
    text += *segment;
  }
  return text;
}

}  // namespace

std::vector<FieldViolation> Route::BindPath(
    std::span<const std::string_view> segments, Message& request) const {
  std::vector<FieldViolation> faults;
  for (const PathVariable& variable : variables) {
    // What `**` matched beyond, or short of, the one segment it is in the
    // template.
    const bool to_the_end = variable.end == pattern.segments().size();
    const size_t end = to_the_end ? segments.size() : variable.end;
    const std::optional<std::string> text =
        Capture(segments.subspan(variable.begin, end - variable.begin));
    if (!text.has_value()) {
      faults.push_back(
          {variable.field_name,
           "want UTF-8 in percent-encoding (RFC 3986 section 2.1)"});
      continue;
    }
    Message* parent = &request;
    for (size_t i = 0; i + 1 < variable.field.size(); ++i) {
      parent = &FieldTarget(*parent, *variable.field[i]).Message();
    }
    absl::Status s =
        SetFromText(*text, FieldTarget(*parent, *variable.field.back()));
    if (!s.ok()) {
      faults.push_back({variable.field_name, std::string(s.message())});
    }
  }
  return faults;
}

std::string Route::LocationOf(const Message& response) const {
  std::string out;
  for (const LocationPart& part : location) {
    out += part.text;
    if (part.field == nullptr) continue;
    out += PercentEncode(
        response.GetReflection()->GetString(response, part.field));
  }
  return out;
}

}  // namespace signet::transcode
