// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_TOKEN_CREDENTIAL_TEXT_H_
#define SIGNET_SERVER_TOKEN_CREDENTIAL_TEXT_H_

#include <string>
#include <string_view>

namespace signet::token {

// Credentials where they do not belong: clients paste them into a User-Agent, a
// name, a method. What is kept of such a text, in a log or in the database,
// goes through here. Pure functions, thread-safe; the time grows with the
// length.

// Whether a token with a right checksum (token.h) stands anywhere in `text`,
// whatever is around it, or what looks like a JWT: three parts in base64url,
// the first of them an object.
bool HoldsCredential(std::string_view text);

// `text` with `[redacted]` in the place of each.
std::string WithoutCredentials(std::string_view text);

}  // namespace signet::token

#endif  // SIGNET_SERVER_TOKEN_CREDENTIAL_TEXT_H_
