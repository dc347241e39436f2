// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_HEADER_READER_H_
#define SIGNET_GATEWAY_TRANSCODE_HEADER_READER_H_

#include <vector>

#include "base/error.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/route.h"
#include "google/protobuf/message.h"
#include "http/http_message.h"

namespace signet::transcode {

// What the fields of an HTTP request gave.
struct HeaderReading {
  // The fields of the message whose header came, whether it was sound or not.
  std::vector<FieldPath> given;

  // In the order of the route's headers; each names its header. A fault never
  // echoes a value.
  std::vector<FieldViolation> faults;
};

// Whether If-Match and If-None-Match are conditions on the answer (RFC 9110
// section 13.1): of a read of a resource that has an ETag. A change gets its
// condition as a field of its message instead.
bool IsConditionalRead(const http::Request& request, const Route& route);

// Sets the fields of `message` that have a header (`http_request_headers` in
// signet/v1/annotations.proto says how a value is read). One that came more
// than once, is empty or not in its form is a fault and sets nothing; so is the
// If-Match of a read that is not in its form.
HeaderReading HeadersToMessage(const http::Request& request, const Route& route,
                               google::protobuf::Message& message);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_HEADER_READER_H_
