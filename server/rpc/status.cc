// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/status.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "server/api/convert.h"

namespace signet::rpc {

bool IsInternal(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  google::rpc::Status out;
  if (status.ok()) return out;
  const absl::StatusCode code = status.code();  // Canonical, UNKNOWN if not.
  out.set_code(static_cast<int>(code));
  const bool internal = IsInternal(code);
  out.set_message(internal ? "internal error" : std::string(status.message()));

  ErrorDetail detail = GetErrorDetail(status);
  google::rpc::ErrorInfo info;
  info.set_reason(std::move(detail.reason));
  info.set_domain(std::string(kErrorDomain));
  out.add_details()->PackFrom(info);

  if (!detail.violations.empty() && !internal) {
    google::rpc::BadRequest bad_request;
    for (FieldViolation& violation : detail.violations) {
      auto* added = bad_request.add_field_violations();
      added->set_field(std::move(violation.field));
      added->set_description(std::move(violation.detail));
    }
    out.add_details()->PackFrom(bad_request);
  }
  if (detail.retry_after > absl::ZeroDuration()) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = api::ToProto(detail.retry_after);
    out.add_details()->PackFrom(retry);
  }
  return out;
}

}  // namespace signet::rpc
