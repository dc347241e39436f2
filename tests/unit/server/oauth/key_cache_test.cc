// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/key_cache.h"

#include <optional>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/good_token.h"

namespace signet::oauth {
namespace {

using absl::StatusCode;
using testing::Optional;

constexpr absl::Duration kTick = absl::Nanoseconds(1);

const KeyQuery kKnown = {identity::kKeyId, crypto::SignatureAlgorithm::kEdDsa};
const KeyQuery kUnknown = {"other", crypto::SignatureAlgorithm::kEdDsa};

JwkSet Keys() {
  static const JwtSigner signer(JwtSigner::Kind::kEdDsa);
  return JwkSet::Parse(signer.PublicJwkSet(identity::kKeyId)).value();
}

absl::Status Outage() { return absl::UnavailableError("down"); }

// The default policy: refresh after 5 min, never twice in 10 s, keys for 1 h.
class KeyCacheTest : public testing::Test {
 protected:
  const absl::Time start_ = identity::TokenTime();
  KeyCache cache_{KeyFetchPolicy()};
};

TEST_F(KeyCacheTest, WantsAFetchBeforeItKnowsAnything) {
  EXPECT_LE(cache_.UntilRefresh(start_), absl::ZeroDuration());
  EXPECT_EQ(cache_.Find(kKnown, start_), std::nullopt);
}

TEST_F(KeyCacheTest, KnowsWhatWasFetched) {
  cache_.Fetched(Keys(), start_);
  EXPECT_THAT(cache_.Find(kKnown, start_), Optional(IsOk()));
  EXPECT_EQ(cache_.UntilRefresh(start_), absl::Minutes(5));
  EXPECT_EQ(cache_.UntilRefresh(start_ + absl::Minutes(5)),
            absl::ZeroDuration());
}

TEST_F(KeyCacheTest, UnknownKeyIsWorthAFetchOnlyAfterAPause) {
  cache_.Fetched(Keys(), start_);
  EXPECT_THAT(cache_.Find(kUnknown, start_ + absl::Seconds(10) - kTick),
              Optional(StatusIs(StatusCode::kNotFound)));
  EXPECT_EQ(cache_.Find(kUnknown, start_ + absl::Seconds(10)), std::nullopt);
  EXPECT_THAT(cache_.FindNow(kUnknown, start_ + absl::Seconds(10)),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(KeyCacheTest, OutageLeavesKnownKeysAndTheRestUndecided) {
  cache_.Fetched(Keys(), start_);
  const absl::Time later = start_ + absl::Minutes(5);
  cache_.Fetched(Outage(), later);
  EXPECT_THAT(cache_.Find(kKnown, later), Optional(IsOk()));

  const absl::Time soon = later + absl::Seconds(4);
  const auto unknown = cache_.Find(kUnknown, soon);
  ASSERT_THAT(unknown, Optional(ErrorIs(StatusCode::kUnavailable,
                                        "ISSUER_UNAVAILABLE")));
  EXPECT_EQ(GetErrorDetail(unknown->status()).retry_after, absl::Seconds(6));
}

TEST_F(KeyCacheTest, OutageIsRetriedSooner) {
  cache_.Fetched(Outage(), start_);
  EXPECT_EQ(cache_.UntilRefresh(start_), absl::Seconds(10));
  cache_.Fetched(Keys(), start_ + absl::Seconds(10));
  EXPECT_EQ(cache_.UntilRefresh(start_ + absl::Seconds(10)), absl::Minutes(5));
}

TEST_F(KeyCacheTest, OldKeysProveNothing) {
  cache_.Fetched(Keys(), start_);
  const absl::Time end = start_ + absl::Hours(1);
  cache_.Fetched(Outage(), end - absl::Seconds(1));
  EXPECT_THAT(cache_.Find(kKnown, end - kTick), Optional(IsOk()));
  EXPECT_THAT(
      cache_.Find(kKnown, end),
      Optional(ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE")));
}

TEST_F(KeyCacheTest, NeverReachedMeansUndecided) {
  cache_.Fetched(Outage(), start_);
  EXPECT_THAT(
      cache_.Find(kKnown, start_),
      Optional(ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE")));
  EXPECT_EQ(cache_.Find(kKnown, start_ + absl::Seconds(10)), std::nullopt);
}

TEST_F(KeyCacheTest, RotationReplacesAllKeys) {
  cache_.Fetched(Keys(), start_);
  const JwtSigner other(JwtSigner::Kind::kEdDsa);
  cache_.Fetched(JwkSet::Parse(other.PublicJwkSet("other")).value(),
                 start_ + absl::Minutes(5));
  EXPECT_THAT(cache_.Find(kUnknown, start_ + absl::Minutes(5)),
              Optional(IsOk()));
  EXPECT_THAT(cache_.Find(kKnown, start_ + absl::Minutes(5)),
              Optional(StatusIs(StatusCode::kNotFound)));
}

TEST_F(KeyCacheTest, ClockThatGoesBackDelaysNothing) {
  cache_.Fetched(Keys(), start_);
  const absl::Time before = start_ - absl::Hours(10);
  EXPECT_LE(cache_.UntilRefresh(before), absl::ZeroDuration());
  EXPECT_THAT(cache_.Find(kKnown, before), Optional(IsOk()));
  EXPECT_EQ(cache_.Find(kUnknown, before), std::nullopt);
}

}  // namespace
}  // namespace signet::oauth
