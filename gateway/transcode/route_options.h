// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_ROUTE_OPTIONS_H_
#define SIGNET_GATEWAY_TRANSCODE_ROUTE_OPTIONS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/route.h"
#include "google/protobuf/descriptor.h"

namespace signet::transcode {

// The fields that a dotted path names, each inside the one before.
// INVALID_ARGUMENT: one of them does not exist, is repeated, or is inside
// something else than a message, or is a member of a oneof, of which another
// might be given besides.
absl::StatusOr<FieldPath> ResolveField(const google::protobuf::Descriptor& type,
                                       const std::string& dotted);

// The singular string field of `type` called `name`, or null.
const google::protobuf::FieldDescriptor* StringField(
    const google::protobuf::Descriptor& type, const std::string& name);

// Whether `name` can be that of an HTTP field: token = 1*tchar (RFC 9110
// section 5.6.2).
bool IsFieldName(std::string_view name);

// Fills in what the options of signet/v1/annotations.proto say of the route's
// method. The route's path and body are bound. INVALID_ARGUMENT: an option
// contradicts the method or the route; the message names the option.
absl::Status BindOptions(Route& route);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_ROUTE_OPTIONS_H_
