// SPDX-License-Identifier: Apache-2.0
#include "server/identity/composite_authenticator.h"

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/oauth/oauth_authenticator.h"
#include "server/token/token.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/recording_logger.h"
#include "tests/support/sample_records.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/fake_store.h"
#include "tests/unit/server/identity/good_token.h"
#include "tests/unit/server/oauth/fake_key_source.h"

namespace signet::identity {
namespace {

using absl::StatusCode;

class CompositeAuthenticatorTest : public testing::Test {
 protected:
  absl::StatusOr<Principal> Authenticate(CompositeAuthenticator& authenticator,
                                         const std::string& token) {
    absl::StatusOr<Principal> result = absl::UnknownError("never called");
    authenticator.Authenticate(*Credential::FromToken(token), TokenTime(),
                               [&result](absl::StatusOr<Principal> outcome) {
                                 result = std::move(outcome);
                               });
    return result;
  }

  std::string Issue() {
    token::MintedToken token =
        token::MintToken("hbx_sa", SampleTime(), random_);
    storage::ServiceAccountRecord record = SampleServiceAccount(SampleId(1), 2);
    record.token.public_id = token.public_id;
    record.token.key_version = keyring_->current_version();
    record.token.mac = keyring_->Compute(token.text.Expose());
    record.token.expires_at.reset();
    record.revoked_at.reset();
    store_.Add(record);
    return std::string(token.text.Expose());
  }

  std::unique_ptr<oauth::OauthAuthenticator> NewOauth() {
    return std::make_unique<oauth::OauthAuthenticator>(
        GoodOptions(),
        std::make_unique<oauth::FakeKeySource>(signer_.PublicJwkSet(kKeyId)),
        &logger_);
  }

  RecordingLogger logger_;
  SeededRandom random_;
  const JwtSigner signer_{JwtSigner::Kind::kEdDsa};
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  FakeStore store_;
  TokenDirectory directory_{&store_, keyring_.get(), nullptr, {}};
  CompositeAuthenticator both_{
      std::make_unique<TokenAuthenticator>(&directory_), NewOauth()};
  CompositeAuthenticator tokens_only_{
      std::make_unique<TokenAuthenticator>(&directory_), nullptr};
};

TEST_F(CompositeAuthenticatorTest, TakesBothKindsOfTokens) {
  const auto account = Authenticate(both_, Issue());
  ASSERT_THAT(account, IsOk());
  EXPECT_EQ(account->kind, PrincipalKind::kServiceAccount);

  const int reads = store_.reads();
  const auto user = Authenticate(both_, GoodToken(signer_));
  ASSERT_THAT(user, IsOk());
  EXPECT_EQ(user->kind, PrincipalKind::kUser);
  EXPECT_EQ(store_.reads(), reads);
}

TEST_F(CompositeAuthenticatorTest, RefusesOauthTokensWithoutAnIssuer) {
  EXPECT_THAT(Authenticate(tokens_only_, Issue()), IsOk());
  EXPECT_THAT(Authenticate(tokens_only_, GoodToken(signer_)),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(CompositeAuthenticatorTest, AllBadTokensGetOneAnswer) {
  const absl::Status want = Authenticate(both_, "junk").status();
  EXPECT_THAT(want, ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
  for (const char* token : {"a.b", "a.b.c", "a.b.c.d.e", "..", ".", "~",
                            "x=", "hbx_sa_0000000000000000_x"}) {
    EXPECT_EQ(Authenticate(both_, token).status(), want) << token;
  }
  EXPECT_EQ(Credential::FromToken(Issue() + "!").status(), want);
}

}  // namespace
}  // namespace signet::identity
