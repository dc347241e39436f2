// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/watch_stream.h"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/borrowed_store.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/tokens_world.h"

namespace signet {
namespace {

using testing::Contains;
using testing::IsEmpty;

// One WatchChanges, for one thread.
class Watch {
 public:
  Watch(const std::shared_ptr<grpc::Channel>& channel,
        const std::string& credential, const v1::WatchChangesRequest& request)
      : stub_(v1::Tokens::NewStub(channel)) {
    TokensWorld::Prepare(context_,
                         credential.empty() ? nullptr : credential.c_str());
    stream_ = stub_->WatchChanges(&context_, request);
  }

  // The next message; nullopt: the stream has ended.
  std::optional<v1::WatchChangesResponse> Next() {
    v1::WatchChangesResponse message;
    if (!stream_->Read(&message)) return std::nullopt;
    return message;
  }

  // The next message that says something. Fails if there is none before `end`.
  v1::WatchChangesResponse NextNews() {
    while (true) {
      std::optional<v1::WatchChangesResponse> message = Next();
      if (!message.has_value()) {
        ADD_FAILURE() << "the stream has ended";
        return {};
      }
      if (message->reset() || message->service_account_ids_size() > 0) {
        return *std::move(message);
      }
    }
  }

  // Reads to the end.
  RpcError End() {
    while (Next().has_value()) {
    }
    return ReadError(stream_->Finish());
  }
  void Cancel() { context_.TryCancel(); }
  grpc::Status Finish() { return stream_->Finish(); }

 private:
  std::unique_ptr<v1::Tokens::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchChangesResponse>> stream_;
};

class WatchStreamTest : public testing::Test {
 protected:
  // Lets the server's clock, by which a watcher is checked, run until the test
  // ends.
  WatchStreamTest() {
    ticking_ = std::thread([this] {
      absl::Time last = absl::Now();
      while (!Stopped()) {
        absl::SleepFor(absl::Milliseconds(10));
        const absl::Time now = absl::Now();
        world_.world.clock.Advance(now - last);
        last = now;
      }
    });
  }
  ~WatchStreamTest() override {
    {
      absl::MutexLock lock(&mutex_);
      stopped_ = true;
    }
    ticking_.join();
  }

  static v1::WatchChangesRequest From(const std::string& position,
                                      const std::string& account_id = "") {
    v1::WatchChangesRequest request;
    request.set_position(position);
    request.set_account_id(account_id);
    return request;
  }

  std::unique_ptr<Watch> Open(const v1::WatchChangesRequest& request = {}) {
    return std::make_unique<Watch>(world_.channel, world_.asker, request);
  }

  // A service account of another account, and a change of it.
  void AddAway() {
    world_.Write([](WriteTxn& txn) {
      absl::Status status = txn.EnsureAccount(SampleId(9), SampleTime());
      status.Update(
          txn.InsertServiceAccount(SampleServiceAccount(SampleId(9), 90)));
      return status;
    });
  }
  void ChangeAway() {
    world_.Write([](WriteTxn& txn) {
      ServiceAccountRecord away = SampleServiceAccount(SampleId(9), 90);
      away.enabled = false;
      return txn.UpdateServiceAccount(away);
    });
  }

  TokensWorld world_;
  const v1::IssuedServiceAccount good_ = world_.Issue();

 private:
  bool Stopped() {
    absl::MutexLock lock(&mutex_);
    return stopped_;
  }

  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread ticking_;
};

TEST_F(WatchStreamTest, TheFirstMessageComesAtOnce) {
  // Were it the heartbeat's, each but the first stream would wait for a whole
  // one.
  ASSERT_TRUE(Open()->Next().has_value());
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 5; ++i) {
    const absl::Time began = absl::Now();
    const auto watch = Open();
    const auto first = watch->Next();
    ASSERT_TRUE(first.has_value());
    best = std::min(best, absl::Now() - began);
    EXPECT_NE(first->position(), "");
    EXPECT_FALSE(first->reset());
    EXPECT_THAT(first->service_account_ids(), IsEmpty());
  }
  EXPECT_LT(best, ChangeFeed::kHeartbeat / 2);
}

TEST_F(WatchStreamTest, TellsOfARevocationAtOnce) {
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 5; ++i) {
    const v1::IssuedServiceAccount issued = world_.Issue();
    ASSERT_TRUE(world_.Revoke(issued).ok());
    const absl::Time acknowledged = absl::Now();
    v1::WatchChangesResponse news;
    do {  // Its creation granted nothing, so it is in no news before.
      news = watch->NextNews();
    } while (news.service_account_ids_size() == 0);
    best = std::min(best, absl::Now() - acknowledged);
    EXPECT_THAT(news.service_account_ids(), Contains(issued.id()));
  }
  EXPECT_LT(best, absl::Milliseconds(50));
}

