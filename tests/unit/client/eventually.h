// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_CLIENT_EVENTUALLY_H_
#define SIGNET_TESTS_UNIT_CLIENT_EVENTUALLY_H_

#include "absl/functional/function_ref.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace signet::client {

// Whether `condition` comes true within `limit`.
inline bool Eventually(absl::FunctionRef<bool()> condition,
                       absl::Duration limit = absl::Seconds(20)) {
  const absl::Time end = absl::Now() + limit;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(1));
  }
  return true;
}

}  // namespace signet::client

#endif  // SIGNET_TESTS_UNIT_CLIENT_EVENTUALLY_H_
