// SPDX-License-Identifier: Apache-2.0
#include "gateway/transcode/json_reader.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/field_target.h"
#include "gateway/transcode/text_value.h"
#include "gateway/transcode/well_known.h"
#include "signet/v1/annotations.pb.h"

namespace signet::transcode {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const char* KindOf(const Json& json) {
  switch (json.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return "a boolean";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::array:
      return "an array";
    case Json::value_t::object:
      return "an object";
    default:
      return "a number";
  }
}

// `json` as an integer of type T, or nothing if it is not one.
template <typename T>
std::optional<T> IntegerOf(const Json& json) {
  if (json.is_number_unsigned()) {
    const uint64_t v = json.get<uint64_t>();
    if (v <= static_cast<uint64_t>(std::numeric_limits<T>::max())) {
      return static_cast<T>(v);
    }
  } else if (json.is_number_integer()) {
    const int64_t v = json.get<int64_t>();
    // Negative: the parser makes all others unsigned.
    if (std::numeric_limits<T>::is_signed &&
        v >= static_cast<int64_t>(std::numeric_limits<T>::min())) {
      return static_cast<T>(v);
    }
  }
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const TakenFields& taken) : taken_(taken) {}

  std::vector<FieldViolation> TakeFaults() { return std::move(faults_); }

  void ReadObject(const Json& json, Message& message) {
    if (!json.is_object()) return Mistyped(json, "an object");
    for (const auto& [name, value] : json.items()) {
      ReadMember(name, value, message);
    }
  }

  void ReadField(const Json& json, const FieldDescriptor& field,
                 Message& message) {
    const size_t mark = Enter(field.name());
    fields_.push_back(&field);
    if (IsIn(taken_.by_path)) {
      Fault("comes from the path, want it absent from the body");
    } else if (IsIn(taken_.by_header)) {
      Fault("comes from a header, want it absent from the body");
    } else if (!json.is_null()) {
      if (field.is_map()) {
        ReadMap(json, field, message);
      } else if (field.is_repeated()) {
        ReadArray(json, field, message);
      } else if (HasSibling(field, message)) {
        Fault(absl::StrCat("want at most one member of ",
                           field.containing_oneof()->name()));
      } else {
        ReadValue(json, FieldTarget(message, field));
      }
    }
    fields_.pop_back();
    path_.resize(mark);
  }

