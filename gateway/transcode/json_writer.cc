// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/json_writer.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/secret.h"
#include "gateway/transcode/json_scalar.h"
#include "signet/v1/annotations.pb.h"

namespace signet::transcode {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The field whose type a field's layout describes: of a map, its value.
const FieldDescriptor& ValueField(const FieldDescriptor& field) {
  return field.is_map() ? *field.message_type()->map_value() : field;
}

void WipeString(const Message& message, const FieldDescriptor& field,
                int index) {
  const auto& reflection = *message.GetReflection();
  std::string scratch;
  const std::string& text =
      index == kSingular
          ? reflection.GetStringReference(message, &field, &scratch)
          : reflection.GetRepeatedStringReference(message, &field, index,
                                                  &scratch);
  // Reflection has no way to overwrite in place. The string belongs to a
  // message that is not const, and an empty one may be shared by all messages.
  if (!text.empty()) Wipe(const_cast<std::string&>(text));
}

}  // namespace

absl::Status JsonLayout::Append(const Message& message,
                                std::string& out) const {
  if (form_ == JsonForm::kWrapper) {
    AppendJsonScalar(message, WrappedField(*message.GetDescriptor()), kSingular,
                     out);
    return absl::OkStatus();
  }
  if (form_ != JsonForm::kObject) {
    out += '"';
    absl::Status status = AppendWellKnown(message, form_, out);
    out += '"';
    return status;
  }
  out += '{';
  bool first = true;
  for (const Field& field : fields_) {
    if (field.hidden) continue;
    const size_t mark = out.size();
    if (!first) out += ',';
    out += field.key;
    const size_t value = out.size();
    if (absl::Status s = AppendField(message, field, out); !s.ok()) return s;
    if (!field.omit_when.empty() &&
        std::string_view(out).substr(value) == field.omit_when) {
      out.resize(mark);
    } else {
      first = false;
    }
  }
  out += '}';
  return absl::OkStatus();
}

absl::Status JsonLayout::AppendField(const Message& message,
                                     const FieldDescriptor& field,
                                     std::string& out) const {
  return AppendField(message, fields_[field.index()], out);
}

absl::Status JsonLayout::AppendField(const Message& message, const Field& field,
                                     std::string& out) const {
  const FieldDescriptor& descriptor = *field.descriptor;
  if (descriptor.is_map()) return AppendMap(message, field, out);
  if (descriptor.is_repeated()) return AppendArray(message, field, out);
  const auto& reflection = *message.GetReflection();
  if (descriptor.has_presence() && !reflection.HasField(message, &descriptor)) {
    out += "null";
    return absl::OkStatus();
  }
  if (field.message != nullptr) {
    return field.message->Append(reflection.GetMessage(message, &descriptor),
                                 out);
  }
  return AppendScalar(message, field, kSingular, out);
}

absl::Status JsonLayout::AppendScalar(const Message& message,
                                      const Field& field, int index,
                                      std::string& out) {
  if (!field.number) {
    AppendJsonScalar(message, *field.descriptor, index, out);
    return absl::OkStatus();
  }
  if (AppendJsonInteger(message, *field.descriptor, index, out)) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat(field.descriptor->full_name(),
                   ": beyond the integers that JSON numbers keep"));
}

absl::Status JsonLayout::AppendArray(const Message& message, const Field& field,
                                     std::string& out) const {
  const auto& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, field.descriptor);
  out += '[';
  for (int i = 0; i < size; ++i) {
    if (i > 0) out += ',';
    const absl::Status s =
        field.message == nullptr
            ? AppendScalar(message, field, i, out)
            : field.message->Append(
                  reflection.GetRepeatedMessage(message, field.descriptor, i),
                  out);
    if (!s.ok()) return s;
  }
  out += ']';
  return absl::OkStatus();
}

absl::Status JsonLayout::AppendMap(const Message& message, const Field& field,
                                   std::string& out) const {
  const auto& reflection = *message.GetReflection();
  const FieldDescriptor& key = *field.descriptor->message_type()->map_key();
  const FieldDescriptor& value = *field.descriptor->message_type()->map_value();
  // In the order of the keys as written, so that equal messages read alike.
  std::vector<std::pair<std::string, const Message*>> entries;
  for (int i = 0; i < reflection.FieldSize(message, field.descriptor); ++i) {
    const Message& entry =
        reflection.GetRepeatedMessage(message, field.descriptor, i);
    std::string text;
    AppendJsonScalar(entry, key, kSingular, text);
    // Member names are strings; numbers and booleans come without quotes.
    if (text[0] != '"') text = absl::StrCat("\"", text, "\"");
    entries.emplace_back(std::move(text), &entry);
  }
  std::sort(entries.begin(), entries.end());
  out += '{';
  for (size_t i = 0; i < entries.size(); ++i) {
    absl::StrAppend(&out, i > 0 ? "," : "", entries[i].first, ":");
    const Message& entry = *entries[i].second;
    if (field.message == nullptr) {
      AppendJsonScalar(entry, value, kSingular, out);
      continue;
    }
    const Message& inner = entry.GetReflection()->GetMessage(entry, &value);
    if (absl::Status s = field.message->Append(inner, out); !s.ok()) return s;
  }
  out += '}';
  return absl::OkStatus();
}

