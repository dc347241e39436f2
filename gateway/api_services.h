// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_API_SERVICES_H_
#define SIGNET_GATEWAY_API_SERVICES_H_

#include <vector>

#include "google/protobuf/descriptor.h"

namespace signet::gateway {

// Every service of proto/signet/v1: what gRPC registers, REST routes and the
// dispatcher serves.
std::vector<const google::protobuf::ServiceDescriptor*> ApiServices();

}  // namespace signet::gateway

#endif  // SIGNET_GATEWAY_API_SERVICES_H_
