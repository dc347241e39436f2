// SPDX-License-Identifier: Apache-2.0
#include "server/rpc/watch_stream.h"

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/boot_clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/forwarding.h"
#include "tests/unit/server/rpc/rpc_error.h"
#include "tests/unit/server/rpc/watch_fixture.h"

namespace signet::rpc {
namespace {

using testing::Contains;
using testing::IsEmpty;

class WatchStreamTest : public WatchFixture {};

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
  EXPECT_LT(best, domain::ChangeFeed::kHeartbeat / 2);
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

// By which a client knows how old a message is at most, with a clock of its
// own.
TEST_F(WatchStreamTest, EachMessageSaysHowLongTheCallHasLasted) {
  const auto since_start = [](const v1::WatchChangesResponse& message) {
    EXPECT_TRUE(message.has_since_start());
    return absl::Seconds(message.since_start().seconds()) +
           absl::Nanoseconds(message.since_start().nanos());
  };
  const BootClock::time_point opened_at = BootClock::now();
  const auto watch = Open();
  absl::Duration last;
  for (int i = 0; i < 3; ++i) {
    const auto message = watch->Next();
    const absl::Duration came = absl::FromChrono(BootClock::now() - opened_at);
    ASSERT_TRUE(message.has_value());
    EXPECT_GE(since_start(*message), last);
    EXPECT_LE(since_start(*message), came);
    // The best would do, but none takes long on its way here.
    EXPECT_GT(since_start(*message), came - absl::Seconds(5));
    last = since_start(*message);
  }
  // Two beats.
  EXPECT_GT(last, domain::ChangeFeed::kHeartbeat);
}

// Refuses as many reads as it is told to.
class RefusingStore final : public storage::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Refuse(absl::Status status, int reads) {
    absl::MutexLock lock(&mutex_);
    status_ = std::move(status);
    left_ = reads;
  }
  int left() {
    absl::MutexLock lock(&mutex_);
    return left_;
  }

  void Read(ReadBody body, Done done,
            storage::ReadOptions options = {}) override {
    if (const absl::Status status = Take(); !status.ok()) {
      return std::move(done)(status);
    }
    ForwardingStore::Read(std::move(body), std::move(done), std::move(options));
  }

 private:
  absl::Status Take() {
    absl::MutexLock lock(&mutex_);
    if (left_ == 0) return absl::OkStatus();
    --left_;
    return status_;
  }

