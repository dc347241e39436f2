// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_SERVER_DESCRIPTORS_H_
#define SIGNET_SERVER_DESCRIPTORS_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace signet::server {

// The process's limit of open files (RLIMIT_NOFILE, the soft one).
uint64_t DescriptorLimit();

// How many REST connections fit into `descriptors` open files: `wanted`, or, if
// those leave too few for gRPC's clients and for what the process opens itself
// on `cores` cores, half of what remains beside the latter.
// FAILED_PRECONDITION: not even a few connections fit; the message says how
// many are needed and how to raise the limit.
absl::StatusOr<int> ConnectionsWithin(uint64_t descriptors, int wanted,
                                      int cores);

}  // namespace signet::server

#endif  // SIGNET_SERVER_DESCRIPTORS_H_
