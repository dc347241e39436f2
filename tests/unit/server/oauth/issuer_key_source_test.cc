// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/issuer_key_source.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/recording_logger.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/good_token.h"
#include "tests/unit/server/oauth/fake_http_client.h"

namespace signet::oauth {
namespace {

using absl::StatusCode;
using testing::SizeIs;

constexpr size_t kRequestsPerFetch = 2;

// One lookup, whose answer may come from another thread.
class Lookup {
 public:
  Lookup(IssuerKeySource& source, std::optional<std::string> key_id) {
    source.FindKey({std::move(key_id), crypto::SignatureAlgorithm::kEdDsa},
                   [this](absl::StatusOr<KeySource::Key> key) {
                     key_ = std::move(key);
                     done_.Notify();
                   });
  }

  bool answered() const { return done_.HasBeenNotified(); }
  const absl::StatusOr<KeySource::Key>& Await() {
    done_.WaitForNotification();
    return key_;
  }

 private:
  absl::StatusOr<KeySource::Key> key_;
  absl::Notification done_;
};

std::string KeySetOf(std::string_view kid) {
  static const JwtSigner signer(JwtSigner::Kind::kEdDsa);
  return signer.PublicJwkSet(kid);
}

class IssuerKeySourceTest : public testing::Test {
 protected:
  std::unique_ptr<IssuerKeySource> Start(KeyFetchPolicy policy = {}) {
    return std::make_unique<IssuerKeySource>(
        identity::kIssuer, policy, std::make_unique<FakeHttpClient>(&web_),
        &clock_, &logger_);
  }

  void GoDown() {
    web_.Put(
        std::string(identity::kIssuer) + "/.well-known/openid-configuration",
        absl::UnavailableError("connection refused"));
  }

  FakeClock clock_;
  RecordingLogger logger_;
  FakeWeb web_;
};

TEST_F(IssuerKeySourceTest, EarlyCallsWaitForTheFirstFetch) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  web_.Hold();
  const auto source = Start();
  web_.AwaitRequests(1);
  Lookup known(*source, "a");
  Lookup unknown(*source, "b");
  EXPECT_FALSE(known.answered());
  EXPECT_FALSE(unknown.answered());
  web_.Release();
  EXPECT_THAT(known.Await(), IsOk());
  EXPECT_THAT(unknown.Await(), StatusIs(StatusCode::kNotFound));
}

TEST_F(IssuerKeySourceTest, KnownKeysAreAnsweredAtOnce) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  web_.Hold();
  clock_.Advance(absl::Minutes(50));
  Lookup again(*source, "a");
  EXPECT_TRUE(again.answered());
  web_.Release();
}

TEST_F(IssuerKeySourceTest, UnknownKeyFollowsARotation) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  web_.PutIssuer(identity::kIssuer, KeySetOf("b"));
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Lookup(*source, "b").Await(), IsOk());
  EXPECT_THAT(Lookup(*source, "a").Await(), StatusIs(StatusCode::kNotFound));
}

TEST_F(IssuerKeySourceTest, KeysThatTheIssuerTakesBackAreGone) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  web_.PutIssuer(identity::kIssuer, R"({"keys":[]})");
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Lookup(*source, "b").Await(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Lookup(*source, "a").Await(), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(logger_.lines().back().fields.at("keys"), "0");
}

TEST_F(IssuerKeySourceTest, InventedKeysCauseOneFetchAPause) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  for (int round = 1; round <= 3; ++round) {
    clock_.Advance(absl::Seconds(10));
    for (int i = 0; i < 100; ++i) {
      EXPECT_THAT(Lookup(*source, std::to_string(i)).Await(),
                  StatusIs(StatusCode::kNotFound));
    }
    EXPECT_THAT(web_.requests(), SizeIs((1 + round) * kRequestsPerFetch));
  }
}

TEST_F(IssuerKeySourceTest, CallsShareTheFetchThatRuns) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  web_.PutIssuer(identity::kIssuer, KeySetOf("b"));
  web_.Hold();
  clock_.Advance(absl::Seconds(10));
  std::vector<std::unique_ptr<Lookup>> lookups;
  for (int i = 0; i < 20; ++i) {
    lookups.push_back(std::make_unique<Lookup>(*source, "b"));
  }
  web_.Release();
  for (const auto& lookup : lookups) EXPECT_THAT(lookup->Await(), IsOk());
  EXPECT_THAT(web_.requests(), SizeIs(2 * kRequestsPerFetch));
}

