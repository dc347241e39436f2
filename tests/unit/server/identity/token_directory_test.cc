// SPDX-License-Identifier: Apache-2.0
//
// What the directory reads and says. What it remembers: token_memory_test.cc.
#include "server/identity/token_directory.h"

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/token/token.h"
#include "server/upkeep/last_uses.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/issued_tokens.h"

namespace signet::identity {
namespace {

class TokenDirectoryTest : public testing::Test, protected IssuedTokens {
 protected:
  absl::StatusOr<LookupResult> Find(std::string_view token,
                                    absl::Time now = SampleTime()) {
    absl::StatusOr<LookupResult> result = absl::UnknownError("never called");
    int calls = 0;
    directory_.Find(token, now, std::nullopt,
                    [&](absl::StatusOr<LookupResult> outcome) {
                      result = std::move(outcome);
                      ++calls;
                    });
    EXPECT_EQ(calls, 1);
    return result;
  }

  TokenState StateAt(std::string_view token, absl::Time now = SampleTime()) {
    const absl::StatusOr<LookupResult> found = Find(token, now);
    EXPECT_THAT(found, IsOk());
    EXPECT_EQ(found->snapshot == nullptr, found->state == TokenState::kUnknown);
    return found->state;
  }

  RecordingLogger logger_;
  upkeep::LastUses last_uses_{&logger_};
  // Asks the store each time.
  TokenDirectory directory_{
      &store_, keyring_.get(), &last_uses_, {.max_entries = 0}};
};

TEST_F(TokenDirectoryTest, KnowsWhatItIssued) {
  const std::string token = Issue([](storage::TokenOwner& it) {
    it.token.expires_at = SampleTime(60);
    it.owner.labels = {{"team", "core"}};
  });
  const absl::StatusOr<LookupResult> found = Find(token);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->state, TokenState::kLive);
  ASSERT_NE(found->snapshot, nullptr);
  EXPECT_EQ(found->snapshot->kind, PrincipalKind::kServiceAccount);
  EXPECT_EQ(found->snapshot->subject_id, SampleId(2));
  EXPECT_EQ(found->snapshot->account_id, SampleId(1));
  EXPECT_EQ(found->snapshot->public_id, token::ParseToken(token)->public_id);
  EXPECT_EQ(found->snapshot->issued_at, SampleTime());
  EXPECT_EQ(found->snapshot->expires_at, SampleTime(60));
  EXPECT_EQ(found->snapshot->death(), SampleTime(60));
  EXPECT_THAT(found->snapshot->labels,
              testing::ElementsAre(testing::Pair("team", "core")));
}

TEST_F(TokenDirectoryTest, NotesLiveTokensAlone) {
  const std::string dead = Issue(
      [](storage::TokenOwner& it) { it.token.expires_at = SampleTime(-1); });
  const std::string good = Issue();
  EXPECT_EQ(StateAt(dead), TokenState::kExpired);
  EXPECT_EQ(last_uses_.Latest(SampleId(2)), std::nullopt);
  EXPECT_EQ(StateAt(good, SampleTime(3)), TokenState::kLive);
  EXPECT_EQ(last_uses_.Latest(SampleId(2)), WholeMicros(SampleTime(3)));
  EXPECT_EQ(StateAt(dead, SampleTime(9)), TokenState::kExpired);
  EXPECT_EQ(last_uses_.Latest(SampleId(2)), WholeMicros(SampleTime(3)));
}

TEST_F(TokenDirectoryTest, NeedNotNote) {
  TokenDirectory directory(&store_, keyring_.get(), nullptr, {});
  absl::StatusOr<LookupResult> result = absl::UnknownError("never called");
  directory.Find(Issue(), SampleTime(), std::nullopt,
                 [&](absl::StatusOr<LookupResult> outcome) {
                   result = std::move(outcome);
                 });
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->state, TokenState::kLive);
}

TEST_F(TokenDirectoryTest, TokenIsDeadFromItsExpiryOn) {
  const std::string token = Issue(
      [](storage::TokenOwner& it) { it.token.expires_at = SampleTime(60); });
  EXPECT_EQ(StateAt(token, SampleTime(60) - absl::Nanoseconds(1)),
            TokenState::kLive);
  EXPECT_EQ(StateAt(token, SampleTime(60)), TokenState::kExpired);
}

TEST_F(TokenDirectoryTest, TokenWithoutExpiryLives) {
  EXPECT_EQ(StateAt(Issue(), SampleTime(100LL * 365 * 86400)),
            TokenState::kLive);
}

TEST_F(TokenDirectoryTest, AReplacedTokenIsDeadFromItsRetirementOn) {
  for (const auto expires_at : {std::optional<absl::Time>(),
                                std::optional<absl::Time>(SampleTime(90))}) {
    const std::string token = Issue([&](storage::TokenOwner& it) {
      it.token.retires_at = SampleTime(60);
      it.token.expires_at = expires_at;
    });
    EXPECT_EQ(StateAt(token, SampleTime(60) - absl::Nanoseconds(1)),
              TokenState::kLive);
    EXPECT_EQ(StateAt(token, SampleTime(60)), TokenState::kReplaced);
  }
}

TEST_F(TokenDirectoryTest, AReplacedTokenMayExpireBeforeItRetires) {
  const std::string token = Issue([](storage::TokenOwner& it) {
    it.token.retires_at = SampleTime(60);
    it.token.expires_at = SampleTime(30);
  });
  EXPECT_EQ(Find(token)->snapshot->death(), SampleTime(30));
  EXPECT_EQ(StateAt(token, SampleTime(30)), TokenState::kExpired);
}

