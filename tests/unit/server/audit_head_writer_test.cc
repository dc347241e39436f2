// SPDX-License-Identifier: Apache-2.0
#include "server/audit_head_writer.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_store.h"
#include "tests/support/recording_logger.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace signet::server {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class AuditHeadWriterTest : public testing::Test {
 protected:
  TempDir directory_;
  FakeClock clock_;
  SeededRandom random_;
  RecordingLogger logger_;
  FaultyStore store_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  AuditHeadWriter writer_{&store_,
                          keyring_.get(),
                          {.clock = &clock_,
                           .random = &random_,
                           .logger = &logger_,
                           .show = nullptr},
                          directory_.File("audit_head")};
};

TEST_F(AuditHeadWriterTest, WhatFailsForNowIsLogged) {
  store_.read_outcomes = {absl::UnavailableError("busy")};
  EXPECT_THAT(writer_.Write(), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_THAT(logger_.lines(), SizeIs(1));
  EXPECT_EQ(logger_.lines()[0].message, "the audit head is not written yet");
}

// The store has said why, and there is no later.
TEST_F(AuditHeadWriterTest, OfAStoreThatHasFailedNothingMoreIsSaid) {
  store_.Drain();
  EXPECT_THAT(writer_.Write(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(logger_.lines(), IsEmpty());
}

}  // namespace
}  // namespace signet::server