TEST_F(WatchStreamTest, BeatsWhileNothingChanges) {
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  // The best of three, on a machine that others use too.
  absl::Duration best = absl::InfiniteDuration();
  for (int i = 0; i < 3; ++i) {
    const absl::Time before = absl::Now();
    const auto beat = watch->Next();
    ASSERT_TRUE(beat.has_value());
    EXPECT_THAT(beat->service_account_ids(), IsEmpty());
    EXPECT_FALSE(beat->reset());
    best = std::min(best, absl::Now() - before);
  }
  EXPECT_LT(best, absl::Seconds(1));  // As tokens.proto promises.
}

TEST_F(WatchStreamTest, ACredentialThatIsRevokedEndsIt) {
  const v1::IssuedServiceAccount watching = world_.Issue({"auth.verify"});
  Watch watch(world_.channel, TokensWorld::CredentialOf(watching), {});
  ASSERT_TRUE(watch.Next().has_value());
  ASSERT_TRUE(world_.Revoke(watching).ok());
  const absl::Time revoked = absl::Now();
  const RpcError error = watch.End();
  EXPECT_EQ(error.code, grpc::UNAUTHENTICATED);
  EXPECT_EQ(error.reason, "TOKEN_INVALID");
  EXPECT_LT(absl::Now() - revoked, absl::Seconds(2));
}

// As for every call: once the revocation has returned, it fails.
TEST_F(WatchStreamTest, ACredentialThatIsRevokedHearsOfNothingMore) {
  for (int i = 0; i < 5; ++i) {
    const v1::IssuedServiceAccount watching = world_.Issue({"auth.verify"});
    const v1::IssuedServiceAccount victim = world_.Issue();
    Watch watch(world_.channel, TokensWorld::CredentialOf(watching), {});
    ASSERT_TRUE(watch.Next().has_value());
    ASSERT_TRUE(world_.Revoke(watching).ok());
    ASSERT_TRUE(world_.Revoke(victim).ok());
    while (const auto message = watch.Next()) {
      EXPECT_THAT(message->service_account_ids(),
                  testing::Not(Contains(victim.id())));
    }
    EXPECT_EQ(watch.Finish().error_code(), grpc::UNAUTHENTICATED);
  }
}

TEST_F(WatchStreamTest, WhoComesToSeeMoreForgetsEverythingFirst) {
  AddAway();
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  AuthorizationRecord grant = SampleCapability(
      SampleId(1), 401,
      {.type = SubjectType::kServiceAccount, .id = world_.asking.id()});
  grant.grant_kind = GrantKind::kSuperAdmin;
  grant.capability_key.reset();
  world_.Write([&](WriteTxn& txn) { return txn.InsertAuthorization(grant); });
  ChangeAway();
  const v1::WatchChangesResponse news = watch->NextNews();
  EXPECT_TRUE(news.reset());
}

// Nor can it tell from the messages when others change.
TEST_F(WatchStreamTest, IsQuietAboutOtherAccounts) {
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  for (uint32_t i = 0; i < 50; ++i) {
    world_.world.feed.Publish(
        {.service_accounts = {{SampleId(9), SampleId(900 + i)}},
         .new_public_ids = {}});
    absl::SleepFor(absl::Milliseconds(5));
  }
  ASSERT_TRUE(world_.Revoke(good_).ok());
  int messages = 1;
  while (watch->Next()->service_account_ids_size() == 0) ++messages;
  EXPECT_LT(messages, 10) << "beats only";
}

