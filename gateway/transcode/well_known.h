// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_WELL_KNOWN_H_
#define SIGNET_GATEWAY_TRANSCODE_WELL_KNOWN_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// How a message type looks in JSON (protobuf's JSON mapping, "ProtoJSON").
enum class JsonForm {
  kObject,       // Any type of our own.
  kTimestamp,    // An RFC 3339 string.
  kDuration,     // "1.5s"
  kFieldMask,    // "a,b.c", in the names of the .proto file; a set.
  kWrapper,      // The value inside: google.protobuf.StringValue and its like.
  kUnsupported,  // Any, Struct, Value, ListValue.
};
JsonForm JsonFormOf(const google::protobuf::Descriptor& type);

// The `value` field of a wrapper type.
const google::protobuf::FieldDescriptor& WrappedField(
    const google::protobuf::Descriptor& wrapper);

// Whether the form is a string: kTimestamp, kDuration or kFieldMask.
bool IsTextForm(JsonForm form);

// Reads `text` into `message`, whose type has a text form. INVALID_ARGUMENT: it
// says what was wanted and does not echo `text`.
absl::Status ParseWellKnown(std::string_view text, JsonForm form,
                            google::protobuf::Message& message);

// Appends the text of `message`, whose type has a text form; without quotes and
// with nothing to escape. INTERNAL: the message holds what its type does not
// allow, for example a timestamp after the year 9999; `out` is unchanged.
absl::Status AppendWellKnown(const google::protobuf::Message& message,
                             JsonForm form, std::string& out);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_WELL_KNOWN_H_
