// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_GATEWAY_PROBLEM_H_
#define SIGNET_GATEWAY_PROBLEM_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/error.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/status.pb.h"
#include "http/http_message.h"

namespace signet::gateway {

// One refusal as REST tells it. A plain value; the functions below are the only
// ones that make it, so that each cause has one status, code and reason.
struct Problem {
  int status = 500;  // HTTP (RFC 9110 section 15).
  google::rpc::Code code = google::rpc::UNKNOWN;
  std::string reason;  // UPPER_SNAKE_CASE, stable.
  std::string detail;  // For people.
  std::vector<FieldViolation> errors = {};
  int retry_after_s = 0;   // 0: no hint.
  std::string scope = {};  // What an OAuth token lacks (RFC 6750 section 3).
  std::vector<http::Field> fields =
      {};  // Of the answer, beyond what every problem has.
};

// The HTTP status of a code, as google/rpc/code.proto has it, except that
// FAILED_PRECONDITION is 409: here it means a resource in the wrong state (a
// revoked service account), which a client cannot mend by another request text.
int HttpStatusOf(google::rpc::Code code);

// An error of the backend (AIP-193). Its status is the code's, except that
// IDEMPOTENCY_KEY_REUSED is 422 and ETAG_MISMATCH 412. The text of INTERNAL,
// UNKNOWN and DATA_LOSS is dropped. A missing google.rpc.ErrorInfo leaves the
// code's name as the reason.
Problem BackendProblem(const google::rpc::Status& status);

// A fault in the framing of a request, found by the listener.
Problem FramingProblem(http::Fault fault);

// Faults that the gateway finds itself, in the order of their rank.
Problem RouteNotFound();
Problem MethodNotAllowed(const std::vector<std::string>& allowed);
// `want` is the media type; `got`, if not empty, what came in its place: "none"
// or a media type. Nothing else that a client sent is repeated.
Problem MediaTypeUnsupported(std::string_view want, std::string_view got = "");
Problem ContentCodingUnsupported();
Problem BodyTooLarge();
Problem BodyUnexpected();
// An absl::Status of base; INVALID_ARGUMENT keeps its reason and text.
Problem BodyMalformed(const absl::Status& status);
Problem FieldsInvalid(std::vector<FieldViolation> errors);

// Faults of a credential in a form (RFC 7009 section 2.1): as RFC 6750 section
// 3.1 has `invalid_request`, more than one way of giving it, and a form that
// does not hold it.
Problem SeveralCredentials();
Problem FormInvalid(FieldViolation error);

// A condition of the request does not hold (RFC 9110 section 13.1.1).
Problem PreconditionFailed();

// The answer could not be written; nothing is said of why.
Problem InternalProblem();

}  // namespace signet::gateway

#endif  // SIGNET_GATEWAY_PROBLEM_H_
