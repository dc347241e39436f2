// SPDX-License-Identifier: Apache-2.0
//
// What a TokenClient does when its feed breaks off, goes silent, or comes back.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "client/token_client.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/eventually.h"
#include "tests/unit/client/fake_tokens_server.h"

namespace signet::client {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

constexpr absl::Duration kStaleness = absl::Milliseconds(1100);

class FeedTest : public testing::Test {
 protected:
  FeedTest() {
    server_.Put("token", GoodAnswer(1));
    auto client = TokenClient::Create(
        {.target = server_.target(), .max_staleness = kStaleness});
    EXPECT_THAT(client, IsOk());
    client_ = *std::move(client);
    EXPECT_TRUE(AwaitFeed());
  }

  bool AwaitFeed() {
    return Eventually([this] { return client_->FeedStatus().ok(); });
  }
  bool AwaitLoss(absl::Duration limit) {
    return Eventually([this] { return !client_->FeedStatus().ok(); }, limit);
  }
  // Until it has been opened again.
  void BreakFeed() {
    const size_t opened = server_.positions().size();
    server_.EndFeed({grpc::StatusCode::UNAVAILABLE, "stopping"});
    EXPECT_TRUE(
        Eventually([&] { return server_.positions().size() > opened; }));
  }
  bool Verify(const std::string& token = "token") {
    const auto answer = client_->VerifyAndWait(token, nullptr);
    return answer.ok() && (*answer)->active();
  }
  bool IsKept() {
    const size_t before = server_.questions().size();
    Verify();
    return server_.questions().size() == before;
  }

