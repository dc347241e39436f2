// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_JSON_SCALAR_H_
#define SIGNET_GATEWAY_TRANSCODE_JSON_SCALAR_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace signet::transcode {

// Appends one value of a field that is no message, as JSON: that of a singular
// field where `index` is kSingular, else that element of a repeated one.
inline constexpr int kSingular = -1;
void AppendJsonScalar(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor& field, int index,
                      std::string& out);

// Appends one value of a 64-bit integer field as a JSON number instead of a
// string. false, and nothing appended: it is beyond 2^53 - 1 either way, so
// that some readers would round it (RFC 8259 section 6).
bool AppendJsonInteger(const google::protobuf::Message& message,
                       const google::protobuf::FieldDescriptor& field,
                       int index, std::string& out);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_JSON_SCALAR_H_
