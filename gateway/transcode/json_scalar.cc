// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/json_scalar.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"

namespace signet::transcode {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The fewest digits that read back as the same number.
template <typename T>
void AppendReal(T value, std::string& out) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    out.append(digits, end);
  }
}

void AppendEnum(const FieldDescriptor& field, int number, std::string& out) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) {
    absl::StrAppend(&out, number);  // From a newer server; ProtoJSON's answer.
  } else {
    absl::StrAppend(&out, "\"", value->name(), "\"");
  }
}

}  // namespace

void AppendJsonScalar(const Message& message, const FieldDescriptor& field,
                      int index, std::string& out) {
  const auto& reflection = *message.GetReflection();
  const auto get = [&](auto singular, auto repeated) {
    return index == kSingular ? (reflection.*singular)(message, &field)
                              : (reflection.*repeated)(message, &field, index);
  };
  using R = google::protobuf::Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      out += get(&R::GetBool, &R::GetRepeatedBool) ? "true" : "false";
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      absl::StrAppend(&out, get(&R::GetInt32, &R::GetRepeatedInt32));
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      absl::StrAppend(&out, get(&R::GetUInt32, &R::GetRepeatedUInt32));
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      absl::StrAppend(&out, "\"", get(&R::GetInt64, &R::GetRepeatedInt64),
                      "\"");
      return;
    case FieldDescriptor::CPPTYPE_UINT64:
      absl::StrAppend(&out, "\"", get(&R::GetUInt64, &R::GetRepeatedUInt64),
                      "\"");
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      return AppendReal(get(&R::GetFloat, &R::GetRepeatedFloat), out);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return AppendReal(get(&R::GetDouble, &R::GetRepeatedDouble), out);
    case FieldDescriptor::CPPTYPE_ENUM:
      return AppendEnum(field, get(&R::GetEnumValue, &R::GetRepeatedEnumValue),
                        out);
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      const std::string& text =
          index == kSingular
              ? reflection.GetStringReference(message, &field, &scratch)
              : reflection.GetRepeatedStringReference(message, &field, index,
                                                      &scratch);
      if (field.type() == FieldDescriptor::TYPE_STRING) {
        AppendJsonString(text, out);
      } else {
        absl::StrAppend(&out, "\"", absl::Base64Escape(text), "\"");
      }
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;  // The caller's.
  }
}

bool AppendJsonInteger(const Message& message, const FieldDescriptor& field,
                       int index, std::string& out) {
  constexpr int64_t kMost = (int64_t{1} << 53) - 1;
  std::string text;
  AppendJsonScalar(message, field, index, text);
  const std::string_view digits =
      std::string_view(text).substr(1, text.size() - 2);
  int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || value > kMost || value < -kMost) return false;
  out += digits;
  return true;
}

}  // namespace signet::transcode