TEST_F(TokenDirectoryTest, OfSeveralStatesTheFirstCounts) {
  const auto all = [](storage::TokenOwner& it) {
    it.owner.revoked_at = SampleTime(-1);
    it.token.retires_at = SampleTime(-1);
    it.token.expires_at = SampleTime(-1);
    it.owner.enabled = false;
  };
  EXPECT_EQ(StateAt(Issue(all)), TokenState::kRevoked);
  EXPECT_EQ(StateAt(Issue([&](storage::TokenOwner& it) {
              all(it);
              it.owner.revoked_at.reset();
            })),
            TokenState::kReplaced);
  EXPECT_EQ(StateAt(Issue([&](storage::TokenOwner& it) {
              all(it);
              it.owner.revoked_at.reset();
              it.token.retires_at.reset();
            })),
            TokenState::kDisabled);
  EXPECT_EQ(StateAt(Issue([](storage::TokenOwner& it) {
              it.token.expires_at = SampleTime(-1);
            })),
            TokenState::kExpired);
}

// Its row is from before a rotation, which it does not know of.
TEST_F(TokenDirectoryTest, ATokenThatIsNeitherCurrentNorRetiresIsReplaced) {
  EXPECT_EQ(StateAt(Issue([](storage::TokenOwner& it) {
              it.owner.token.public_id = "0000000000000001";
            })),
            TokenState::kReplaced);
  EXPECT_EQ(StateAt(Issue([](storage::TokenOwner& it) {
              it.owner.token.public_id = "0000000000000001";
              it.token.retires_at = SampleTime(60);
            })),
            TokenState::kLive);
}

TEST_F(TokenDirectoryTest, AnswersCostTheSameWhateverTheyAre) {
  const std::string good = Issue();
  const std::string unknown = Unknown();
  const std::string forged =
      Issue([](storage::TokenOwner& it) { it.token.mac[31] ^= 1; });
  const std::string key_retired =
      Issue([](storage::TokenOwner& it) { it.token.key_version = 99; });
  const std::string expired = Issue(
      [](storage::TokenOwner& it) { it.token.expires_at = SampleTime(-1); });
  const std::string revoked = Issue(
      [](storage::TokenOwner& it) { it.owner.revoked_at = SampleTime(-1); });
  const std::string revoked_later = Issue(
      [](storage::TokenOwner& it) { it.owner.revoked_at = SampleTime(1); });
  const std::string replaced = Issue(
      [](storage::TokenOwner& it) { it.token.retires_at = SampleTime(-1); });
  const std::string disabled =
      Issue([](storage::TokenOwner& it) { it.owner.enabled = false; });

  EXPECT_EQ(StateAt(good), TokenState::kLive);  // From now on there is a decoy.
  const std::pair<std::string, TokenState> cases[] = {
      {good, TokenState::kLive},
      {unknown, TokenState::kUnknown},
      {forged, TokenState::kUnknown},
      {key_retired, TokenState::kUnknown},
      {expired, TokenState::kExpired},
      {revoked, TokenState::kRevoked},
      {revoked_later, TokenState::kRevoked},
      {replaced, TokenState::kReplaced},
      {disabled, TokenState::kDisabled}};
  for (const auto& [token, state] : cases) {
    const int reads = store_.reads();
    const int hits = store_.hits();
    const int misses = store_.misses();
    const int listings = store_.listings();
    EXPECT_EQ(StateAt(token), state);
    EXPECT_EQ(store_.reads(), reads + 1);
    EXPECT_EQ(store_.hits(), hits + 1);
    EXPECT_EQ(store_.misses(), misses + 1);
    EXPECT_EQ(store_.listings(), listings + 1);
  }
}

TEST_F(TokenDirectoryTest, FindsAnotherDecoyWhenItsOwnIsGone) {
  const std::string first = Issue();
  const std::string second = Issue();
  const std::string unknown = Unknown();
  EXPECT_EQ(StateAt(first), TokenState::kLive);
  store_.Remove(std::string(token::ParseToken(first)->public_id));
  EXPECT_EQ(StateAt(unknown), TokenState::kUnknown);

  EXPECT_EQ(StateAt(second), TokenState::kLive);
  const int hits = store_.hits();
  EXPECT_EQ(StateAt(unknown), TokenState::kUnknown);
  EXPECT_EQ(store_.hits(), hits + 1);
}

TEST_F(TokenDirectoryTest, JunkNeverReachesTheStore) {
  const std::string good = Issue();
  std::string mistyped = good;
  mistyped[mistyped.size() - 20] =
      mistyped[mistyped.size() - 20] == 'a' ? 'b' : 'a';
  for (const std::string& token :
       {std::string(), std::string("junk"), mistyped, good + "0",
        good.substr(1), "x" + good, std::string(16384, 'a')}) {
    EXPECT_EQ(StateAt(token), TokenState::kUnknown);
    EXPECT_TRUE(directory_.FindAtOnce(token, SampleTime()).has_value());
  }
  EXPECT_EQ(store_.reads(), 0);
  EXPECT_FALSE(directory_.FindAtOnce(good, SampleTime()).has_value());
}

TEST_F(TokenDirectoryTest, BodyMayRunAgain) {
  store_.runs_per_read = 3;
  EXPECT_EQ(StateAt(Issue()), TokenState::kLive);
}

TEST_F(TokenDirectoryTest, StoreErrorsPassUnchanged) {
  const std::string token = Issue();
  const absl::Status down =
      MakeError(absl::StatusCode::kUnavailable, "the database is away",
                {.reason = "STORAGE_UNAVAILABLE"});
  store_.lookup_status = down;
  EXPECT_EQ(Find(token).status(), down);
  store_.lookup_status = absl::OkStatus();
  store_.read_status = down;
  EXPECT_EQ(Find(token).status(), down);
}

}  // namespace
}  // namespace signet::identity
