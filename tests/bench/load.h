// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_LOAD_H_
#define SIGNET_TESTS_BENCH_LOAD_H_

#include <string>

#include "absl/time/time.h"
#include "tests/bench/latency.h"

namespace signet {

// Where to create service accounts, and as whom.
struct LoadTarget {
  std::string address;  // host:port on loopback.
  std::string account_id;
  std::string token;
};

// Closed loops: `in_flight` creates are under way at any time until `duration`
// is over. Each call is timed from its start to its whole answer.
LoadResult GrpcCreateLoad(const LoadTarget& target, int in_flight,
                          absl::Duration duration);

// The same through REST, HTTP/1.1 with keep-alive, a connection per call in
// flight.
LoadResult RestCreateLoad(const LoadTarget& target, int in_flight,
                          absl::Duration duration);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_LOAD_H_
