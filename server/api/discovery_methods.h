// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_API_DISCOVERY_METHODS_H_
#define SIGNET_SERVER_API_DISCOVERY_METHODS_H_

#include <string>
#include <vector>

#include "server/api/unary_method.h"

namespace signet::api {

// What a server tells about itself; see discovery.proto.
struct ResourceMetadata {
  std::string public_url = {};      // Empty: it tells nothing.
  std::string issuer = {};          // Empty: none.
  std::string required_scope = {};  // Empty: none.
};

// The methods of signet.v1.Discovery, for a Dispatcher.
std::vector<UnaryMethod> DiscoveryMethods(ResourceMetadata metadata);

}  // namespace signet::api

#endif  // SIGNET_SERVER_API_DISCOVERY_METHODS_H_
