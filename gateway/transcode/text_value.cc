// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/text_value.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/well_known.h"

namespace signet::transcode {
namespace {

using google::protobuf::FieldDescriptor;

template <typename T>
std::optional<T> ParseInteger(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
  if (text == "-0") return std::nullopt;
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

template <typename T>
std::optional<T> ParseReal(std::string_view text) {
  T value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

// Only the canonical spelling, so that a value has one.
std::optional<std::string> ParseBase64(std::string_view text) {
  const absl::string_view encoded(text.data(), text.size());
  std::string bytes;
  if (!absl::Base64Unescape(encoded, &bytes)) return std::nullopt;
  if (absl::Base64Escape(bytes) != encoded) return std::nullopt;
  return bytes;
}

template <typename T>
std::string RangeOf() {
  return absl::StrCat("want a whole number from ",
                      std::numeric_limits<T>::min(), " to ",
                      std::numeric_limits<T>::max());
}

}  // namespace

bool HasTextValue(const FieldDescriptor& field) {
  if (field.is_map()) return false;
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return true;
  const JsonForm form = JsonFormOf(*field.message_type());
  return form == JsonForm::kWrapper || IsTextForm(form);
}

absl::Status SetFromText(std::string_view text, FieldTarget target) {
  const FieldDescriptor& field = target.field();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") {
        return absl::InvalidArgumentError("want true or false");
      }
      target.SetBool(text == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32:
      if (const auto v = ParseInteger<int32_t>(text)) {
        target.SetInt32(*v);
        return absl::OkStatus();
      }
      return WantInteger(field);
    case FieldDescriptor::CPPTYPE_INT64:
      if (const auto v = ParseInteger<int64_t>(text)) {
        target.SetInt64(*v);
        return absl::OkStatus();
      }
      return WantInteger(field);
    case FieldDescriptor::CPPTYPE_UINT32:
      if (const auto v = ParseInteger<uint32_t>(text)) {
        target.SetUInt32(*v);
        return absl::OkStatus();
      }
      return WantInteger(field);
    case FieldDescriptor::CPPTYPE_UINT64:
      if (const auto v = ParseInteger<uint64_t>(text)) {
        target.SetUInt64(*v);
        return absl::OkStatus();
      }
      return WantInteger(field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      if (const auto v = ParseReal<float>(text)) {
        target.SetFloat(*v);
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError("want a finite number");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (const auto v = ParseReal<double>(text)) {
        target.SetDouble(*v);
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError("want a finite number");
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = field.enum_type()->FindValueByName(std::string(text));
      if (value == nullptr) return WantEnum(field);
      target.SetEnum(value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_STRING) {
        target.SetString(std::string(text));
        return absl::OkStatus();
      }
      if (std::optional<std::string> bytes = ParseBase64(text)) {
        target.SetString(*std::move(bytes));
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError("want base64 with padding");
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  google::protobuf::Message& message = target.Message();
  const JsonForm form = JsonFormOf(*field.message_type());
  if (form == JsonForm::kWrapper) {
    return SetFromText(
        text, FieldTarget(message, WrappedField(*field.message_type())));
  }
  return ParseWellKnown(text, form, message);
}

absl::Status WantInteger(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::InvalidArgumentError(RangeOf<int32_t>());
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::InvalidArgumentError(RangeOf<int64_t>());
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::InvalidArgumentError(RangeOf<uint32_t>());
    default:
      return absl::InvalidArgumentError(RangeOf<uint64_t>());
  }
}

absl::Status WantEnum(const FieldDescriptor& field) {
  std::string want = "want one of:";
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    absl::StrAppend(&want, i == 0 ? " " : ", ",
                    field.enum_type()->value(i)->name());
  }
  return absl::InvalidArgumentError(want);
}

}  // namespace signet::transcode
