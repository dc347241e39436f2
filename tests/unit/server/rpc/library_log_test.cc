// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/library_log.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>

#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"
#include "signet/v1/service_account.pb.h"
#include "tests/support/recording_logger.h"

namespace signet::rpc {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// gRPC is silent until it is used.
class LibraryLogTest : public testing::Test {
 protected:
  LibraryLogTest() { grpc_init(); }
  ~LibraryLogTest() override { grpc_shutdown(); }
};

TEST_F(LibraryLogTest, WhatMattersBecomesLines) {
  RecordingLogger logger;
  const LibraryLog library_log(&logger);
  gpr_log(GPR_ERROR, "port %d is taken", 7);
  EXPECT_THROW(GOOGLE_LOG(FATAL) << "a broken promise",
               google::protobuf::FatalException);

  ASSERT_THAT(logger.lines(), SizeIs(2));
  EXPECT_EQ(logger.lines()[0].level, LogLevel::kError);
  EXPECT_EQ(logger.lines()[0].fields.at("library"), "grpc");
  EXPECT_EQ(logger.lines()[0].fields.at("text"), "port 7 is taken");
  EXPECT_EQ(logger.lines()[1].fields.at("library"), "protobuf");
  EXPECT_EQ(logger.lines()[1].fields.at("text"), "a broken promise");
}

TEST_F(LibraryLogTest, WhoeverCausesErrorsCannotFillTheLog) {
  RecordingLogger logger;
  const LibraryLog library_log(&logger);
  for (int i = 0; i < 1000; ++i) gpr_log(GPR_ERROR, "again");
  ASSERT_THAT(logger.lines(), SizeIs(1));
  absl::SleepFor(absl::Milliseconds(1100));
  gpr_log(GPR_ERROR, "again");
  ASSERT_THAT(logger.lines(), SizeIs(2));
  EXPECT_EQ(logger.lines()[1].fields.at("omitted"), "999");
}

TEST_F(LibraryLogTest, DropsWhatIsWrongWithAMessage) {
  RecordingLogger logger;
  const LibraryLog library_log(&logger);
  v1::ServiceAccount account;
  EXPECT_FALSE(account.ParseFromString("\x1A\x02\xC0\xAF"));  // Not UTF-8.
  EXPECT_THAT(logger.lines(), IsEmpty());
}

TEST_F(LibraryLogTest, DropsWhatIsLessThanAnError) {
  RecordingLogger logger;
  const LibraryLog library_log(&logger);
  gpr_log_message(__FILE__, __LINE__, GPR_LOG_SEVERITY_DEBUG, "a credential");
  gpr_log_message(__FILE__, __LINE__, GPR_LOG_SEVERITY_INFO, "a credential");
  GOOGLE_LOG(WARNING) << "a credential";
  EXPECT_THAT(logger.lines(), IsEmpty());
}

TEST_F(LibraryLogTest, IsSilentOnceItIsGone) {
  RecordingLogger logger;
  { const LibraryLog library_log(&logger); }
  gpr_log(GPR_ERROR, "late");
  EXPECT_THAT(logger.lines(), IsEmpty());
}

}  // namespace
}  // namespace signet::rpc
