// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_MEDIA_TYPE_H_
#define SIGNET_GATEWAY_TRANSCODE_MEDIA_TYPE_H_

#include <string_view>

#include "http/http_message.h"

namespace signet::transcode {

inline constexpr char kJsonMediaType[] = "application/json";
inline constexpr char kFormMediaType[] = "application/x-www-form-urlencoded";

// Whether a Content-Type (RFC 9110 section 8.3.1) is `application/json`, in any
// letter case, with at most the parameter `charset=utf-8`.
bool IsJsonMediaType(std::string_view value);

// The same for `application/x-www-form-urlencoded`.
bool IsFormMediaType(std::string_view value);

// Whether the body is coded in a way that would have to be undone first (RFC
// 9110 section 8.4).
bool HasContentCoding(const http::Request& request);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_MEDIA_TYPE_H_
