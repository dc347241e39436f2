// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_RAW_SQLITE_H_
#define SIGNET_TESTS_BENCH_RAW_SQLITE_H_

#include <string>

namespace signet {

// The ceiling that the storage engine is measured against: how many service
// accounts (each one row in service_accounts and one in tokens, of the size and
// in the tables of the engine) plain SQLite calls insert per second on one
// thread when `batch` of them share one durable transaction (WAL,
// synchronous=FULL). No queue, no lookups, no savepoints, no gRPC.
//
// Works for `seconds` in a new database inside `directory`, which exists and is
// left as it was. Ends the process on an error: a benchmark without its ceiling
// says nothing.
double RawInsertsPerSecond(const std::string& directory, int batch,
                           double seconds);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_RAW_SQLITE_H_
