// SPDX-License-Identifier: Apache-2.0
#include "gateway/remote/rpc_status.h"

#include <optional>
#include <string>
#include <utility>

#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"

namespace signet::remote {
namespace {

std::optional<google::rpc::Status> DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details()) ||
      details.code() != static_cast<int>(status.error_code()) ||
      details.code() == google::rpc::OK) {
    return std::nullopt;
  }
  return details;
}

google::rpc::Status Make(google::rpc::Code code, std::string message,
                         std::string reason) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message(std::move(message));
  google::rpc::ErrorInfo info;
  info.set_reason(std::move(reason));
  info.set_domain("signet.v1");
  status.add_details()->PackFrom(info);
  return status;
}

}  // namespace

bool IsServersOwn(const grpc::Status& status) {
  return DetailsOf(status).has_value();
}

google::rpc::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return {};
  if (std::optional<google::rpc::Status> details = DetailsOf(status)) {
    return *std::move(details);
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return Make(google::rpc::DEADLINE_EXCEEDED, "no answer in time",
                "DEADLINE_EXCEEDED");
  }
  google::rpc::Status unavailable =
      Make(google::rpc::UNAVAILABLE, "the service is not available just now",
           "BACKEND_UNAVAILABLE");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(1);
  unavailable.add_details()->PackFrom(retry);
  return unavailable;
}

google::rpc::Status TokenInvalidStatus() {
  return Make(google::rpc::UNAUTHENTICATED,
              "authorization: the token is not valid", "TOKEN_INVALID");
}

}  // namespace signet::remote