TEST_F(IssuerKeySourceTest, WaitingCallsAreBounded) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  web_.Hold();
  KeyFetchPolicy policy;
  policy.max_waiting_calls = 2;
  const auto source = Start(policy);
  Lookup first(*source, "a");
  Lookup second(*source, "a");
  Lookup third(*source, "a");
  ASSERT_TRUE(third.answered());
  EXPECT_THAT(third.Await(),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  web_.Release();
  EXPECT_THAT(first.Await(), IsOk());
  EXPECT_THAT(second.Await(), IsOk());
}

TEST_F(IssuerKeySourceTest, IssuerMayBeDownAtFirst) {
  GoDown();
  const auto source = Start();
  const absl::StatusOr<KeySource::Key> key = Lookup(*source, "a").Await();
  EXPECT_THAT(key, ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  EXPECT_EQ(GetErrorDetail(key.status()).retry_after, absl::Seconds(10));

  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Lookup(*source, "a").Await(), IsOk());
}

TEST_F(IssuerKeySourceTest, OutageKeepsKeysForAnHour) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  GoDown();
  clock_.Advance(absl::Minutes(59));
  EXPECT_THAT(Lookup(*source, "b").Await(),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  EXPECT_THAT(Lookup(*source, "a").Await(), IsOk());
  clock_.Advance(absl::Minutes(1));
  EXPECT_THAT(Lookup(*source, "a").Await(),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
}

TEST_F(IssuerKeySourceTest, AReloadFetchesAtOnceAndSaysWhatCameOfIt) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  web_.PutIssuer(identity::kIssuer, KeySetOf("b"));
  EXPECT_THAT(Lookup(*source, "b").Await(), StatusIs(StatusCode::kNotFound));
  for (size_t fetches = 2; fetches <= 3; ++fetches) {
    web_.Hold();
    source->Reload();
    web_.AwaitRequests((fetches - 1) * kRequestsPerFetch + 1);
    // Nobody waits for it.
    Lookup known(*source, fetches == 2 ? "a" : "b");
    EXPECT_TRUE(known.answered());
    web_.Release();
    logger_.AwaitLinesOf("issuer keys fetched",
                         static_cast<ptrdiff_t>(fetches));
  }
  EXPECT_THAT(Lookup(*source, "b").Await(), IsOk());
  EXPECT_THAT(Lookup(*source, "a").Await(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(web_.requests(), SizeIs(3 * kRequestsPerFetch));
}

TEST_F(IssuerKeySourceTest, AReloadThatFailsLeavesTheKeys) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  GoDown();
  source->Reload();
  logger_.AwaitLinesOf("issuer keys not fetched", 1);
  EXPECT_THAT(Lookup(*source, "a").Await(), IsOk());
}

TEST_F(IssuerKeySourceTest, RefreshesByItself) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  KeyFetchPolicy policy;
  policy.refresh_interval = absl::Milliseconds(1);
  policy.min_interval = absl::Milliseconds(1);
  const SystemClock clock;
  IssuerKeySource source(identity::kIssuer, policy,
                         std::make_unique<FakeHttpClient>(&web_), &clock,
                         &logger_);
  web_.AwaitRequests(5 * kRequestsPerFetch);
}

TEST_F(IssuerKeySourceTest, StopsWhileAFetchHangs) {
  web_.PutIssuer(identity::kIssuer, KeySetOf("a"));
  web_.Hold();
  auto source = Start();
  web_.AwaitRequests(1);
  Lookup lookup(*source, "a");
  source.reset();
  ASSERT_TRUE(lookup.answered());
  EXPECT_THAT(lookup.Await(),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
}

TEST_F(IssuerKeySourceTest, TellsTheOperatorOnce) {
  Json set = ParseJson(KeySetOf("a")).value();
  set["keys"].push_back({{"kty", "oct"}, {"k", "c2VjcmV0"}});
  web_.PutIssuer(identity::kIssuer, set.dump());
  const auto source = Start();
  ASSERT_THAT(Lookup(*source, "a").Await(), IsOk());
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(absl::Seconds(10));
    EXPECT_THAT(Lookup(*source, "b").Await(), StatusIs(StatusCode::kNotFound));
  }
  const auto lines = logger_.lines();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0].message, "issuer keys fetched");
  EXPECT_EQ(lines[0].fields.at("issuer"), identity::kIssuer);
  EXPECT_EQ(lines[1].message, "issuer key left out");
  EXPECT_EQ(lines[1].fields.at("why"),
            "keys[1]: want no private or symmetric key");

  GoDown();
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Lookup(*source, "b").Await(), StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(logger_.lines().back().message, "issuer keys not fetched");
  EXPECT_EQ(logger_.lines().back().fields.at("why"),
            "issuer metadata: connection refused");
}

}  // namespace
}  // namespace signet::oauth
