// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/status.h"

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/rpc/rpc_error.h"

namespace signet::rpc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

absl::Status FullError(absl::StatusCode code) {
  return MakeError(code, "account: got x, want y",
                   {.reason = "SOME_REASON",
                    .violations = {{"a", "got 1"}, {"b.c", "got 2"}},
                    .retry_after = absl::Milliseconds(1500)});
}

TEST(ToRpcStatus, OkIsEmpty) {
  EXPECT_EQ(ToRpcStatus(absl::OkStatus()).ByteSizeLong(), 0u);
}

TEST(ToRpcStatus, CarriesEveryDetail) {
  const RpcError error =
      ReadError(ToRpcStatus(FullError(absl::StatusCode::kInvalidArgument)));
  EXPECT_EQ(error.code, 3);
  EXPECT_EQ(error.message, "account: got x, want y");
  EXPECT_EQ(error.reason, "SOME_REASON");
  EXPECT_EQ(error.domain, "signet.v1");
  EXPECT_THAT(error.fields, ElementsAre("a: got 1", "b.c: got 2"));
  EXPECT_EQ(error.retry_after, absl::Milliseconds(1500));
}

TEST(ToRpcStatus, WithoutDetailTheCodeIsTheReason) {
  const RpcError error =
      ReadError(ToRpcStatus(absl::UnavailableError("later")));
  EXPECT_EQ(error.code, 14);
  EXPECT_EQ(error.reason, "UNAVAILABLE");
  EXPECT_THAT(error.fields, IsEmpty());
  EXPECT_EQ(error.retry_after, std::nullopt);
}

class EveryCode : public testing::TestWithParam<int> {};

// Numbers of google/rpc/code.proto.
TEST_P(EveryCode, KeepsItsNumberAndItsTextUnlessThatIsInternal) {
  const auto code = static_cast<absl::StatusCode>(GetParam());
  const RpcError error = ReadError(ToRpcStatus(FullError(code)));
  const bool internal = GetParam() == 2 || GetParam() == 13 || GetParam() == 15;
  EXPECT_EQ(error.code, GetParam());
  EXPECT_EQ(error.message,
            internal ? "internal error" : "account: got x, want y");
  EXPECT_EQ(error.fields.empty(), internal);
  EXPECT_EQ(IsInternal(code), internal);
}

INSTANTIATE_TEST_SUITE_P(Codes, EveryCode, testing::Range(1, 17));

TEST(ToRpcStatus, ACodeOutsideTheCanonIsUnknown) {
  EXPECT_EQ(
      ToRpcStatus(absl::Status(static_cast<absl::StatusCode>(99), "x")).code(),
      2);
}

}  // namespace
}  // namespace signet::rpc
