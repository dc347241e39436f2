// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_TEXT_VALUE_H_
#define SIGNET_GATEWAY_TRANSCODE_TEXT_VALUE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gateway/transcode/field_target.h"
#include "google/protobuf/descriptor.h"

namespace signet::transcode {

// Whether one value of `field` can be written as plain text, in a path or a
// query: a scalar, a wrapper of one, or a message type with a text form.
bool HasTextValue(const google::protobuf::FieldDescriptor& field);

// Reads `text`, which is UTF-8, as one value of the target's field, for which
// HasTextValue holds. Strict: `true` or `false`; decimal digits without a plus
// sign or leading zeros, within the type's range; finite numbers; an enum
// value's name; canonical base64 with padding (RFC 4648 section 4).
// INVALID_ARGUMENT: it says what was wanted and does not echo `text`.
absl::Status SetFromText(std::string_view text, FieldTarget target);

// "want a whole number from -2147483648 to 2147483647", as the field's type has
// it.
absl::Status WantInteger(const google::protobuf::FieldDescriptor& field);

// "want one of: a, b, c".
absl::Status WantEnum(const google::protobuf::FieldDescriptor& field);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_TEXT_VALUE_H_
