// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/well_known.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/rfc3339.h"
#include "gateway/transcode/field_target.h"

namespace signet::transcode {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// google/protobuf/duration.proto: 10,000 years.
constexpr int64_t kMaxDurationSeconds = 315'576'000'000;
constexpr int32_t kNanosPerSecond = 1'000'000'000;

// Timestamp and Duration have the same two fields: seconds = 1, nanos = 2.
struct SecondsAndNanos {
  int64_t seconds = 0;
  int32_t nanos = 0;
};

SecondsAndNanos Get(const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  const auto& reflection = *message.GetReflection();
  return {reflection.GetInt64(message, type.FindFieldByNumber(1)),
          reflection.GetInt32(message, type.FindFieldByNumber(2))};
}

void Set(SecondsAndNanos value, Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  FieldTarget(message, *type.FindFieldByNumber(1)).SetInt64(value.seconds);
  FieldTarget(message, *type.FindFieldByNumber(2)).SetInt32(value.nanos);
}

absl::Status ParseTimestamp(std::string_view text, Message& message) {
  const absl::StatusOr<absl::Time> time = ParseRfc3339(text);
  if (!time.ok()) return time.status();
  const int64_t seconds = absl::ToUnixSeconds(*time);
  const absl::Duration rest = *time - absl::FromUnixSeconds(seconds);
  Set({seconds, static_cast<int32_t>(absl::ToInt64Nanoseconds(rest))}, message);
  return absl::OkStatus();
}

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(c);
  });
}

absl::Status ParseDuration(std::string_view text, Message& message) {
  const absl::Status wanted = absl::InvalidArgumentError(
      "want seconds with at most nine fraction digits and an \"s\", such as "
      "\"1.5s\"");
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!text.ends_with('s')) return wanted;
  text.remove_suffix(1);
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction = "0";
  if (point != text.npos) {
    fraction = text.substr(point + 1);
    if (fraction.size() > 9) return wanted;
  }
  if (!IsDigits(whole) || !IsDigits(fraction)) return wanted;
  fraction.resize(9, '0');

  SecondsAndNanos value;
  const auto read =
      std::from_chars(whole.data(), whole.data() + whole.size(), value.seconds);
  std::from_chars(fraction.data(), fraction.data() + fraction.size(),
                  value.nanos);
  if (read.ec != std::errc() || value.seconds > kMaxDurationSeconds ||
      (value.seconds == kMaxDurationSeconds && value.nanos > 0)) {
    return absl::InvalidArgumentError("want at most 315576000000s either way");
  }
  if (negative) value = {-value.seconds, -value.nanos};
  Set(value, message);
  return absl::OkStatus();
}

// Names of fields in lower_snake_case (AIP-140), with dots between them.
bool IsFieldPath(std::string_view path) {
  bool at_start = true;
  for (const char c : path) {
    const bool inside = absl::ascii_isdigit(c) || c == '_' || c == '.';
    if (!absl::ascii_islower(c) && (at_start || !inside)) return false;
    at_start = c == '.';
  }
  return !at_start;
}

absl::Status ParseFieldMask(std::string_view text, Message& message) {
  std::vector<std::string> paths;
  if (text == "*") {  // All fields (AIP-134).
    paths.emplace_back(text);
    text = {};
  }
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view path = text.substr(0, comma);
    const bool dangling = comma + 1 == text.size();
    if (!IsFieldPath(path) || dangling) {
      return absl::InvalidArgumentError(
          "want field paths separated by commas, such as \"name,expires_at\"");
    }
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
      paths.emplace_back(path);
    }
    text = comma == text.npos ? std::string_view() : text.substr(comma + 1);
  }
  FieldTarget target(message, *message.GetDescriptor()->FindFieldByNumber(1));
  for (std::string& path : paths) target.SetString(std::move(path));
  return absl::OkStatus();
}

