// SPDX-License-Identifier: Apache-2.0
#include "gateway/problem.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/rpc/error_details.pb.h"
#include "http/http_message.h"

namespace signet::gateway {
namespace {

using google::rpc::Code;

// What is not for clients: the cause is in the log, under the request id.
bool IsPrivate(Code code) {
  return code == google::rpc::INTERNAL || code == google::rpc::UNKNOWN ||
         code == google::rpc::DATA_LOSS;
}

// Rounded up: who comes back early is refused again.
int WholeSeconds(const google::protobuf::Duration& duration) {
  constexpr int64_t kMostSeconds = 24 * 60 * 60;
  const int64_t seconds = duration.seconds() + (duration.nanos() > 0 ? 1 : 0);
  return static_cast<int>(std::clamp<int64_t>(seconds, 1, kMostSeconds));
}

void TakeDetails(const google::rpc::Status& status, Problem& problem) {
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      problem.reason = info.reason();
      if (const auto scope = info.metadata().find("scope");
          scope != info.metadata().end()) {
        problem.scope = scope->second;
      }
    } else if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        problem.errors.push_back({violation.field(), violation.description()});
      }
    } else if (any.UnpackTo(&retry)) {
      problem.retry_after_s = WholeSeconds(retry.retry_delay());
    }
  }
}

Problem GatewayProblem(int status, Code code, std::string_view reason,
                       std::string_view detail) {
  return {.status = status,
          .code = code,
          .reason = std::string(reason),
          .detail = std::string(detail)};
}

Problem BadRequest(std::string_view reason, std::string_view detail) {
  return GatewayProblem(400, google::rpc::INVALID_ARGUMENT, reason, detail);
}

// Reasons that HTTP has a status of its own for, beside that of their code.
struct ReasonStatus {
  Code code;
  std::string_view reason;
  int status;
};
constexpr ReasonStatus kReasonStatuses[] = {
    // The Idempotency-Key HTTP Header Field
    // (draft-ietf-httpapi-idempotency-key-header) section 2.7.
    {google::rpc::INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED", 422},
    // RFC 9110 section 13.1.1: If-Match named another version.
    {google::rpc::ABORTED, "ETAG_MISMATCH", 412},
};

int StatusOf(Code code, std::string_view reason) {
  for (const ReasonStatus& row : kReasonStatuses) {
    if (row.code == code && row.reason == reason) return row.status;
  }
  return HttpStatusOf(code);
}

}  // namespace

int HttpStatusOf(Code code) {
  switch (code) {
    case google::rpc::OK:
      return 200;
    case google::rpc::INVALID_ARGUMENT:
    case google::rpc::OUT_OF_RANGE:
      return 400;
    case google::rpc::UNAUTHENTICATED:
      return 401;
    case google::rpc::PERMISSION_DENIED:
      return 403;
    case google::rpc::NOT_FOUND:
      return 404;
    case google::rpc::ALREADY_EXISTS:
    case google::rpc::ABORTED:
    case google::rpc::FAILED_PRECONDITION:
      return 409;
    case google::rpc::RESOURCE_EXHAUSTED:
      return 429;
    case google::rpc::CANCELLED:
      return 499;  // nginx's "client closed request"; nobody reads it.
    case google::rpc::UNIMPLEMENTED:
      return 501;
    case google::rpc::UNAVAILABLE:
      return 503;
    case google::rpc::DEADLINE_EXCEEDED:
      return 504;
    case google::rpc::UNKNOWN:
    case google::rpc::INTERNAL:
    case google::rpc::DATA_LOSS:
    default:  // protobuf's own sentinels, and codes that do not exist.
      return 500;
  }
}

Problem BackendProblem(const google::rpc::Status& status) {
  Problem problem;
  problem.code = google::rpc::Code_IsValid(status.code()) &&
                         status.code() != google::rpc::OK
                     ? static_cast<Code>(status.code())
                     : google::rpc::UNKNOWN;
  problem.status = HttpStatusOf(problem.code);
  problem.reason = google::rpc::Code_Name(problem.code);
  if (IsPrivate(problem.code)) {
    problem.detail = "internal error";
    return problem;
  }
  problem.detail = status.message();
  TakeDetails(status, problem);
  problem.status = StatusOf(problem.code, problem.reason);
  return problem;
}

