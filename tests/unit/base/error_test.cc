// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace signet {
namespace {

ErrorDetail FullDetail() {
  return {.reason = "NAME_INVALID",
          .violations = {{"name", "got 121, want 1 to 120"},
                         {"", std::string("\0\xff\x7f", 3)}},
          .retry_after = absl::Seconds(90061) + absl::Nanoseconds(1)};
}

TEST(MakeError, CarriesTheDetail) {
  const absl::Status status =
      MakeError(absl::StatusCode::kResourceExhausted, "full", FullDetail());
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(std::string(status.message()), "full");
  EXPECT_EQ(GetErrorDetail(status), FullDetail());
}

TEST(MakeError, TheDetailSurvivesCopiesAndUpdates) {
  absl::Status status;
  status.Update(MakeError(absl::StatusCode::kAborted, "x", FullDetail()));
  const absl::Status copy = status;
  EXPECT_EQ(GetErrorDetail(copy), FullDetail());
}

TEST(MakeError, RoundTripsAnyDuration) {
  for (const absl::Duration retry_after :
       {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Nanoseconds(1) / 4,
        absl::Seconds(1), absl::Hours(1'000'000), absl::InfiniteDuration(),
        -absl::Seconds(1)}) {
    const ErrorDetail detail = {.reason = "R", .retry_after = retry_after};
    EXPECT_EQ(
        GetErrorDetail(MakeError(absl::StatusCode::kUnavailable, "", detail)),
        detail)
        << retry_after;
  }
}

TEST(MakeError, RoundTripsLongTexts) {
  const ErrorDetail detail = {.reason = std::string(1000, 'R'),
                              .violations = {{std::string(70'000, 'f'), ""}}};
  EXPECT_EQ(
      GetErrorDetail(MakeError(absl::StatusCode::kInvalidArgument, "", detail)),
      detail);
}

TEST(InvalidField, HasOneViolationAndSaysSo) {
  const absl::Status status =
      InvalidField("NAME_INVALID", "name", "got 0 characters, want 1 to 120");
  EXPECT_THAT(status,
              ErrorIs(absl::StatusCode::kInvalidArgument, "NAME_INVALID"));
  EXPECT_EQ(std::string(status.message()),
            "name: got 0 characters, want 1 to 120");
  EXPECT_THAT(GetErrorDetail(status).violations,
              testing::ElementsAre(
                  FieldViolation{"name", "got 0 characters, want 1 to 120"}));
}

TEST(GetErrorDetail, AStatusWithoutOneIsNamedAfterItsCode) {
  EXPECT_EQ(GetErrorDetail(absl::InternalError("x")),
            (ErrorDetail{.reason = "INTERNAL"}));
  EXPECT_EQ(GetErrorDetail(absl::OkStatus()), (ErrorDetail{.reason = "OK"}));
}

// Whatever stands in the payload, reading it is safe and gives a reason.
TEST(GetErrorDetail, ReadsNoCutPayload) {
  const absl::Status whole =
      MakeError(absl::StatusCode::kAborted, "x", FullDetail());
  std::string url;
  std::string payload;
  whole.ForEachPayload([&](absl::string_view type, const absl::Cord& content) {
    url = std::string(type);
    payload = std::string(content);
  });
  int read = 0;
  for (size_t size = 0; size < payload.size(); ++size) {
    absl::Status cut(absl::StatusCode::kAborted, "x");
    cut.SetPayload(url, absl::Cord(payload.substr(0, size)));
    const ErrorDetail detail = GetErrorDetail(cut);
    if (detail.reason == "NAME_INVALID") {
      // A cut exactly between two violations cannot be told.
      EXPECT_LT(detail.violations.size(), 2u);
      ++read;
    } else {
      EXPECT_EQ(detail, (ErrorDetail{.reason = "ABORTED"}));
    }
  }
  EXPECT_EQ(read, 2);

  absl::Status huge(absl::StatusCode::kAborted, "x");
  huge.SetPayload(url, absl::Cord("\xff\xff\xff\xff..."));
  EXPECT_EQ(GetErrorDetail(huge).reason, "ABORTED");
}

TEST(CodeName, IsTheCanonicalNameOfEveryCode) {
  for (int code = 0; code <= 16; ++code) {
    const auto status_code = static_cast<absl::StatusCode>(code);
    EXPECT_EQ(std::string(CodeName(status_code)),
              absl::StatusCodeToString(status_code));
  }
  EXPECT_EQ(CodeName(static_cast<absl::StatusCode>(99)), "UNKNOWN");
}

}  // namespace
}  // namespace signet
