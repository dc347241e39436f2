// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_PAGE_LINK_H_
#define SIGNET_GATEWAY_TRANSCODE_PAGE_LINK_H_

#include <string>
#include <string_view>

namespace signet::transcode {

// The parameter that continues a listing (AIP-158).
inline constexpr char kPageToken[] = "page_token";

// The Link field (RFC 8288) that leads from the page at `target`, a request
// target in origin form, to the next: the same path and query, but with
// `page_token` as its last parameter. A relative reference without a host:
// which one the client used is for proxies to say.
std::string NextPageLink(std::string_view target, std::string_view page_token);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_PAGE_LINK_H_
