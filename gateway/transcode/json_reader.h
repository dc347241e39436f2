// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_JSON_READER_H_
#define SIGNET_GATEWAY_TRANSCODE_JSON_READER_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// A field inside a message: the fields that lead to it and, last, itself.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

// Fields that something other than the body gives. Views.
struct TakenFields {
  std::span<const FieldPath> by_path;
  std::span<const FieldPath> by_header;
};

// What a fault of the body itself names as its field.
inline constexpr char kWholeBody[] = "(body)";

// Fills `message` from a JSON object, more strictly than protobuf's JSON
// mapping:
//   - Names are those of the .proto file, in snake_case; an unknown one is a
//     fault, and so is that of a field marked `signet.v1.not_in_json`.
//   - A field in `taken` comes from elsewhere and may not be present.
//   - null means absent, but is a fault inside arrays and maps.
//   - Types are exact: "1" is no number and 1 no string; an integer has no
//     fraction or exponent, fits its type, and is never rounded. 64-bit
//     integers may also be strings of digits, as the mapping writes them.
//   - Enum values go by name. Timestamps, durations, field masks are strings.
//   - Of a oneof at most one member is present.
// Returns every fault in the order of the document, as paths like `a.b[2].c`;
// empty: none. With faults, `message` is partly filled. A fault never echoes a
// value.
std::vector<FieldViolation> JsonToMessage(const Json& json,
                                          const TakenFields& taken,
                                          google::protobuf::Message& message);

// The same for the one field that is the whole body (`body: "field"`). Paths
// begin with the field's name; those of `taken` begin at `message`.
std::vector<FieldViolation> JsonToField(
    const Json& json, const TakenFields& taken,
    const google::protobuf::FieldDescriptor& field,
    google::protobuf::Message& message);

// How a name from outside may appear in an answer: as it is if it could be a
// field's name, otherwise "(unnamed)", because clients do paste tokens
// anywhere.
std::string DisplayName(std::string_view name);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_JSON_READER_H_
