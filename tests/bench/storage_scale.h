// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_BENCH_STORAGE_SCALE_H_
#define SIGNET_TESTS_BENCH_STORAGE_SCALE_H_

#include <string>

#include "absl/time/time.h"

namespace signet {

// What a SQLite store that holds a number of service accounts, all in one
// account, does per second, at random places.
struct ScaleFigures {
  absl::Duration fill;    // How long it took to put them there.
  double list_pages = 0;  // Of 100 rows, in the default order.
  double find_tokens = 0;
  double replacements = 0;  // Durable, 64 in flight.
  double touches = 0;       // Durable, of 100 service accounts each, by one.
};

// Works in `directory`, and removes what it made. Ends the process on an error.
ScaleFigures MeasureScale(const std::string& directory, int rows,
                          absl::Duration duration);

}  // namespace signet

#endif  // SIGNET_TESTS_BENCH_STORAGE_SCALE_H_
