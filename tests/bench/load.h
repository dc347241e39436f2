// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_LOAD_H_
#define SIGNET_TESTS_BENCH_LOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "tests/bench/latency.h"

namespace signet {

// As whom to call.
struct LoadCaller {
  std::string account_id;
  std::string token;
};

// One call over gRPC.
struct GrpcCall {
  std::string method;   // `/signet.v1.ServiceAccounts/CreateServiceAccount`
  std::string message;  // Serialized.
  std::string token;    // Empty: without a credential.
};

// The same over REST.
struct RestCall {
  std::string verb;
  std::string path;  // With its query.
  std::string body;  // JSON; empty: none.
  std::string token;
};

// The call of that number, from 0 on. Thread-safe.
template <typename Call>
using MakeCall = std::function<Call(uint64_t)>;

// Closed loops: `in_flight` calls are under way at any time until `duration` is
// over. Each is timed from its start to its whole answer; one that is not
// answered by OK, or on REST a 2xx status, is a failure.
LoadResult GrpcLoad(const std::string& address, int in_flight,
                    absl::Duration duration, const MakeCall<GrpcCall>& make);

// HTTP/1.1 with keep-alive, a connection per call in flight.
LoadResult RestLoad(const std::string& address, int in_flight,
                    absl::Duration duration, const MakeCall<RestCall>& make);

// Bidirectional streams of `method`, `streams` of them with a connection each:
// writes `message` over and over, at most `window` unanswered in each, until
// `duration` is over. The answers per second.
double StreamLoad(const std::string& address, const GrpcCall& call, int streams,
                  int window, absl::Duration duration);

// Creates of service accounts.
MakeCall<GrpcCall> GrpcCreates(const LoadCaller& caller);
MakeCall<RestCall> RestCreates(const LoadCaller& caller);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_LOAD_H_
