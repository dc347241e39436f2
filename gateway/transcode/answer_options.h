// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_ANSWER_OPTIONS_H_
#define SIGNET_GATEWAY_TRANSCODE_ANSWER_OPTIONS_H_

#include "absl/status/status.h"
#include "gateway/transcode/route.h"

namespace signet::transcode {

// Fills in what `http_answer` (signet/v1/annotations.proto) says of the answers
// to the route's method. The route's path, body and response are bound.
// INVALID_ARGUMENT: it contradicts the method or the route; the message names
// the member of the option.
absl::Status BindAnswer(Route& route);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_ANSWER_OPTIONS_H_
