// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/throttled_log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/recording_logger.h"

namespace signet::oauth {
namespace {

using testing::SizeIs;

TEST(ThrottledLog, WritesOneLineASecondAndCountsTheRest) {
  RecordingLogger logger;
  ThrottledLog log(&logger);
  const absl::Time start = absl::FromUnixSeconds(1900000000);
  log.Refused("first", start);
  for (int i = 0; i < 5; ++i) log.Refused("flood", start);
  log.Refused("flood", start + absl::Seconds(1) - absl::Nanoseconds(1));
  ASSERT_THAT(logger.lines(), SizeIs(1));
  EXPECT_EQ(logger.lines()[0].fields.at("why"), "first");
  EXPECT_EQ(logger.lines()[0].fields.at("omitted"), "0");

  log.Refused("second", start + absl::Seconds(1));
  ASSERT_THAT(logger.lines(), SizeIs(2));
  EXPECT_EQ(logger.lines()[1].fields.at("why"), "second");
  EXPECT_EQ(logger.lines()[1].fields.at("omitted"), "6");
}

TEST(ThrottledLog, SpeaksAfterTheClockWentBack) {
  RecordingLogger logger;
  ThrottledLog log(&logger);
  const absl::Time start = absl::FromUnixSeconds(1900000000);
  log.Refused("first", start);
  log.Refused("second", start - absl::Hours(1));
  EXPECT_THAT(logger.lines(), SizeIs(2));
}

}  // namespace
}  // namespace signet::oauth
