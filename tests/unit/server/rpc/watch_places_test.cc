// SPDX-License-Identifier: Apache-2.0
//
// Who may watch the feed is bounded: how places are taken, and given back.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "server/domain/change_feed.h"
#include "storage/forwarding.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/slow_parts.h"
#include "tests/unit/server/rpc/watch_fixture.h"

namespace signet::rpc {
namespace {

class WatchPlacesTest : public WatchFixture {};

// Its place is free again, whatever the client does.
TEST_F(WatchPlacesTest, WhoDoesNotReadIsLetGo) {
  std::string start;
  {
    const auto first = Open();
    start = first->Next()->position();
    first->Cancel();
    first->Finish();
  }
  for (uint32_t i = 0; i < 200; ++i) {
    world_.world.feed.Publish(
        {.service_accounts = {{SampleId(1), SampleId(1000 + i)}},
         .new_public_ids = {}});
  }
  const size_t before = world_.world.logger.lines().size();
  // More than flow control lets by.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1024);
  Watch watch(grpc::CreateCustomChannel(
                  absl::StrCat("127.0.0.1:", world_.server->port()),
                  grpc::InsecureChannelCredentials(), arguments),
              world_.asker, From(start));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  std::string code;
  while (code.empty() && absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(50));
    const auto lines = world_.world.logger.lines();
    for (size_t i = before; i < lines.size(); ++i) {
      auto line = lines[i];
      if (line.message == "grpc stream" && line.fields["code"] != "CANCELLED") {
        code = line.fields["code"];
      }
    }
  }
  EXPECT_EQ(code, "DEADLINE_EXCEEDED");
  while (watch.Next().has_value()) {
  }
  const grpc::Status status = watch.Finish();
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_EQ(
      status.error_message(),  // The server's, not of the call's deadline.
      "the client does not read what it asked for");
}

// Answers a read when it is told to.
class SlowStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    asked.Notify();
    answer.WaitForNotification();
    ForwardingStore::Read(std::move(body), std::move(done), std::move(options));
  }

  absl::Notification asked;
  absl::Notification answer;
};

// Takes every place that watchers of one account may have.
class Crowd {
 public:
  Crowd(domain::ChangeFeed& feed, const domain::ChangeFeed::Place& place)
      : feed_(feed) {
    for (size_t i = 0; i < domain::ChangeFeed::kMaxOfOneAccount; ++i) {
      idle_.push_back(std::make_shared<Idle>());
      EXPECT_TRUE(feed_.Add(idle_.back(), place)) << i;
    }
  }
  ~Crowd() {
    for (const auto& watcher : idle_) feed_.Remove(watcher.get());
  }

 private:
  struct Idle final : domain::ChangeFeed::Watcher {
    void Wake(bool) override {}
    void Check() override {}
  };

  domain::ChangeFeed& feed_;
  std::vector<std::shared_ptr<Idle>> idle_;
};

TEST_F(WatchPlacesTest, WhoLeavesWhileItIsLetInTakesNoPlace) {
  RpcWorld& world = world_.world;
  SlowStore slow(world.store);
  domain::TokenVerifier verifier(&slow, &world.directory, &world.authenticator,
                                 &world.clock);
  GrpcTokenParts parts = world.token_parts;
  parts.verifier = &verifier;
  {
    SlowAuthenticator async(&world.authenticator, absl::ZeroDuration());
    parts.authenticator = &async;
    const TokensWorld::Server server = world_.StartServer(false, &parts);
    Watch watch(server.channel, world_.asker, {});
    slow.asked.WaitForNotification();
    watch.Cancel();
    while (world_.world.logger.LinesOf("grpc stream") == 0) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    slow.answer.Notify();
  }
  const Crowd crowd(world.feed, {.of = SampleId(1)});  // Finds all places free.
}

TEST_F(WatchPlacesTest, SoManyMayWatchForOneAccount) {
  {
    const Crowd crowd(world_.world.feed, {.of = SampleId(1)});
    const RpcError error = Open()->End();
    EXPECT_EQ(error.code, grpc::RESOURCE_EXHAUSTED);
    EXPECT_EQ(error.reason, "WATCHERS_FULL");
    EXPECT_EQ(error.retry_after, absl::Seconds(1));
    // Whoever it is that follows it: a user too.
    Watch user(world_.channel, kOwner, From("", world_.world.account_id));
    EXPECT_EQ(user.End().reason, "WATCHERS_FULL");
  }
  EXPECT_TRUE(Open()->Next().has_value());
}

// Each watcher that leaves makes room: many more come and go than may stay.
TEST_F(WatchPlacesTest, WhoGoesAwayIsLetGo) {
  constexpr ptrdiff_t kMany = domain::ChangeFeed::kMaxOfOneAccount + 50;
  for (ptrdiff_t i = 0; i < kMany; ++i) {
    const auto watch = Open();
    ASSERT_TRUE(watch->Next().has_value()) << i;
    watch->Cancel();
    EXPECT_EQ(watch->Finish().error_code(), grpc::CANCELLED);
  }
  const absl::Time end = absl::Now() + absl::Seconds(10);
  while (world_.world.logger.LinesOf("grpc stream") < kMany &&
         absl::Now() < end) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_EQ(world_.world.logger.LinesOf("grpc stream"), kMany);
}

}  // namespace
}  // namespace signet::rpc