// Its place is free again, whatever the client does.
TEST_F(WatchStreamTest, WhoDoesNotReadIsLetGo) {
  std::string start;
  {
    const auto first = Open();
    start = first->Next()->position();
    first->Cancel();
    first->Finish();
  }
  for (uint32_t i = 0; i < 20'000; ++i) {
    world_.world.feed.Publish(
        {.service_accounts = {{SampleId(1), SampleId(1000 + i)}},
         .new_public_ids = {}});
  }
  const size_t before = world_.world.logger.lines().size();
  // More than flow control lets by.
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
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
  EXPECT_EQ(watch.Finish().error_code(), grpc::DEADLINE_EXCEEDED);
}

// Answers on a thread of its own.
class AsyncAuthenticator final : public Authenticator {
 public:
  explicit AsyncAuthenticator(Authenticator* behind) : behind_(behind) {}

  void Authenticate(std::span<const std::string> authorization, absl::Time now,
                    Done done) override {
    answering_ = std::async(
        std::launch::async,
        [this, copy = std::vector(authorization.begin(), authorization.end()),
         now, done = std::move(done)]() mutable {
          behind_->Authenticate(copy, now, std::move(done));
        });
  }

 private:
  Authenticator* const behind_;
  std::future<void> answering_;
};

// Answers a read when it is told to.
class SlowStore final : public Store {
 public:
  explicit SlowStore(Store* behind) : behind_(behind) {}

  void Read(ReadBody body, Done done) override {
    asked.Notify();
    answer.WaitForNotification();
    behind_.Read(std::move(body), std::move(done));
  }
  void Write(WriteBody body, Done done,
             absl::AnyInvocable<bool()> expired = nullptr) override {
    behind_.Write(std::move(body), std::move(done), std::move(expired));
  }
  absl::Status Health() const override { return behind_.Health(); }
  void Drain() override { behind_.Drain(); }

  absl::Notification asked;
  absl::Notification answer;

 private:
  BorrowedStore behind_;
};

// Takes every place that one owner may have.
class Crowd {
 public:
  Crowd(ChangeFeed& feed, const std::string& owner) : feed_(feed) {
    for (size_t i = 0; i < ChangeFeed::kMaxOfOneOwner; ++i) {
      idle_.push_back(std::make_shared<Idle>());
      EXPECT_TRUE(feed_.Add(idle_.back(), owner)) << i;
    }
  }
  ~Crowd() {
    for (const auto& watcher : idle_) feed_.Remove(watcher.get());
  }

 private:
  struct Idle final : ChangeFeed::Watcher {
    void Wake(bool) override {}
    void Check() override {}
  };

  ChangeFeed& feed_;
  std::vector<std::shared_ptr<Idle>> idle_;
};

