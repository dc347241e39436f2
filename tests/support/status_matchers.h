// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define SIGNET_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "gmock/gmock.h"

namespace signet {

inline const absl::Status& ToStatus(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& ToStatus(const absl::StatusOr<T>& status_or) {
  return status_or.status();
}

// Matches an OK Status or StatusOr.
MATCHER(IsOk, negation ? "is not OK" : "is OK") {
  *result_listener << "which is " << ToStatus(arg);
  return ToStatus(arg).ok();
}

// Matches a Status or StatusOr by its code.
MATCHER_P(StatusIs, code, "has code " + absl::StatusCodeToString(code)) {
  *result_listener << "which is " << ToStatus(arg);
  return ToStatus(arg).code() == code;
}

// Matches a Status or StatusOr by its code and its ErrorDetail's reason.
MATCHER_P2(ErrorIs, code, reason,
           "has code " + absl::StatusCodeToString(code) + " and reason " +
               std::string(reason)) {
  *result_listener << "which is " << ToStatus(arg) << ", reason "
                   << GetErrorDetail(ToStatus(arg)).reason;
  return ToStatus(arg).code() == code &&
         GetErrorDetail(ToStatus(arg)).reason == reason;
}

// Matches an OK StatusOr whose value matches `matcher`.
MATCHER_P(IsOkAndHolds, matcher, "is OK and holds a value that matches") {
  if (!arg.ok()) {
    *result_listener << "which is " << ToStatus(arg);
    return false;
  }
  return testing::ExplainMatchResult(matcher, *arg, result_listener);
}

}  // namespace signet

#endif  // SIGNET_TESTS_SUPPORT_STATUS_MATCHERS_H_
