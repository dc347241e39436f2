// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_BASE64URL_H_
#define SIGNET_SERVER_OAUTH_BASE64URL_H_

#include <optional>
#include <string>
#include <string_view>

namespace signet::oauth {

// Decodes base64url (RFC 4648 section 5) as JWS and JWK write it (RFC 7515
// section 2): no padding, white space or other character, and zero bits where
// the last character has some to spare, so that bytes have one spelling only.
// nullopt for anything else.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_BASE64URL_H_
