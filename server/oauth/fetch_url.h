// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_OAUTH_FETCH_URL_H_
#define SIGNET_SERVER_OAUTH_FETCH_URL_H_

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace signet::oauth {

// Which URLs keys may be fetched from. Pure functions. Errors are
// INVALID_ARGUMENT and say what was wanted.

// Whether `url` has only characters that a URL may have (RFC 3986): ASCII that
// can be seen. A library would look up a host of others as it stands, or in a
// form of its own choice.
absl::Status CheckUrlCharacters(const std::string& url);

// An issuer (RFC 8414 section 2): https, no query, fragment, user or password,
// a port from 1 to 65535 if it has one, ASCII only. For trials on one machine
// http is accepted of a loopback host.
absl::Status CheckIssuerUrl(const std::string& issuer);

// A `jwks_uri` in the metadata of `issuer`, which is one: https, no fragment,
// user or password, ASCII only. http as above, and only where the issuer itself
// has it.
absl::Status CheckKeysUrl(const std::string& jwks_uri,
                          const std::string& issuer);

// Where the metadata of `issuer` may be, the likelier place first: OpenID
// Connect Discovery 1.0 section 4, then RFC 8414 section 3.
std::vector<std::string> MetadataUrls(const std::string& issuer);

}  // namespace signet::oauth

#endif  // SIGNET_SERVER_OAUTH_FETCH_URL_H_
