// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_ENTITY_TAGS_H_
#define SIGNET_GATEWAY_TRANSCODE_ENTITY_TAGS_H_

#include <span>
#include <string_view>

namespace signet::transcode {

// Whether one of the values of an If-None-Match field (RFC 9110 section 13.1.2)
// is `*` or names `tag`, strong or weak: the weak comparison of
// section 8.8.3.2.
bool NamesTag(std::span<const std::string_view> values, std::string_view tag);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_ENTITY_TAGS_H_
