// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_OPTIONS_H_
#define SIGNET_TESTS_BENCH_OPTIONS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace signet {

// What is said to a benchmark of a whole server:
//   [SIGNETD] [--rounds=N] [--seconds=S] [--dir=DIR] [--enforce]
struct BenchOptions {
  std::string signetd = "build/signetd";
  std::string directory = "build/bench-data";
  int rounds = 3;
  double seconds = 2;    // Of each measurement.
  bool enforce = false;  // The exit status is 1 where an aim is missed.
};

// Reads the arguments; what is not given stays as in `options`. A benchmark may
// have one number of its own, at least 1, as --`count_name`=N. Ends the process
// with status 2 and the usage where anything else is said.
BenchOptions ReadBenchOptions(int argc, char** argv, BenchOptions options,
                              const std::string& count_name = "",
                              int* count = nullptr);

// Ends the process with status 2 and the error.
[[noreturn]] void Die(const absl::Status& status);

template <typename T>
T OrDie(absl::StatusOr<T> value) {
  if (!value.ok()) Die(value.status());
  return *std::move(value);
}

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_OPTIONS_H_
