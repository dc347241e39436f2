// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_QUICK_START_H_
#define SIGNET_SERVER_QUICK_START_H_

#include <string>
#include <string_view>

#include "base/host_port.h"

namespace signet::server {

// Texts for the person at the terminal: lines to paste into a shell that create
// a service account, by curl, grpcurl and buf. Both addresses are where the
// server listens, with real ports; a wildcard host becomes the loopback.

// After the bootstrap: shows `token` and uses it, so it is a secret.
std::string FirstStartText(const HostPort& rest, const HostPort& grpc,
                           std::string_view account_id,
                           std::string_view service_account_id,
                           std::string_view token);

// On any later start: the token is `$SIGNET_TOKEN`, the account `$ACCOUNT_ID`.
std::string LaterStartText(const HostPort& rest, const HostPort& grpc);

}  // namespace signet::server

#endif  // SIGNET_SERVER_QUICK_START_H_
