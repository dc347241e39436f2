// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_TRANSCODE_CLIENT_CREDENTIAL_H_
#define SIGNET_GATEWAY_TRANSCODE_CLIENT_CREDENTIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.h"

namespace signet::transcode {

// Takes an OAuth client's password for its token (RFC 6749 section 2.3.1): one
// value `Basic` with a client id and a password becomes `Bearer PASSWORD`.
// Everything else stays as it is, for the backend to judge. What was given up
// is wiped.
//
// Returns the client's id where it is a UUID, hence a service account's, for
// the backend to compare. Any other is a name that the client gave itself.
std::optional<Uuid> TakeClientCredential(
    std::vector<std::string>& authorization);

}  // namespace signet::transcode

#endif  // SIGNET_GATEWAY_TRANSCODE_CLIENT_CREDENTIAL_H_
