// SPDX-License-Identifier: Apache-2.0
#include "client/change_follower.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/secret.h"
#include "client/answer_cache.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "gtest/gtest.h"
#include "tests/support/seeded_random.h"
#include "tests/unit/client/eventually.h"
#include "tests/unit/client/fake_tokens_server.h"

namespace signet::client {
namespace {

// As it does each hour, while news comes.
TEST(ChangeFollowerTest, OpensAnewWithoutAGapAndLosesNothing) {
  FakeTokensServer server;
  const SystemClock clock;
  SeededRandom random;
  AnswerCache cache({.max_entries = 1024, .max_bytes = 1 << 20}, &clock,
                    random);
  const Secret nobody{std::string()};
  const ChangeFollower follower(
      grpc::CreateChannel(server.target(), grpc::InsecureChannelCredentials()),
      {.account_id = "",
       .max_staleness = absl::Seconds(2),
       .max_stream_age = absl::Milliseconds(50)},
      &nobody, &cache, &random);
  ASSERT_TRUE(Eventually([&] { return follower.IsLive(SteadyNow()); }));
  for (uint32_t i = 1; i <= 100; ++i) {
    const AnswerCache::Key key = cache.KeyOf(absl::StrCat(i));
    cache.Keep(key,
               std::make_shared<const v1::VerifyTokenResponse>(GoodAnswer(i)),
               cache.Now(), SteadyNow(),
               {.cache_ttl = absl::Seconds(5),
                .expires_in = absl::InfiniteDuration()});
    ASSERT_TRUE(cache.Find(key, SteadyNow()) != nullptr);
    server.Tell({i});
    ASSERT_TRUE(Eventually([&] {
      EXPECT_TRUE(follower.IsLive(SteadyNow()));
      return cache.Find(key, SteadyNow()) == nullptr;
    }));
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_GT(server.positions().size(), 5u);
}

}  // namespace
}  // namespace signet::client
