// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_authenticator.h"

#include <memory>
#include <optional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/token/token.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/fake_store.h"

namespace signet {
namespace {

constexpr auto kUnauthenticated = absl::StatusCode::kUnauthenticated;

class TokenAuthenticatorTest : public testing::Test {
 protected:
  // A token of a service account that is in the store.
  std::string Issue(std::optional<absl::Time> expires_at = std::nullopt,
                    std::optional<absl::Time> revoked_at = std::nullopt) {
    MintedToken token = MintToken("hbx_sa", SampleTime(), random_);
    ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 2);
    record.token.public_id = token.public_id;
    record.token.key_version = keyring_->current_version();
    record.token.mac = keyring_->Compute(token.text.Expose());
    record.token.expires_at = expires_at;
    record.revoked_at = revoked_at;
    store_.Add(record);
    return std::string(token.text.Expose());
  }

  // A token that a later one has replaced.
  std::string IssueReplaced(absl::Time retires_at,
                            std::optional<absl::Time> expires_at) {
    MintedToken token = MintToken("hbx_sa", SampleTime(), random_);
    TokenOwner found;
    found.owner = SampleServiceAccount(SampleId(1), 2);
    found.token = found.owner.token;
    found.token.public_id = token.public_id;
    found.token.key_version = keyring_->current_version();
    found.token.mac = keyring_->Compute(token.text.Expose());
    found.token.expires_at = expires_at;
    found.token.retires_at = retires_at;
    store_.Add(found);
    return std::string(token.text.Expose());
  }

  std::string IssueToDisabled() {
    MintedToken token = MintToken("hbx_sa", SampleTime(), random_);
    ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 2);
    record.token.public_id = token.public_id;
    record.token.key_version = keyring_->current_version();
    record.token.mac = keyring_->Compute(token.text.Expose());
    record.enabled = false;
    store_.Add(record);
    return std::string(token.text.Expose());
  }

  absl::StatusOr<Principal> Authenticate(std::string_view token,
                                         absl::Time now = SampleTime()) {
    absl::StatusOr<Principal> result = absl::UnknownError("never called");
    int calls = 0;
    authenticator_.Authenticate(token, now,
                                [&](absl::StatusOr<Principal> outcome) {
                                  result = std::move(outcome);
                                  ++calls;
                                });
    EXPECT_EQ(calls, 1);
    return result;
  }

  SeededRandom random_;
  const std::unique_ptr<MacKeyring> keyring_ = MacKeyring::ForTest("key");
  FakeStore store_;
  RecordingLogger logger_;
  LastUses last_uses_{&logger_};
  TokenAuthenticator authenticator_{&store_, keyring_.get(), &last_uses_};
};

TEST_F(TokenAuthenticatorTest, ProvesAServiceAccount) {
  const absl::Time expires_at = SampleTime(60);
  const absl::StatusOr<Principal> caller = Authenticate(Issue(expires_at));
  ASSERT_THAT(caller, IsOk());
  EXPECT_EQ(caller->kind, PrincipalKind::kServiceAccount);
  EXPECT_EQ(caller->id, SampleId(2));
  EXPECT_EQ(caller->home_account_id, SampleId(1));
  EXPECT_EQ(caller->credential_expires_at, expires_at);
  EXPECT_EQ(caller->user_id(), std::nullopt);
  EXPECT_EQ(caller->oauth_subject, "");
  EXPECT_THAT(caller->groups, testing::IsEmpty());
}

TEST_F(TokenAuthenticatorTest, SaysWhichToken) {
  const std::string token = Issue();
  const absl::StatusOr<Principal> caller = Authenticate(token);
  ASSERT_THAT(caller, IsOk());
  EXPECT_EQ(caller->token_public_id, ParseToken(token)->public_id);
}

TEST_F(TokenAuthenticatorTest, NotesSuccessesAlone) {
  const std::string dead = Issue(SampleTime(-1));
  const std::string good = Issue();
  EXPECT_FALSE(Authenticate(dead).ok());
  EXPECT_EQ(last_uses_.Latest(SampleId(2)), std::nullopt);
  EXPECT_THAT(Authenticate(good, SampleTime(3)), IsOk());
  EXPECT_EQ(last_uses_.Latest(SampleId(2)), WholeMicros(SampleTime(3)));
  EXPECT_FALSE(Authenticate(dead, SampleTime(9)).ok());
  EXPECT_LT(last_uses_.Latest(SampleId(2)), SampleTime(3));
}

TEST_F(TokenAuthenticatorTest, NeedNotNote) {
  TokenAuthenticator authenticator(&store_, keyring_.get(), nullptr);
  absl::StatusOr<Principal> result = absl::UnknownError("never called");
  authenticator.Authenticate(
      Issue(), SampleTime(),
      [&](absl::StatusOr<Principal> outcome) { result = std::move(outcome); });
  EXPECT_THAT(result, IsOk());
}