absl::Status AppendTimestamp(const Message& message, std::string& out) {
  const SecondsAndNanos value = Get(message);
  const absl::Time time =
      absl::FromUnixSeconds(value.seconds) + absl::Nanoseconds(value.nanos);
  if (value.nanos < 0 || value.nanos >= kNanosPerSecond ||
      time < MinTimestamp() || time > MaxTimestamp()) {
    return absl::InternalError("a timestamp is out of range");
  }
  out += FormatRfc3339(time);
  return absl::OkStatus();
}

absl::Status AppendDuration(const Message& message, std::string& out) {
  const SecondsAndNanos value = Get(message);
  const bool negative = value.seconds < 0 || value.nanos < 0;
  const bool mixed = (value.seconds < 0 && value.nanos > 0) ||
                     (value.seconds > 0 && value.nanos < 0);
  if (mixed || value.nanos <= -kNanosPerSecond ||
      value.nanos >= kNanosPerSecond || value.seconds < -kMaxDurationSeconds ||
      value.seconds > kMaxDurationSeconds) {
    return absl::InternalError("a duration is out of range");
  }
  const int32_t nanos = value.nanos < 0 ? -value.nanos : value.nanos;
  absl::StrAppendFormat(&out, "%s%d", negative ? "-" : "",
                        value.seconds < 0 ? -value.seconds : value.seconds);
  if (nanos % 1'000'000 == 0) {
    if (nanos != 0) absl::StrAppendFormat(&out, ".%03d", nanos / 1'000'000);
  } else if (nanos % 1'000 == 0) {
    absl::StrAppendFormat(&out, ".%06d", nanos / 1'000);
  } else {
    absl::StrAppendFormat(&out, ".%09d", nanos);
  }
  out += 's';
  return absl::OkStatus();
}

absl::Status AppendFieldMask(const Message& message, std::string& out) {
  const FieldDescriptor* paths = message.GetDescriptor()->FindFieldByNumber(1);
  const auto& reflection = *message.GetReflection();
  std::string text;
  for (int i = 0; i < reflection.FieldSize(message, paths); ++i) {
    const std::string path = reflection.GetRepeatedString(message, paths, i);
    if (!IsFieldPath(path))
      return absl::InternalError("a field mask is malformed");
    if (i > 0) text += ',';
    text += path;
  }
  out += text;
  return absl::OkStatus();
}

}  // namespace

JsonForm JsonFormOf(const Descriptor& type) {
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return JsonForm::kObject;
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP:
      return JsonForm::kTimestamp;
    case Descriptor::WELLKNOWNTYPE_DURATION:
      return JsonForm::kDuration;
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
      return JsonForm::kFieldMask;
    case Descriptor::WELLKNOWNTYPE_DOUBLEVALUE:
    case Descriptor::WELLKNOWNTYPE_FLOATVALUE:
    case Descriptor::WELLKNOWNTYPE_INT64VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT64VALUE:
    case Descriptor::WELLKNOWNTYPE_INT32VALUE:
    case Descriptor::WELLKNOWNTYPE_UINT32VALUE:
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE:
      return JsonForm::kWrapper;
    default:
      return JsonForm::kUnsupported;
  }
}

const FieldDescriptor& WrappedField(const Descriptor& wrapper) {
  return *wrapper.FindFieldByNumber(1);
}

bool IsTextForm(JsonForm form) {
  return form == JsonForm::kTimestamp || form == JsonForm::kDuration ||
         form == JsonForm::kFieldMask;
}

absl::Status ParseWellKnown(std::string_view text, JsonForm form,
                            Message& message) {
  switch (form) {
    case JsonForm::kTimestamp:
      return ParseTimestamp(text, message);
    case JsonForm::kDuration:
      return ParseDuration(text, message);
    case JsonForm::kFieldMask:
      return ParseFieldMask(text, message);
    default:
      return absl::InternalError("the type has no text form");
  }
}

absl::Status AppendWellKnown(const Message& message, JsonForm form,
                             std::string& out) {
  switch (form) {
    case JsonForm::kTimestamp:
      return AppendTimestamp(message, out);
    case JsonForm::kDuration:
      return AppendDuration(message, out);
    case JsonForm::kFieldMask:
      return AppendFieldMask(message, out);
    default:
      return absl::InternalError("the type has no text form");
  }
}

}  // namespace signet::transcode
