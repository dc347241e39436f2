// SPDX-License-Identifier: Apache-2.0
#include "client/rpc_error.h"

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet::client {
namespace {

TEST(RpcErrorTest, KeepsAllThatTheServerSays) {
  google::rpc::Status sent;
  google::rpc::ErrorInfo info;
  info.set_reason("FIELD_INVALID");
  google::rpc::BadRequest bad_request;
  auto& violation = *bad_request.add_field_violations();
  violation.set_field("account_id");
  violation.set_description("want a UUID");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(1000);
  sent.add_details()->PackFrom(info);
  sent.add_details()->PackFrom(bad_request);
  sent.add_details()->PackFrom(retry);
  const absl::Status status =
      FromRpcError({grpc::StatusCode::INVALID_ARGUMENT, "account_id: no",
                    sent.SerializeAsString()});
  EXPECT_THAT(status,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FIELD_INVALID"));
  EXPECT_EQ(status.message(), "account_id: no");
  EXPECT_EQ(GetErrorDetail(status),
            (ErrorDetail{.reason = "FIELD_INVALID",
                         .violations = {{.field = "account_id",
                                         .detail = "want a UUID"}},
                         .retry_after = absl::Microseconds(1)}));
}

TEST(RpcErrorTest, OfTheTransportHasItsCodeAsReason) {
  for (const char* details : {"", "no message at all"}) {
    EXPECT_THAT(
        FromRpcError({grpc::StatusCode::UNAVAILABLE, "unreachable", details}),
        ErrorIs(absl::StatusCode::kUnavailable, "UNAVAILABLE"));
  }
  EXPECT_THAT(FromRpcError(grpc::Status::OK), IsOk());
}

}  // namespace
}  // namespace signet::client
