// SPDX-License-Identifier: Apache-2.0
#include "server/identity/token_authenticator.h"

#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/token/token.h"
#include "tests/support/sample_records.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/issued_tokens.h"

namespace signet::identity {
namespace {

using absl::StatusCode;

class TokenAuthenticatorTest : public testing::Test, protected IssuedTokens {
 protected:
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

  TokenDirectory directory_{&store_, keyring_.get(), nullptr, {}};
  TokenAuthenticator authenticator_{&directory_};
};

TEST_F(TokenAuthenticatorTest, ProvesAServiceAccount) {
  const absl::StatusOr<Principal> caller = Authenticate(Issue(
      [](storage::TokenOwner& it) { it.token.expires_at = SampleTime(60); }));
  ASSERT_THAT(caller, IsOk());
  EXPECT_EQ(caller->kind, PrincipalKind::kServiceAccount);
  EXPECT_EQ(caller->id, SampleId(2));
  EXPECT_EQ(caller->home_account_id, SampleId(1));
  EXPECT_EQ(caller->credential_expires_at, SampleTime(60));
  EXPECT_EQ(caller->user_id(), std::nullopt);
  EXPECT_EQ(caller->oauth_subject, "");
  EXPECT_THAT(caller->groups, testing::IsEmpty());
}

TEST_F(TokenAuthenticatorTest, SaysWhichToken) {
  const std::string token = Issue();
  const absl::StatusOr<Principal> caller = Authenticate(token);
  ASSERT_THAT(caller, IsOk());
  EXPECT_EQ(caller->token_public_id, token::ParseToken(token)->public_id);
  EXPECT_FALSE(caller->credential_expires_at.has_value());
}

TEST_F(TokenAuthenticatorTest, TheCredentialOfAReplacedTokenEndsWithIt) {
  for (const int expiry : {30, 90}) {
    const absl::StatusOr<Principal> caller =
        Authenticate(Issue([expiry](storage::TokenOwner& it) {
          it.token.retires_at = SampleTime(60);
          it.token.expires_at = SampleTime(expiry);
        }));
    ASSERT_THAT(caller, IsOk());
    EXPECT_EQ(caller->id, SampleId(2));
    EXPECT_EQ(caller->credential_expires_at, SampleTime(std::min(expiry, 60)));
  }
}

TEST_F(TokenAuthenticatorTest, EveryRefusalIsTheSame) {
  const std::string past[] = {
      "junk",
      Unknown(),
      Issue([](storage::TokenOwner& it) {
        it.token.expires_at = SampleTime(-1);
      }),
      Issue([](storage::TokenOwner& it) {
        it.token.retires_at = SampleTime(-1);
      }),
      Issue([](storage::TokenOwner& it) {
        it.owner.revoked_at = SampleTime(-1);
      }),
      Issue([](storage::TokenOwner& it) { it.owner.enabled = false; }),
      Issue([](storage::TokenOwner& it) { it.token.mac[0] ^= 1; })};
  const absl::Status want = Authenticate("").status();
  EXPECT_THAT(want, ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  for (const std::string& token : past) {
    EXPECT_EQ(Authenticate(token).status(), want);
  }
}

TEST_F(TokenAuthenticatorTest, StoreErrorsPassUnchanged) {
  const std::string token = Issue();
  const absl::Status down =
      MakeError(StatusCode::kUnavailable, "the database is away",
                {.reason = "STORAGE_UNAVAILABLE"});
  store_.read_status = down;
  EXPECT_EQ(Authenticate(token).status(), down);
  store_.read_status = absl::OkStatus();
  EXPECT_THAT(Authenticate(token), IsOk());
}

}  // namespace
}  // namespace signet::identity