  absl::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  int left_ ABSL_GUARDED_BY(mutex_) = 0;
};

// It would come again, and the more often the less the store can do.
TEST_F(WatchStreamTest, AStoreThatCannotSayJustNowEndsNoStream) {
  RpcWorld& world = world_.world;
  RefusingStore store(world.store);
  domain::TokenVerifier verifier(&store, &world.directory, &world.authenticator,
                                 &world.clock);
  GrpcTokenParts parts = world.token_parts;
  parts.verifier = &verifier;
  const TokensWorld::Server server = world_.StartServer(false, &parts);
  Watch watch(server.channel, world_.asker, {});
  ASSERT_TRUE(watch.Next().has_value());
  const auto asker = world.directory.FindAtOnce(
      world_.asker.substr(sizeof("Bearer ") - 1), world.clock.Now());
  ASSERT_TRUE(asker.has_value());
  const Uuid self = asker->snapshot->subject_id;
  for (const absl::Status& refusal :
       {absl::UnavailableError("the disk"),
        absl::ResourceExhaustedError("too many reads")}) {
    store.Refuse(refusal, 2);
    // It is asked again whether it may watch before it hears more.
    world.feed.Publish(
        {.service_accounts = {{SampleId(1), self}}, .new_public_ids = {}});
    EXPECT_THAT(watch.NextNews().service_account_ids(),
                Contains(self.ToString()));
    EXPECT_EQ(store.left(), 0);
  }
}

TEST_F(WatchStreamTest, WhoIsFarBehindIsToldToForget) {
  const auto watch = Open();
  ASSERT_TRUE(watch->Next().has_value());
  storage::TokenChanges changes;
  for (uint32_t i = 0; i < 256; ++i) {
    changes.service_accounts.push_back({SampleId(1), SampleId(1000 + i)});
  }
  world_.world.feed.Publish(changes);
  const v1::WatchChangesResponse list = watch->NextNews();
  EXPECT_FALSE(list.reset());
  EXPECT_EQ(list.service_account_ids_size(), 256);
  changes.service_accounts.push_back({SampleId(1), SampleId(2000)});
  world_.world.feed.Publish(changes);
  const v1::WatchChangesResponse reset = watch->NextNews();
  EXPECT_TRUE(reset.reset());
  EXPECT_THAT(reset.service_account_ids(), IsEmpty());
  // And goes on behind it.
  ASSERT_TRUE(world_.Revoke(good_).ok());
  const v1::WatchChangesResponse news = watch->NextNews();
  EXPECT_FALSE(news.reset());
  EXPECT_THAT(news.service_account_ids(), Contains(good_.id()));
}

// What waits for a slow reader is one message, whatever happens meanwhile.
TEST_F(WatchStreamTest, WhoReadsSlowlyIsToldToForgetSooner) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1024);
  Watch watch(grpc::CreateCustomChannel(
                  absl::StrCat("127.0.0.1:", world_.server->port()),
                  grpc::InsecureChannelCredentials(), arguments),
              world_.asker, {});
  ASSERT_TRUE(watch.Next().has_value());
  storage::TokenChanges many;
  for (uint32_t i = 0; i < 200; ++i) {
    many.service_accounts.push_back({SampleId(1), SampleId(1000 + i)});
  }
  world_.world.feed.Publish(many);  // More than it lets be sent.
  absl::SleepFor(3 * domain::ChangeFeed::kHeartbeat);
  for (uint32_t i = 0; i < 33; ++i) {
    world_.world.feed.Publish(
        {.service_accounts = {{SampleId(1), SampleId(2000 + i)}},
         .new_public_ids = {}});
  }
  EXPECT_EQ(watch.NextNews().service_account_ids_size(), 200);
  EXPECT_TRUE(watch.NextNews().reset());
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
  storage::AuthorizationRecord grant =
      SampleCapability(SampleId(1), 401,
                       {.type = storage::SubjectType::kServiceAccount,
                        .id = world_.asking.id()});
  grant.grant_kind = storage::GrantKind::kSuperAdmin;
  grant.capability_key.reset();
  world_.Write(
      [&](storage::WriteTxn& txn) { return txn.InsertAuthorization(grant); });
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

TEST_F(WatchStreamTest, ARightThatIsTakenAwayEndsIt) {
  const v1::IssuedServiceAccount watching = world_.Issue();
  storage::AuthorizationRecord grant = SampleCapability(
      SampleId(1), 400,
      {.type = storage::SubjectType::kServiceAccount, .id = watching.id()});
  grant.capability_key = "auth.verify";
  world_.Write(
      [&](storage::WriteTxn& txn) { return txn.InsertAuthorization(grant); });
  Watch watch(world_.channel, TokensWorld::CredentialOf(watching), {});
  ASSERT_TRUE(watch.Next().has_value());
  world_.Write([&](storage::WriteTxn& txn) {
    return txn.RevokeAuthorization(SampleId(1), grant.id, SampleTime(), {});
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
  EXPECT_THAT(world_.world.denials.Flush(), IsOk());
  bool found = false;
  EXPECT_THAT(storage::ReadAndWait(*world_.world.store,
                                   [&found](storage::ReadTxn& txn) {
                                     storage::AuditQuery query;
                                     query.account_id = SampleId(1);
                                     query.action = "token.watch";
                                     query.limit = 10;
                                     query.scan_limit = 100;
                                     const auto page =
                                         txn.ListAuditEvents(query);
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
  EXPECT_LT(absl::Now() - began, absl::Seconds(15)) << "of the drain's 30";
  drained.get();
}

}  // namespace
}  // namespace signet::rpc
