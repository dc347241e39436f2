// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_JSON_WRITER_H_
#define SIGNET_GATEWAY_TRANSCODE_JSON_WRITER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/transcode/well_known.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// How messages of one type are written as JSON, worked out once. Immutable,
// thread-safe.
//
// The names are those of the .proto file and every field is there, in the order
// of its declaration, except one marked `signet.v1.not_in_json` and one whose
// value is what `signet.v1.omit_when` says: null where a field that has
// presence is unset, [] and {} where nothing is repeated, otherwise the value.
// As in protobuf's JSON mapping, 64-bit integers are strings of digits (a
// double would round them) unless marked `signet.v1.json_number`, bytes are
// base64, enum values go by name, and NaN and the infinities are strings.
class JsonLayout {
 public:
  // Appends `message`, whose type is the layout's. INTERNAL: a value of a
  // well-known type, or one that is to be a number, is out of range; `out` then
  // holds no whole JSON text.
  absl::Status Append(const google::protobuf::Message& message,
                      std::string& out) const;

  // Appends the value of one field of `message` alone, whatever it is; null if
  // it is unset.
  absl::Status AppendField(const google::protobuf::Message& message,
                           const google::protobuf::FieldDescriptor& field,
                           std::string& out) const;

  // Whether a field marked `signet.v1.secret` is anywhere in the type.
  bool holds_secret() const { return holds_secret_; }

  // Overwrites every field marked `signet.v1.secret`, and empties it.
  void WipeSecrets(google::protobuf::Message& message) const;

 private:
  friend class JsonLayouts;

  struct Field {
    const google::protobuf::FieldDescriptor* descriptor;
    std::string key;            // `"name":`
    const JsonLayout* message;  // The type of a message or a map's value.
    bool secret;
    bool hidden;            // Never written.
    bool number;            // A 64-bit integer that is written as a number.
    std::string omit_when;  // Not written when its value is this.
  };

  absl::Status AppendField(const google::protobuf::Message& message,
                           const Field& field, std::string& out) const;
  static absl::Status AppendScalar(const google::protobuf::Message& message,
                                   const Field& field, int index,
                                   std::string& out);
  absl::Status AppendArray(const google::protobuf::Message& message,
                           const Field& field, std::string& out) const;
  absl::Status AppendMap(const google::protobuf::Message& message,
                         const Field& field, std::string& out) const;
  void WipeField(google::protobuf::Message& message, const Field& field) const;

  JsonForm form_ = JsonForm::kObject;
  std::vector<Field> fields_;  // By FieldDescriptor::index().
  bool holds_secret_ = false;
};

// Makes and owns the layouts of types and of all that they contain. Not
// thread-safe while it is being filled; afterwards its layouts are.
class JsonLayouts {
 public:
  // INVALID_ARGUMENT: the type contains one without a JSON form here
  // (google.protobuf.Any, Struct, Value, ListValue), a group, a secret that is
  // no string, a `json_number` that is no 64-bit integer, or an `omit_when`
  // that is no JSON text. The object is of no use after that. Types may contain
  // themselves.
  absl::StatusOr<const JsonLayout*> Get(
      const google::protobuf::Descriptor& type);

 private:
  absl::Status Fill(const google::protobuf::Descriptor& type,
                    JsonLayout& layout);
  void SpreadSecrets();

  absl::flat_hash_map<const google::protobuf::Descriptor*,
                      std::unique_ptr<JsonLayout>>
      layouts_;
};

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_JSON_WRITER_H_
