// SPDX-License-Identifier: Apache-2.0
#include "client/rpc_error.h"

#include <utility>

#include "base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace signet::client {

absl::Status FromRpcError(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  google::rpc::Status sent;
  ErrorDetail detail;
  if (sent.ParseFromString(status.error_details())) {
    for (const auto& part : sent.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::BadRequest bad_request;
      google::rpc::RetryInfo retry;
      if (part.UnpackTo(&info)) {
        detail.reason = info.reason();
      } else if (part.UnpackTo(&bad_request)) {
        for (const auto& violation : bad_request.field_violations()) {
          detail.violations.push_back(
              {.field = violation.field(), .detail = violation.description()});
        }
      } else if (part.UnpackTo(&retry)) {
        detail.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                             absl::Nanoseconds(retry.retry_delay().nanos());
      }
    }
  }
  if (detail.reason.empty()) detail.reason = CodeName(code);
  return MakeError(code, status.error_message(), std::move(detail));
}

}  // namespace signet::client
