// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_CLIENT_CREDENTIAL_H_
#define SIGNET_GATEWAY_TRANSCODE_CLIENT_CREDENTIAL_H_

#include <string>
#include <vector>

namespace signet::transcode {

// Takes an OAuth client's password for its token (RFC 6749 section 2.3.1): one
// value `Basic` with a client id and a password becomes `Bearer PASSWORD`. The
// id is not looked at, as the token says whose it is. Everything else stays as
// it is, for the backend to judge. What was given up is wiped.
void TakeClientCredential(std::vector<std::string>& authorization);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_CLIENT_CREDENTIAL_H_
