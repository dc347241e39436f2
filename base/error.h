// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_BASE_ERROR_H_
#define SIGNET_BASE_ERROR_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace signet {

// One field of a request that broke a rule (google.rpc.BadRequest).
struct FieldViolation {
  std::string field;   // Its path in the request, e.g. `expires_at`.
  std::string detail;  // "got X, want Y"; never echoes an id or a token.

  friend bool operator==(const FieldViolation&,
                         const FieldViolation&) = default;
};

// What a client may know of an error beyond code and message. It travels inside
// absl::Status so that every room speaks one error type (AIP-193).
struct ErrorDetail {
  std::string reason;  // UPPER_SNAKE_CASE, stable: clients branch on it.
  std::vector<FieldViolation> violations = {};
  absl::Duration retry_after = absl::ZeroDuration();  // Zero: no hint.

  friend bool operator==(const ErrorDetail&, const ErrorDetail&) = default;
};

// A status of `code` (not OK) that carries `detail`. `message` is shown to
// clients unless the code is INTERNAL, UNKNOWN or DATA_LOSS.
absl::Status MakeError(absl::StatusCode code, std::string_view message,
                       ErrorDetail detail);

// INVALID_ARGUMENT with one violation; the message is "field: detail".
absl::Status InvalidField(std::string_view reason, std::string_view field,
                          std::string_view detail);

// FAILED_PRECONDITION / DATABASE_REFUSED: the database must not be opened, or
// not be served any longer, as it is. It ends the process with exit code 3.
absl::Status DatabaseRefused(std::string_view message);

// The detail that `status` carries. A status made without one gets the name of
// its code as the reason (e.g. `INTERNAL`), so every error has a reason.
ErrorDetail GetErrorDetail(const absl::Status& status);

// The canonical name of a code, e.g. "INVALID_ARGUMENT"
// (google/rpc/code.proto).
std::string_view CodeName(absl::StatusCode code);

}  // namespace signet

#endif  // SIGNET_BASE_ERROR_H_
