// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_REMOTE_FORWARDED_CREDENTIAL_H_
#define SIGNET_GATEWAY_REMOTE_FORWARDED_CREDENTIAL_H_

#include <string>
#include <vector>

namespace signet::remote {

// What of a request's Authorization values travels to the server, which judges
// it as it would have judged them. Every client shares one connection to the
// server, and gRPC closes it when the metadata of one call is too large: so at
// most 16 KiB and a few bytes are forwarded, whatever came.
struct ForwardedCredential {
  // Metadata values: printable ASCII only (gRPC over HTTP/2,
  // "Custom-Metadata"). At most two.
  std::vector<std::string> values = {};
  // The credential is longer than any that is read: the call is refused as
  // TOKEN_INVALID, and nothing is forwarded.
  bool too_long = false;
};

// `authorization` is taken over, and wiped where it is not forwarded.
ForwardedCredential Forwarded(std::vector<std::string> authorization);

}  // namespace signet::remote

#endif  // SIGNET_GATEWAY_REMOTE_FORWARDED_CREDENTIAL_H_
