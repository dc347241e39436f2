// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_FIELD_TARGET_H_
#define SIGNET_GATEWAY_TRANSCODE_FIELD_TARGET_H_

#include <cstdint>
#include <string>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// A place that takes one value: a singular field, or one more element of a
// repeated one. Each setter requires a field of its type. `message` outlives
// it.
class FieldTarget {
 public:
  FieldTarget(google::protobuf::Message& message,
              const google::protobuf::FieldDescriptor& field)
      : message_(&message),
        field_(&field),
        reflection_(message.GetReflection()) {}

  const google::protobuf::FieldDescriptor& field() const { return *field_; }

  void SetBool(bool v) { Put(&R::SetBool, &R::AddBool, v); }
  void SetInt32(int32_t v) { Put(&R::SetInt32, &R::AddInt32, v); }
  void SetInt64(int64_t v) { Put(&R::SetInt64, &R::AddInt64, v); }
  void SetUInt32(uint32_t v) { Put(&R::SetUInt32, &R::AddUInt32, v); }
  void SetUInt64(uint64_t v) { Put(&R::SetUInt64, &R::AddUInt64, v); }
  void SetFloat(float v) { Put(&R::SetFloat, &R::AddFloat, v); }
  void SetDouble(double v) { Put(&R::SetDouble, &R::AddDouble, v); }
  void SetEnum(const google::protobuf::EnumValueDescriptor* v) {
    Put(&R::SetEnum, &R::AddEnum, v);
  }
  void SetString(std::string v) {
    Put(&R::SetString, &R::AddString, std::move(v));
  }
  google::protobuf::Message& Message() {
    return field_->is_repeated()
               ? *reflection_->AddMessage(message_, field_)
               : *reflection_->MutableMessage(message_, field_);
  }

 private:
  using R = google::protobuf::Reflection;
  template <typename T>
  using Setter = void (R::*)(google::protobuf::Message*,
                             const google::protobuf::FieldDescriptor*, T) const;

  template <typename T>
  void Put(Setter<T> set, Setter<T> add, T value) {
    (reflection_->*(field_->is_repeated() ? add : set))(message_, field_,
                                                        std::move(value));
  }

  google::protobuf::Message* message_;
  const google::protobuf::FieldDescriptor* field_;
  const R* reflection_;
};

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_FIELD_TARGET_H_
