// SPDX-License-Identifier: Apache-2.0
//
// What a TokenClient believes when news takes its time: a real server, and a
// network that delays and loses nothing.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/steady_time.h"
#include "client/token_client.h"
#include "gtest/gtest.h"
#include "tests/support/slow_relay.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/eventually.h"
#include "tests/unit/server/rpc/watch_fixture.h"

namespace signet::client {
namespace {

constexpr absl::Duration kBound = absl::Milliseconds(1500);

class SlowWayTest : public rpc::WatchFixture {
 protected:
  SlowWayTest() {
    auto client = TokenClient::Create(
        {.target = absl::StrCat("127.0.0.1:", relay_.port()),
         .credential = world_.asking.token(),
         .max_staleness = kBound,
         .call_timeout = absl::Milliseconds(300)});
    EXPECT_THAT(client, IsOk());
    client_ = *std::move(client);
    EXPECT_TRUE(AwaitFeed());
    EXPECT_TRUE(IsActive());
  }
  ~SlowWayTest() override {
    over_ = true;
    if (changing_.joinable()) changing_.join();
  }

  bool AwaitFeed() {
    return Eventually([this] { return client_->FeedStatus().ok(); });
  }
  bool IsActive() {
    const auto answer = client_->VerifyAndWait(good_.token(), nullptr);
    return answer.ok() && (*answer)->active();
  }

  // Lets other service accounts of the same account change from now on.
  void ChangeOthers(int per_second) {
    changing_ = std::thread([this, per_second] {
      const SteadyTime began = SteadyNow();
      for (uint32_t made = 0; !over_;) {
        absl::SleepFor(absl::Milliseconds(10));
        const double due =
            absl::ToDoubleSeconds(Between(began, SteadyNow())) * per_second;
        for (; made < due; ++made) {
          world_.world.feed.Publish(
              {.service_accounts = {{SampleId(1), SampleId(10'000 + made)}},
               .new_public_ids = {}});
        }
      }
    });
  }

  // Revokes the token, and asks about it for so long.
  void RevokeAndWatch(absl::Duration span) {
    ASSERT_TRUE(world_.Revoke(good_).ok());
    const SteadyTime revoked_at = SteadyNow();
    const SteadyTime end = After(revoked_at, span);
    while (SteadyNow() < end) {
      const SteadyTime asked_at = SteadyNow();
      if (IsActive()) {
        ASSERT_LT(Between(revoked_at, asked_at), kBound);
      }
      absl::SleepFor(absl::Milliseconds(2));
    }
  }

  SlowRelay relay_{world_.server->port()};
  std::unique_ptr<TokenClient> client_;
  std::atomic<bool> over_ = false;
  std::thread changing_;
};

TEST_F(SlowWayTest, OneSegmentEach1300Milliseconds) {
  relay_.SetInterval(absl::Seconds(1.3));
  ChangeOthers(10);
  absl::SleepFor(absl::Seconds(1));  // The news is behind all of this.
  RevokeAndWatch(absl::Seconds(5));
  relay_.SetInterval(absl::ZeroDuration());
  EXPECT_TRUE(AwaitFeed());
  EXPECT_FALSE(IsActive());
}

class SlowLinkTest : public SlowWayTest,
                     public testing::WithParamInterface<int64_t> {};

TEST_P(SlowLinkTest, BesideAFeedThatIsFaster) {
  relay_.SetRate(GetParam());
  ChangeOthers(475);
  absl::SleepFor(absl::Seconds(1));
  RevokeAndWatch(absl::Seconds(4));
  over_ = true;
  relay_.SetRate(0);
  EXPECT_TRUE(AwaitFeed());
  EXPECT_TRUE(Eventually([this] {
    const auto answer = client_->VerifyAndWait(good_.token(), nullptr);
    return answer.ok() && (*answer)->reason() == "TOKEN_REVOKED";
  }));
}

INSTANTIATE_TEST_SUITE_P(Rates, SlowLinkTest, testing::Values(3000, 8000),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace signet::client