TEST_F(WatchStreamTest, WhoLeavesWhileItIsLetInTakesNoPlace) {
  RpcWorld& world = world_.world;
  SlowStore slow(world.store);
  TokenVerifier verifier(&slow, &world.directory, &world.authenticator);
  GrpcTokenParts parts = world.token_parts;
  parts.verifier = &verifier;
  const std::string owner = world.account_id;
  {
    AsyncAuthenticator async(&world.authenticator);
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
  const Crowd crowd(world.feed, owner);  // Finds all places free.
}

TEST_F(WatchStreamTest, SoManyMayWatchForOneAccount) {
  {
    const Crowd crowd(world_.world.feed, world_.world.account_id);
    const RpcError error = Open()->End();
    EXPECT_EQ(error.code, grpc::RESOURCE_EXHAUSTED);
    EXPECT_EQ(error.reason, "WATCHERS_FULL");
    EXPECT_EQ(error.retry_after, absl::Seconds(1));
    // Others have places of their own.
    Watch user(world_.channel, kOwner, From("", world_.world.account_id));
    EXPECT_TRUE(user.Next().has_value());
  }
  EXPECT_TRUE(Open()->Next().has_value());
}

TEST_F(WatchStreamTest, ARightThatIsTakenAwayEndsIt) {
  const v1::IssuedServiceAccount watching = world_.Issue();
  AuthorizationRecord grant = SampleCapability(
      SampleId(1), 400,
      {.type = SubjectType::kServiceAccount, .id = watching.id()});
  grant.capability_key = "auth.verify";
  world_.Write([&](WriteTxn& txn) { return txn.InsertAuthorization(grant); });
  Watch watch(world_.channel, TokensWorld::CredentialOf(watching), {});
  ASSERT_TRUE(watch.Next().has_value());
  world_.Write([&](WriteTxn& txn) {
    return txn.RevokeAuthorization(SampleId(1), grant.id, SampleTime());
  });
  EXPECT_EQ(watch.End().reason, "ACCESS_DENIED");
}

TEST_F(WatchStreamTest, GoesOnBehindAPosition) {
  std::string position;
  {
    const auto watch = Open();
    position = watch->Next()->position();
    watch->Cancel();
    watch->Finish();
  }
  ASSERT_TRUE(world_.Revoke(good_).ok());  // While nobody watches.
  const auto watch = Open(From(position));
  const auto first = watch->Next();
  ASSERT_TRUE(first.has_value());
  EXPECT_FALSE(first->reset());
  EXPECT_THAT(first->service_account_ids(), Contains(good_.id()));
  const auto again = Open(From(first->position()))->Next();
  ASSERT_TRUE(again.has_value());
  EXPECT_THAT(again->service_account_ids(), IsEmpty());
}

TEST_F(WatchStreamTest, APositionOfAnotherFeedIsAReset) {
  for (const char* position : {"junk", "00000000000.1"}) {
    const auto first = Open(From(position))->Next();
    ASSERT_TRUE(first.has_value());
    EXPECT_TRUE(first->reset());
    EXPECT_FALSE(Open(From(first->position()))->Next()->reset());
  }
}

TEST_F(WatchStreamTest, TellsOfTheAccountAskedForAlone) {
  AddAway();
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  ChangeAway();
  ASSERT_TRUE(world_.Revoke(good_).ok());
  EXPECT_THAT(watch->NextNews().service_account_ids(),
              testing::ElementsAre(good_.id()));
}

TEST_F(WatchStreamTest, RefusesWhoMayNotAsk) {
  const std::string nothing = TokensWorld::CredentialOf(good_);
  const struct {
    std::string credential;
    std::string account_id;
    const char* reason;
  } cases[] = {{"", "", "CREDENTIAL_MISSING"},
               {"Bearer junk", "", "TOKEN_INVALID"},
               {nothing, "", "ACCESS_DENIED"},
               {world_.asker, SampleId(9).ToString(), "ACCESS_DENIED"},
               {world_.asker, "junk", "FIELD_INVALID"}};
  for (const auto& c : cases) {
    Watch watch(world_.channel, c.credential, From("", c.account_id));
    EXPECT_EQ(watch.End().reason, c.reason);
  }
}

TEST_F(WatchStreamTest, ADenialIsInTheAuditLog) {
  Watch watch(world_.channel, TokensWorld::CredentialOf(good_), {});
  EXPECT_EQ(watch.End().reason, "ACCESS_DENIED");
  bool found = false;
  EXPECT_THAT(ReadAndWait(*world_.world.store,
                          [&found](ReadTxn& txn) {
                            AuditQuery query;
                            query.account_id = SampleId(1);
                            query.action = "token.watch";
                            query.limit = 10;
                            query.scan_limit = 100;
                            const auto page = txn.ListAuditEvents(query);
                            if (!page.ok()) return page.status();
                            found = page->records.size() == 1;
                            return absl::OkStatus();
                          }),
              IsOk());
  EXPECT_TRUE(found);
}

TEST_F(WatchStreamTest, ADrainEndsIt) {
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  std::future<void> drained = std::async(
      std::launch::async, [this] { world_.server->Drain(absl::Seconds(30)); });
  const absl::Time began = absl::Now();
  const RpcError error = watch->End();
  EXPECT_EQ(error.code, grpc::UNAVAILABLE);
  EXPECT_EQ(error.reason, "SERVER_STOPPING");
  EXPECT_LT(absl::Now() - began, absl::Seconds(1));
  drained.get();
}

// Each watcher that leaves makes room: many more come and go than may stay.
TEST_F(WatchStreamTest, WhoGoesAwayIsLetGo) {
  constexpr ptrdiff_t kMany = ChangeFeed::kMaxOfOneOwner + 50;
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
}  // namespace signet