  FakeTokensServer server_;
  std::unique_ptr<TokenClient> client_;
};

TEST_F(FeedTest, SilenceEndsKeptAnswersWithinTheBound) {
  Verify();
  EXPECT_TRUE(IsKept());
  server_.Silence(/*all=*/true);
  const absl::Time silent_at = absl::Now();
  EXPECT_TRUE(Eventually([this] { return !IsKept(); }));
  // The last message may have been on its way; the rest is for busy machines.
  EXPECT_LT(absl::Now() - silent_at, kStaleness + absl::Seconds(5));
  EXPECT_THAT(client_->FeedStatus(),
              ErrorIs(absl::StatusCode::kUnavailable, "FEED_SILENT"));
  EXPECT_FALSE(IsKept());  // Nor is anything kept now.
}

TEST_F(FeedTest, AfterSilenceItGoesOnWhereItWas) {
  server_.Tell({9});
  Verify();
  EXPECT_TRUE(Eventually([this] { return IsKept(); }));
  absl::SleepFor(absl::Milliseconds(300));  // Its position has arrived.
  server_.Silence(/*all=*/false);
  EXPECT_TRUE(AwaitLoss(absl::Seconds(5)));
  EXPECT_TRUE(AwaitFeed());
  EXPECT_THAT(server_.positions(), ElementsAre("", "p1"));
  EXPECT_TRUE(IsKept());  // It was true all the time.
}

TEST_F(FeedTest, AChangeDuringTheGapIsHeardBeforeAnythingIsBelieved) {
  Verify();
  server_.Silence(/*all=*/true);
  EXPECT_TRUE(AwaitLoss(absl::Seconds(5)));
  server_.Put("token", BadAnswer("TOKEN_REVOKED"));
  server_.Speak();
  server_.Tell({}, /*reset=*/true);
  EXPECT_TRUE(AwaitFeed());
  EXPECT_FALSE(Verify());
}

TEST_F(FeedTest, ALostFeedEndsKeptAnswersAtOnceAndComesBack) {
  Verify();
  EXPECT_TRUE(IsKept());
  server_.EndFeed({grpc::StatusCode::UNAVAILABLE, "stopping"});
  EXPECT_TRUE(AwaitLoss(absl::Seconds(1)));
  EXPECT_TRUE(AwaitFeed());
  EXPECT_THAT(server_.positions(), SizeIs(2));
  EXPECT_TRUE(IsKept());
}

TEST_F(FeedTest, AnIdThatCannotBeReadEndsAllThatIsKept) {
  Verify();
  EXPECT_TRUE(IsKept());
  server_.TellOf({"service-account-1"});
  EXPECT_TRUE(Eventually([this] { return !IsKept(); }));
}

// What the first message says may have lain on the way as long as the stream
// has been open.
TEST_F(FeedTest, OfAnOldServerTheFirstMessageIsAsOldAsItsStream) {
  server_.DoNotStamp();
  server_.SpeakOnce(kStaleness / 2);
  BreakFeed();
  EXPECT_TRUE(AwaitFeed());
  const absl::Time opened_at = server_.opened_at();
  while (true) {
    const absl::Time now = absl::Now();
    const bool live = client_->FeedStatus().ok();
    if (!live || server_.opened_at() != opened_at) break;
    ASSERT_LT(now, opened_at + kStaleness);
  }
}

TEST_F(FeedTest, AFeedThatWorkedIsOpenedAgainSoon) {
  const absl::Time began = absl::Now();
  for (int i = 0; i < 6; ++i) {
    BreakFeed();
    EXPECT_TRUE(AwaitFeed());
  }
  // Had it waited longer each time, it would have taken three seconds at least.
  EXPECT_LT(absl::Now() - began, absl::Seconds(3));
}

// It makes all its news look old, so it is left for a new one, and is believed
// until that speaks.
TEST_F(FeedTest, AStreamThatWasSlowToOpenIsLeftWithoutAGap) {
  server_.DelayOpening(kStaleness * 0.6);
  BreakFeed();
  server_.DelayOpening(absl::ZeroDuration());
  EXPECT_TRUE(AwaitFeed());
  const absl::Time end = absl::Now() + absl::Seconds(1);
  while (absl::Now() < end) {
    ASSERT_THAT(client_->FeedStatus(), IsOk());
    absl::SleepFor(absl::Milliseconds(1));
  }
  EXPECT_THAT(server_.positions(), SizeIs(3));
}

TEST_F(FeedTest, ANetworkThatIsSlowForEachStreamIsPutUpWith) {
  server_.DelayOpening(kStaleness * 0.6);
  BreakFeed();
  EXPECT_TRUE(Eventually([this] { return server_.positions().size() == 3; }));
  EXPECT_TRUE(AwaitFeed());
  absl::SleepFor(kStaleness);
  EXPECT_TRUE(AwaitFeed());
  EXPECT_THAT(server_.positions(), SizeIs(3));
}

// Its beats buy their interval each; those of this one come sooner.
TEST_F(FeedTest, AnOldServerIsBelievedToo) {
  server_.DoNotStamp();
  BreakFeed();
  EXPECT_TRUE(AwaitFeed());
  Verify();
  EXPECT_TRUE(IsKept());
  absl::SleepFor(kStaleness);
  EXPECT_THAT(client_->FeedStatus(), IsOk());
}

TEST_F(FeedTest, WhoMayNotWatchKeepsNothing) {
  server_.EndFeed({grpc::StatusCode::PERMISSION_DENIED, "no"});
  // On a busy machine it may fall silent before.
  EXPECT_TRUE(Eventually(
      [this] { return absl::IsPermissionDenied(client_->FeedStatus()); }));
  EXPECT_TRUE(Verify());
  EXPECT_FALSE(IsKept());
  absl::SleepFor(absl::Seconds(1));
  EXPECT_THAT(server_.positions(), SizeIs(1));  // It does not insist.
}

TEST_F(FeedTest, AnAnswerAskedForWithoutFeedIsNotKept) {
  server_.Silence(/*all=*/true);
  EXPECT_TRUE(AwaitLoss(absl::Seconds(5)));
  Verify();
  server_.Speak();
  EXPECT_TRUE(AwaitFeed());
  EXPECT_FALSE(IsKept());
  EXPECT_TRUE(IsKept());
}

}  // namespace
}  // namespace signet::client
