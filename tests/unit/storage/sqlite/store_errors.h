// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_STORAGE_SQLITE_STORE_ERRORS_H_
#define SIGNET_TESTS_UNIT_STORAGE_SQLITE_STORE_ERRORS_H_

#include "absl/status/status.h"
#include "tests/support/status_matchers.h"

namespace signet::sqlite {

// What a store answers when it is down: nothing was written.
inline const auto kStoreIsDown =
    ErrorIs(absl::StatusCode::kUnavailable, "STORAGE_UNAVAILABLE");
// Or when a write may have happened or not.
inline const auto kOutcomeUnknown =
    ErrorIs(absl::StatusCode::kUnavailable, "WRITE_OUTCOME_UNKNOWN");

}  // namespace signet::sqlite

#endif  // SIGNET_TESTS_UNIT_STORAGE_SQLITE_STORE_ERRORS_H_
