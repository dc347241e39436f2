// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_REQUEST_HEAD_H_
#define SIGNET_GATEWAY_TRANSCODE_REQUEST_HEAD_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http_message.h"
#include "server/base/random.h"

namespace signet {

// Whether `text` may be a request id: 1 to 64 of `A-Za-z0-9._-`.
bool IsRequestId(std::string_view text);

// The request's X-Request-Id if it has one and that is good, else a new UUID of
// version 7 (RFC 9562).
std::string RequestIdFor(const HttpRequest& request, absl::Time now,
                         RandomSource& random);

// Whether a Content-Type (RFC 9110 section 8.3.1) is `application/json`, in any
// letter case, with at most the parameter `charset=utf-8`.
bool IsJsonMediaType(std::string_view value);

}  // namespace signet

#endif  // SIGNET_GATEWAY_TRANSCODE_REQUEST_HEAD_H_