 private:
  void ReadMember(const std::string& name, const Json& value,
                  Message& message) {
    const FieldDescriptor* field =
        message.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr && !field->options().GetExtension(v1::not_in_json)) {
      return ReadField(value, *field, message);
    }
    const size_t mark = Enter(DisplayName(name));
    Fault("unknown field");
    path_.resize(mark);
  }

  void ReadArray(const Json& json, const FieldDescriptor& field,
                 Message& message) {
    if (!json.is_array()) return Mistyped(json, "an array");
    const size_t mark = path_.size();
    for (size_t i = 0; i < json.size(); ++i) {
      absl::StrAppend(&path_, "[", i, "]");
      ReadValue(json[i], FieldTarget(message, field));
      path_.resize(mark);
    }
  }

  void ReadMap(const Json& json, const FieldDescriptor& field,
               Message& message) {
    if (!json.is_object()) return Mistyped(json, "an object");
    const auto& entry_type = *field.message_type();
    for (const auto& [key, value] : json.items()) {
      const size_t mark = Enter(DisplayName(key));
      Message& entry = FieldTarget(message, field).Message();
      if (absl::Status s =
              SetFromText(key, FieldTarget(entry, *entry_type.map_key()));
          !s.ok()) {
        Fault(absl::StrCat("key: ", s.message()));
      }
      ReadValue(value, FieldTarget(entry, *entry_type.map_value()));
      path_.resize(mark);
    }
  }

  // One value that is not an array; null is a fault here.
  void ReadValue(const Json& json, FieldTarget target) {
    const FieldDescriptor& field = target.field();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_BOOL:
        if (!json.is_boolean()) return Mistyped(json, "a boolean");
        return target.SetBool(json.get<bool>());
      case FieldDescriptor::CPPTYPE_INT32:
        if (const auto v = IntegerOf<int32_t>(json)) return target.SetInt32(*v);
        return NotInteger(json, field);
      case FieldDescriptor::CPPTYPE_UINT32:
        if (const auto v = IntegerOf<uint32_t>(json))
          return target.SetUInt32(*v);
        return NotInteger(json, field);
      case FieldDescriptor::CPPTYPE_INT64:
        if (const auto v = IntegerOf<int64_t>(json)) return target.SetInt64(*v);
        if (json.is_string()) return ReadText(json, target);
        return NotInteger(json, field);
      case FieldDescriptor::CPPTYPE_UINT64:
        if (const auto v = IntegerOf<uint64_t>(json))
          return target.SetUInt64(*v);
        if (json.is_string()) return ReadText(json, target);
        return NotInteger(json, field);
      case FieldDescriptor::CPPTYPE_DOUBLE:
        if (!json.is_number()) return Mistyped(json, "a number");
        return target.SetDouble(json.get<double>());
      case FieldDescriptor::CPPTYPE_FLOAT:
        if (!json.is_number()) return Mistyped(json, "a number");
        if (std::abs(json.get<double>()) > std::numeric_limits<float>::max()) {
          return Fault("want a number within the range of a 32-bit float");
        }
        return target.SetFloat(json.get<float>());
      case FieldDescriptor::CPPTYPE_ENUM:
      case FieldDescriptor::CPPTYPE_STRING:
        if (!json.is_string()) return Mistyped(json, "a string");
        return ReadText(json, target);
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ReadMessage(json, target);
    }
  }

  void ReadMessage(const Json& json, FieldTarget target) {
    const auto& type = *target.field().message_type();
    const JsonForm form = JsonFormOf(type);
    if (form == JsonForm::kObject) return ReadObject(json, target.Message());
    if (form == JsonForm::kWrapper) {
      return ReadValue(json, FieldTarget(target.Message(), WrappedField(type)));
    }
    if (!json.is_string()) return Mistyped(json, "a string");
    ReadText(json, target);
  }

  void ReadText(const Json& json, FieldTarget target) {
    const auto& text = json.get_ref<const std::string&>();
    if (absl::Status s = SetFromText(text, target); !s.ok()) {
      Fault(std::string(s.message()));
    }
  }

  static bool HasSibling(const FieldDescriptor& field, const Message& message) {
    const auto* oneof = field.real_containing_oneof();
    return oneof != nullptr &&
           message.GetReflection()->HasOneof(message, oneof);
  }

  bool IsIn(std::span<const FieldPath> paths) const {
    return std::find(paths.begin(), paths.end(), fields_) != paths.end();
  }

  size_t Enter(std::string_view name) {
    const size_t mark = path_.size();
    if (mark > 0) path_ += '.';
    path_ += name;
    return mark;
  }

  void Fault(std::string detail) {
    faults_.push_back({path_, std::move(detail)});
  }
  void Mistyped(const Json& json, const char* want) {
    Fault(absl::StrCat("got ", KindOf(json), ", want ", want));
  }
  void NotInteger(const Json& json, const FieldDescriptor& field) {
    if (!json.is_number()) return Mistyped(json, "a number");
    Fault(std::string(WantInteger(field).message()));
  }

  const TakenFields taken_;
  FieldPath fields_;  // Where we are, without positions and keys.
  std::string path_;  // Where we are, for people.
  std::vector<FieldViolation> faults_;
};

}  // namespace

std::vector<FieldViolation> JsonToMessage(const Json& json,
                                          const TakenFields& taken,
                                          Message& message) {
  if (!json.is_object()) {
    return {
        {kWholeBody, absl::StrCat("got ", KindOf(json), ", want an object")}};
  }
  Reader reader(taken);
  reader.ReadObject(json, message);
  return reader.TakeFaults();
}

std::vector<FieldViolation> JsonToField(const Json& json,
                                        const TakenFields& taken,
                                        const FieldDescriptor& field,
                                        Message& message) {
  Reader reader(taken);
  reader.ReadField(json, field, message);
  return reader.TakeFaults();
}

std::string DisplayName(std::string_view name) {
  constexpr size_t kLongestName = 32;  // Shorter than any token or UUID.
  bool plain = !name.empty() && name.size() <= kLongestName;
  for (const char c : name) {
    plain =
        plain && (absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.');
  }
  return plain ? std::string(name) : "(unnamed)";
}

}  // namespace signet::transcode