void JsonLayout::WipeSecrets(Message& message) const {
  if (!holds_secret_) return;
  for (const Field& field : fields_) {
    const bool inside =
        field.message != nullptr && field.message->holds_secret_;
    if (field.secret || inside) WipeField(message, field);
  }
}

void JsonLayout::WipeField(Message& message, const Field& field) const {
  const FieldDescriptor& descriptor = *field.descriptor;
  const auto& reflection = *message.GetReflection();
  if (!descriptor.is_repeated()) {
    if (descriptor.has_presence() &&
        !reflection.HasField(message, &descriptor)) {
      return;
    }
    if (field.secret) return WipeString(message, descriptor, kSingular);
    return field.message->WipeSecrets(
        *reflection.MutableMessage(&message, &descriptor));
  }
  for (int i = 0; i < reflection.FieldSize(message, &descriptor); ++i) {
    if (field.secret) {
      WipeString(message, descriptor, i);
      continue;
    }
    Message* element =
        reflection.MutableRepeatedMessage(&message, &descriptor, i);
    if (descriptor.is_map()) {
      element = element->GetReflection()->MutableMessage(
          element, descriptor.message_type()->map_value());
    }
    field.message->WipeSecrets(*element);
  }
}

absl::StatusOr<const JsonLayout*> JsonLayouts::Get(const Descriptor& type) {
  if (const auto found = layouts_.find(&type); found != layouts_.end()) {
    return found->second.get();
  }
  // Into the map first: a type may contain itself.
  JsonLayout& layout =
      *layouts_.emplace(&type, std::make_unique<JsonLayout>()).first->second;
  layout.form_ = JsonFormOf(type);
  if (layout.form_ == JsonForm::kUnsupported) {
    return absl::InvalidArgumentError(
        absl::StrCat(type.full_name(), ": this type has no JSON form here"));
  }
  if (layout.form_ == JsonForm::kObject) {
    if (absl::Status s = Fill(type, layout); !s.ok()) return s;
    SpreadSecrets();
  }
  return &layout;
}

absl::Status JsonLayouts::Fill(const Descriptor& type, JsonLayout& layout) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const FieldDescriptor& value = ValueField(field);
    const bool secret = field.options().GetExtension(v1::secret);
    if (field.type() == FieldDescriptor::TYPE_GROUP ||
        (secret && (field.is_map() ||
                    field.cpp_type() != FieldDescriptor::CPPTYPE_STRING))) {
      return absl::InvalidArgumentError(absl::StrCat(
          field.full_name(), ": want no group, and secrets only as strings"));
    }
    const bool number = field.options().GetExtension(v1::json_number);
    if (number && field.cpp_type() != FieldDescriptor::CPPTYPE_INT64 &&
        field.cpp_type() != FieldDescriptor::CPPTYPE_UINT64) {
      return absl::InvalidArgumentError(absl::StrCat(
          field.full_name(), ": json_number: want a 64-bit integer"));
    }
    const JsonLayout* message = nullptr;
    if (value.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const absl::StatusOr<const JsonLayout*> inner =
          Get(*value.message_type());
      if (!inner.ok()) return inner.status();
      message = *inner;
    }
    const std::string& omit_when = field.options().GetExtension(v1::omit_when);
    if (!omit_when.empty() && !ParseJson(omit_when).ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(field.full_name(), ": omit_when: want a JSON text"));
    }
    layout.holds_secret_ = layout.holds_secret_ || secret;
    layout.fields_.push_back(
        {&field, absl::StrCat("\"", field.name(), "\":"), message, secret,
         field.options().GetExtension(v1::not_in_json), number, omit_when});
  }
  return absl::OkStatus();
}

// To a fixed point, because types may contain each other in circles.
void JsonLayouts::SpreadSecrets() {
  bool changed = true;
  while (changed) {
    changed = false;
    for (auto& [type, layout] : layouts_) {
      for (const JsonLayout::Field& field : layout->fields_) {
        if (field.message != nullptr && field.message->holds_secret_ &&
            !layout->holds_secret_) {
          layout->holds_secret_ = changed = true;
        }
      }
    }
  }
}

}  // namespace signet::transcode