TEST_F(TokenAuthenticatorTest, TokenIsDeadFromItsExpiryOn) {
  const std::string token = Issue(SampleTime(60));
  EXPECT_THAT(Authenticate(token, SampleTime(60) - absl::Nanoseconds(1)),
              IsOk());
  EXPECT_THAT(Authenticate(token, SampleTime(60)),
              ErrorIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(TokenAuthenticatorTest, TokenWithoutExpiryLives) {
  EXPECT_THAT(Authenticate(Issue(), SampleTime(100LL * 365 * 86400)), IsOk());
}

TEST_F(TokenAuthenticatorTest, AReplacedTokenIsDeadFromItsRetirementOn) {
  for (const auto expires_at : {std::optional<absl::Time>(),
                                std::optional<absl::Time>(SampleTime(90))}) {
    const std::string token = IssueReplaced(SampleTime(60), expires_at);
    const absl::StatusOr<Principal> caller =
        Authenticate(token, SampleTime(60) - absl::Nanoseconds(1));
    ASSERT_THAT(caller, IsOk());
    EXPECT_EQ(caller->id, SampleId(2));
    EXPECT_EQ(caller->credential_expires_at, SampleTime(60));
    EXPECT_THAT(Authenticate(token, SampleTime(60)),
                ErrorIs(kUnauthenticated, "TOKEN_INVALID"));
  }
}

TEST_F(TokenAuthenticatorTest, AReplacedTokenMayExpireBeforeItRetires) {
  const std::string token = IssueReplaced(SampleTime(60), SampleTime(30));
  const absl::StatusOr<Principal> caller = Authenticate(token, SampleTime(29));
  ASSERT_THAT(caller, IsOk());
  EXPECT_EQ(caller->credential_expires_at, SampleTime(30));
  EXPECT_THAT(Authenticate(token, SampleTime(30)),
              ErrorIs(kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(TokenAuthenticatorTest, EveryRefusalIsTheSameAndCostsTheSame) {
  const std::string good = Issue();
  const std::string unknown(
      MintToken("hbx_sa", SampleTime(), random_).text.Expose());
  // The known public id with another secret, under a checksum that is right.
  const std::string forged = [&] {
    MintedToken other = MintToken("hbx_sa", SampleTime(), random_);
    ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 3);
    record.token.public_id = other.public_id;
    record.token.key_version = keyring_->current_version();
    record.token.mac = keyring_->Compute(good);
    store_.Add(record);
    return std::string(other.text.Expose());
  }();
  const std::string retired = [&] {
    MintedToken other = MintToken("hbx_sa", SampleTime(), random_);
    ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 4);
    record.token.public_id = other.public_id;
    record.token.key_version = 99;
    record.token.mac = keyring_->Compute(other.text.Expose());
    store_.Add(record);
    return std::string(other.text.Expose());
  }();
  const std::string expired = Issue(SampleTime(-1));
  const std::string revoked = Issue(std::nullopt, SampleTime(-1));
  const std::string revoked_later = Issue(std::nullopt, SampleTime(1));

  const std::string replaced = IssueReplaced(SampleTime(-1), std::nullopt);
  const std::string disabled = IssueToDisabled();

  EXPECT_THAT(Authenticate(good), IsOk());
  const absl::Status want = Authenticate(unknown).status();
  EXPECT_THAT(want, ErrorIs(kUnauthenticated, "TOKEN_INVALID"));
  for (const std::string& token : {unknown, forged, retired, expired, revoked,
                                   revoked_later, replaced, disabled}) {
    const int reads = store_.reads();
    const int hits = store_.hits();
    const int misses = store_.misses();
    EXPECT_EQ(Authenticate(token).status(), want);
    EXPECT_EQ(store_.reads(), reads + 1);
    EXPECT_EQ(store_.hits(), hits + 1);
    EXPECT_EQ(store_.misses(), misses + 1);
  }
}

TEST_F(TokenAuthenticatorTest, FindsAnotherDecoyWhenItsOwnIsGone) {
  const std::string first = Issue();
  const std::string second = Issue();
  const std::string unknown(
      MintToken("hbx_sa", SampleTime(), random_).text.Expose());
  EXPECT_THAT(Authenticate(first), IsOk());
  store_.Remove(std::string(ParseToken(first)->public_id));
  EXPECT_FALSE(Authenticate(unknown).ok());

  EXPECT_THAT(Authenticate(second), IsOk());
  const int hits = store_.hits();
  EXPECT_FALSE(Authenticate(unknown).ok());
  EXPECT_EQ(store_.hits(), hits + 1);
}

TEST_F(TokenAuthenticatorTest, JunkNeverReachesTheStore) {
  const std::string good = Issue();
  std::string mistyped = good;
  mistyped[mistyped.size() - 20] =
      mistyped[mistyped.size() - 20] == 'a' ? 'b' : 'a';
  for (const std::string& token :
       {std::string(), std::string("junk"), mistyped, good + "0",
        good.substr(1), "x" + good, std::string(16384, 'a')}) {
    EXPECT_THAT(Authenticate(token),
                ErrorIs(kUnauthenticated, "TOKEN_INVALID"));
  }
  EXPECT_EQ(store_.reads(), 0);
}

TEST_F(TokenAuthenticatorTest, BodyMayRunAgain) {
  const std::string token = Issue();
  store_.runs_per_read = 3;
  EXPECT_THAT(Authenticate(token), IsOk());
}

TEST_F(TokenAuthenticatorTest, StoreErrorsPassUnchanged) {
  const std::string token = Issue();
  const absl::Status down =
      MakeError(absl::StatusCode::kUnavailable, "the database is away",
                {.reason = "STORAGE_UNAVAILABLE"});
  store_.lookup_status = down;
  EXPECT_EQ(Authenticate(token).status(), down);
  store_.lookup_status = absl::OkStatus();
  store_.read_status = down;
  EXPECT_EQ(Authenticate(token).status(), down);
}

}  // namespace
}  // namespace signet