Problem FramingProblem(http::Fault fault) {
  switch (fault) {
    case http::Fault::kMalformed:
      return BadRequest("REQUEST_MALFORMED",
                        "want a request as RFC 9112 or RFC 9113 frames it");
    case http::Fault::kTimeout:
      return GatewayProblem(408, google::rpc::DEADLINE_EXCEEDED,
                            "REQUEST_TIMEOUT",
                            "the request was not whole in time");
    case http::Fault::kTargetTooLong:
      return GatewayProblem(414, google::rpc::INVALID_ARGUMENT,
                            "TARGET_TOO_LONG",
                            "the request target is too long");
    case http::Fault::kFieldsTooLarge:
      return GatewayProblem(431, google::rpc::INVALID_ARGUMENT,
                            "FIELDS_TOO_LARGE",
                            "the header fields are too large");
    case http::Fault::kVersion:
      return GatewayProblem(505, google::rpc::UNIMPLEMENTED,
                            "VERSION_UNSUPPORTED", "want HTTP/1.1 or HTTP/2");
    case http::Fault::kExpectation:
      return GatewayProblem(417, google::rpc::INVALID_ARGUMENT,
                            "EXPECTATION_FAILED",
                            "Expect: want 100-continue or none");
    case http::Fault::kOverloaded:
      return GatewayProblem(503, google::rpc::UNAVAILABLE, "SERVER_OVERLOADED",
                            "too many connections, try again later");
  }
  return InternalProblem();
}

Problem RouteNotFound() {
  return GatewayProblem(404, google::rpc::UNIMPLEMENTED, "ROUTE_NOT_FOUND",
                        "the path names no resource of this API");
}

Problem MethodNotAllowed(const std::vector<std::string>& allowed) {
  Problem problem = GatewayProblem(
      405, google::rpc::UNIMPLEMENTED, "METHOD_NOT_ALLOWED",
      absl::StrCat("want one of: ", absl::StrJoin(allowed, ", ")));
  problem.fields.push_back({"Allow", absl::StrJoin(allowed, ", ")});
  return problem;
}

// Both 415s say what would be taken (RFC 9110 section 15.5.16).
Problem MediaTypeUnsupported(std::string_view want, std::string_view got) {
  std::string type(want);
  std::string detail =
      got.empty()
          ? absl::StrCat("Content-Type: want ", type, " in UTF-8, once")
          : absl::StrCat("Content-Type: got ", std::string(got), ", want ",
                         type, "; with curl: -H 'Content-Type: ", type, "'");
  Problem problem = GatewayProblem(415, google::rpc::INVALID_ARGUMENT,
                                   "MEDIA_TYPE_UNSUPPORTED", detail);
  problem.fields.push_back({"Accept", std::move(type)});
  return problem;
}

Problem ContentCodingUnsupported() {
  Problem problem = GatewayProblem(415, google::rpc::INVALID_ARGUMENT,
                                   "CONTENT_CODING_UNSUPPORTED",
                                   "Content-Encoding: want none");
  problem.fields.push_back({"Accept-Encoding", "identity"});
  return problem;
}

Problem BodyTooLarge() {
  return GatewayProblem(413, google::rpc::INVALID_ARGUMENT, "BODY_TOO_LARGE",
                        absl::StrCat("the request body is too large, want at "
                                     "most ",
                                     http::kMaxBodyBytes, " bytes"));
}

Problem BodyUnexpected() {
  return BadRequest("BODY_UNEXPECTED", "want no request body");
}

Problem BodyMalformed(const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return InternalProblem();
  return BadRequest(GetErrorDetail(status).reason,
                    std::string(status.message()));
}

Problem SeveralCredentials() {
  return BadRequest("INVALID_REQUEST", "authorization: got several, want one");
}

Problem FormInvalid(FieldViolation error) {
  Problem problem = BadRequest("INVALID_REQUEST",
                               absl::StrCat(error.field, ": ", error.detail));
  problem.errors.push_back(std::move(error));
  return problem;
}

Problem FieldsInvalid(std::vector<FieldViolation> errors) {
  Problem problem = BadRequest("FIELD_INVALID", "");
  problem.detail = absl::StrCat(errors[0].field, ": ", errors[0].detail);
  if (errors.size() > 1) {
    absl::StrAppend(&problem.detail, " (and ", errors.size() - 1, " more)");
  }
  problem.errors = std::move(errors);
  return problem;
}

Problem PreconditionFailed() {
  return GatewayProblem(412, google::rpc::ABORTED, "ETAG_MISMATCH",
                        "the resource has another version than If-Match names");
}

Problem InternalProblem() {
  return GatewayProblem(500, google::rpc::INTERNAL, "INTERNAL",
                        "internal error");
}

}  // namespace signet::gateway
