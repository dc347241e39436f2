// SPDX-License-Identifier: Apache-2.0
#include "call/access_log.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace signet::call {
namespace {

using testing::IsEmpty;

// Writes lines down with their fields in order.
class OrderedLogger final : public Logger {
 public:
  void Log(LogLevel level, std::string_view message,
           std::initializer_list<LogField> fields) override {
    Add(level == LogLevel::kError ? "error" : "info", message, fields);
  }
  void LogRefusal(std::string_view peer, LogLevel level,
                  std::string_view message,
                  std::initializer_list<LogField> fields) override {
    Add(absl::StrCat("refusal of ", std::string(peer),
                     level == LogLevel::kError ? " error" : ""),
        message, fields);
  }

  std::vector<std::string> lines;

 private:
  void Add(std::string line, std::string_view message,
           std::initializer_list<LogField> fields) {
    absl::StrAppend(&line, ": ", std::string(message));
    for (const LogField& field : fields) {
      absl::StrAppend(&line, " ", std::string(field.key), "=");
      if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        absl::StrAppend(&line, std::string(*text));
      } else {
        absl::StrAppend(&line, std::get<int64_t>(field.value));
      }
    }
    lines.push_back(std::move(line));
  }
};

class AccessLogTest : public testing::Test {
 protected:
  std::string LineOf(const CallEnd& end) {
    log_.OnEnd(context_, end);
    if (logger_.lines.empty()) return "";
    std::string line = std::move(logger_.lines.back());
    logger_.lines.pop_back();
    EXPECT_THAT(logger_.lines, IsEmpty());
    return line;
  }

  static CallEnd Rest(int status) {
    return {.kind = CallKind::kRest,
            .method = "signet.v1.A.B",
            .principal = "user:1",
            .latency = absl::Microseconds(1234),
            .http = CallEnd::Http{
                .method = "GET", .route = "/v1/a", .status = status}};
  }

  const CallContext context_ = {.request_id = "req-1", .peer = "192.0.2.1:5"};
  OrderedLogger logger_;
  AccessLog log_{&logger_};
};

TEST_F(AccessLogTest, ARestRequest) {
  EXPECT_EQ(LineOf(Rest(200)),
            "info: rest request request_id=req-1 method=signet.v1.A.B "
            "http_method=GET route=/v1/a principal=user:1 code=OK reason= "
            "status=200 latency_us=1234 peer=192.0.2.1:5");
}

TEST_F(AccessLogTest, ARefusedRestRequestMayBeLeftOut) {
  CallEnd end = Rest(403);
  end.code = absl::StatusCode::kPermissionDenied;
  end.reason = "ACCESS_DENIED";
  end.refused = true;
  EXPECT_EQ(LineOf(end),
            "refusal of 192.0.2.1:5: rest request request_id=req-1 "
            "method=signet.v1.A.B http_method=GET route=/v1/a "
            "principal=user:1 code=PERMISSION_DENIED reason=ACCESS_DENIED "
            "status=403 latency_us=1234 peer=192.0.2.1:5");
}

TEST_F(AccessLogTest, OnlyWhatTheServerFailedInIsAnError) {
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_THAT(LineOf(Rest(status)), testing::StartsWith("error: "));
  }
  for (const int status : {200, 304, 400, 499, 501, 505}) {
    EXPECT_THAT(LineOf(Rest(status)), testing::StartsWith("info: "));
  }
  CallEnd end = Rest(503);
  end.refused = true;
  EXPECT_THAT(LineOf(end), testing::StartsWith("refusal of 192.0.2.1:5 error"));
}

TEST_F(AccessLogTest, AGrpcCall) {
  CallEnd end = {.kind = CallKind::kGrpc,
                 .method = "signet.v1.A.B",
                 .principal = "trusted",
                 .code = absl::StatusCode::kNotFound,
                 .latency = absl::Microseconds(7)};
  const std::string text =
      "grpc call request_id=req-1 method=signet.v1.A.B principal=trusted "
      "code=NOT_FOUND latency_us=7 peer=192.0.2.1:5";
  EXPECT_EQ(LineOf(end), "info: " + text);
  end.refused = true;
  EXPECT_EQ(LineOf(end), "refusal of 192.0.2.1:5: " + text);
}

TEST_F(AccessLogTest, AStream) {
  CallEnd end = {.kind = CallKind::kStream,
                 .method = "signet.v1.A.B",
                 .principal = "user:1",
                 .latency = absl::Milliseconds(90)};
  EXPECT_EQ(LineOf(end),
            "info: grpc stream method=signet.v1.A.B principal=user:1 "
            "request_id=req-1 peer=192.0.2.1:5 code=OK duration_ms=90");
  end.answers = 3;
  end.refused = true;
  EXPECT_EQ(LineOf(end),
            "refusal of 192.0.2.1:5: grpc stream method=signet.v1.A.B "
            "request_id=req-1 peer=192.0.2.1:5 code=OK answers=3 "
            "duration_ms=90");
}

TEST_F(AccessLogTest, AProxysQuestion) {
  EXPECT_EQ(LineOf({.kind = CallKind::kExternalAuthorization,
                    .method = "signet.v1.A.B",
                    .code = absl::StatusCode::kUnauthenticated,
                    .reason = "TOKEN_INVALID",
                    .detail = "not valid",
                    .refused = true}),
            "refusal of 192.0.2.1:5: external authorization refused "
            "request_id=req-1 code=UNAUTHENTICATED reason=TOKEN_INVALID "
            "detail=not valid peer=192.0.2.1:5");
}

TEST_F(AccessLogTest, WhatIsUnloggedLeavesNoLine) {
  CallEnd end = Rest(200);
  end.unlogged = true;
  EXPECT_EQ(LineOf(end), "");
}

TEST(CallContext, NobodyWaitsPastTheDeadlineOrOnceTheClientHasGone) {
  FakeClock clock;
  bool gone = false;
  const CallContext context = {.deadline = clock.Now() + absl::Seconds(1),
                               .clock = &clock,
                               .cancelled = [&gone] { return gone; }};
  EXPECT_FALSE(context.Gone());
  gone = true;
  EXPECT_TRUE(context.Gone());
  gone = false;
  clock.Advance(absl::Seconds(1));
  EXPECT_TRUE(context.Gone());
  EXPECT_FALSE(CallContext().Gone()) << "of which nothing is known";
}

}  // namespace
}  // namespace signet::call
