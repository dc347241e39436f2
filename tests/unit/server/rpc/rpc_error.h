// SPDX-License-Identifier: Apache-2.0
#ifndef SIGNET_TESTS_UNIT_SERVER_RPC_RPC_ERROR_H_
#define SIGNET_TESTS_UNIT_SERVER_RPC_RPC_ERROR_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"
#include "gtest/gtest.h"

namespace signet::rpc {

// A google.rpc.Status, taken apart.
struct RpcError {
  int code = 0;
  std::string message;
  std::string reason;
  std::string domain;
  std::vector<std::string> fields;  // In order, each "field: description".
  std::optional<absl::Duration> retry_after;
};

// Also checks what AIP-193 wants of every error: one ErrorInfo, and no detail
// that we do not know.
inline RpcError ReadError(const google::rpc::Status& status) {
  RpcError error;
  error.code = status.code();
  error.message = status.message();
  int infos = 0;
  for (const google::protobuf::Any& any : status.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    google::rpc::RetryInfo retry;
    if (any.UnpackTo(&info)) {
      ++infos;
      error.reason = info.reason();
      error.domain = info.domain();
    } else if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        error.fields.push_back(violation.field() + ": " +
                               violation.description());
      }
    } else if (any.UnpackTo(&retry)) {
      error.retry_after = absl::Seconds(retry.retry_delay().seconds()) +
                          absl::Nanoseconds(retry.retry_delay().nanos());
    } else {
      ADD_FAILURE() << "got a detail " << any.type_url();
    }
  }
  EXPECT_EQ(infos, status.code() == 0 ? 0 : 1);
  return error;
}

// Also checks that code and message say the same twice.
inline RpcError ReadError(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
  EXPECT_EQ(details.message(), status.error_message());
  return ReadError(details);
}

}  // namespace signet::rpc

#endif  // SIGNET_TESTS_UNIT_SERVER_RPC_RPC_ERROR_H_
