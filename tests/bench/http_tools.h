// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_HTTP_TOOLS_H_
#define SIGNET_TESTS_BENCH_HTTP_TOOLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/bench/load.h"
#include "tests/bench/process.h"

namespace signet {

// Servers that others keep, as ceilings: what answers the same from a constant.

struct HttpServerUnderLoad {
  std::unique_ptr<ServerProcess> process;
  std::string url;
};

// nginx, which returns 204 with fields as CheckAccess has them.
absl::StatusOr<HttpServerUnderLoad> StartNginx(const std::string& directory);

// nghttpd, the nghttp2 project's server: HTTP/2 over cleartext, from a file.
absl::StatusOr<HttpServerUnderLoad> StartNghttpd(const std::string& directory);

// GETs per second by h2load with that Authorization field, over HTTP/2 (4
// connections of 32 streams) or HTTP/1.1 (64 connections), or `times` as many
// connections. INTERNAL: h2load failed, or not every answer was a 2xx.
absl::StatusOr<double> H2load(const std::string& url,
                              const std::string& authorization, bool http1,
                              absl::Duration duration, int times = 1);

// Calls per second of that one, with a credential, by h2load with so many in
// flight over `connections`: a load that costs less than gRPC's own client.
// h2load sees the HTTP status of an answer, which is 200 whatever gRPC's is.
// Writes a file into `directory`. INTERNAL as above.
absl::StatusOr<double> H2loadGrpc(const std::string& address,
                                  const GrpcCall& call, int connections,
                                  int in_flight, const std::string& directory,
                                  absl::Duration duration);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_HTTP_TOOLS_H_
