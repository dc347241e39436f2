// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_EMPTY_SERVER_H_
#define SIGNET_TESTS_BENCH_EMPTY_SERVER_H_

#include <string>

namespace signet {

// The ceiling for gRPC: answers every CreateServiceAccount at once with the
// same message, of the size a real one has. Writes its port to `port_file` and
// serves until SIGTERM.
int RunEmptyServer(const std::string& port_file);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_EMPTY_SERVER_H_
