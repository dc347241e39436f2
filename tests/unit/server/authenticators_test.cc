// SPDX-License-Identifier: Apache-2.0
//
// The room as the app sees it, with an issuer on a real socket.
#include "server/authenticators.h"

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/oauth/oauth_options.h"
#include "server/token/token.h"
#include "tests/support/fake_clock.h"
#include "tests/support/jwt_signer.h"
#include "tests/support/recording_logger.h"
#include "tests/support/seeded_random.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_http_server.h"
#include "tests/unit/server/identity/fake_store.h"
#include "tests/unit/server/identity/good_token.h"

namespace signet::server {
namespace {

using absl::StatusCode;

class NewAuthenticationTest : public testing::Test {
 protected:
  NewAuthenticationTest() { clock_.Set(identity::TokenTime()); }

  absl::StatusOr<Authentication> New(oauth::OauthOptions options) {
    return NewAuthentication(&directory_, &clock_, &logger_,
                             std::move(options));
  }

  oauth::OauthOptions ServedOptions() {
    oauth::OauthOptions options = identity::GoodOptions();
    options.issuer = server_.url();
    return options;
  }

  // Publishes these keys as the issuer's.
  void Publish(const std::string& jwk_set) {
    const Json metadata = {{"issuer", server_.url()},
                           {"jwks_uri", server_.url() + "/jwks"}};
    server_.Put("/.well-known/openid-configuration", metadata.dump());
    server_.Put("/jwks", jwk_set);
  }

  std::string Token(const JwtSigner& signer, std::string_view kid) {
    Json header = identity::GoodHeader(signer);
    header["kid"] = std::string(kid);
    Json claims = identity::GoodClaims(clock_.Now());
    claims["iss"] = server_.url();
    return signer.Token(header.dump(), claims.dump());
  }

  absl::StatusOr<identity::Principal> Authenticate(const Authentication& who,
                                                   std::string_view token) {
    absl::StatusOr<identity::Principal> result;
    absl::Notification done;
    who.authenticator->Authenticate(
        *identity::Credential::FromToken(token), clock_.Now(),
        [&](absl::StatusOr<identity::Principal> outcome) {
          result = std::move(outcome);
          done.Notify();
        });
    done.WaitForNotification();
    return result;
  }

  std::string IssueServiceAccountToken() {
    token::MintedToken token =
        token::MintToken("hbx_sa", clock_.Now(), random_);
    storage::ServiceAccountRecord record;
    record.token.public_id = token.public_id;
    record.token.key_version = keyring_->current_version();
    record.token.mac = keyring_->Compute(token.text.Expose());
    store_.Add(record);
    return std::string(token.text.Expose());
  }

  TinyHttpServer server_;
  identity::FakeStore store_;
  SeededRandom random_;
  FakeClock clock_;
  RecordingLogger logger_;
  TempDir dir_;
  const std::unique_ptr<crypto::MacKeyring> keyring_ =
      crypto::MacKeyring::ForTest("key");
  identity::TokenDirectory directory_{&store_, keyring_.get(), nullptr, {}};
  const JwtSigner signer_{JwtSigner::Kind::kRs256};
  const JwtSigner next_{JwtSigner::Kind::kEs256};
};

TEST_F(NewAuthenticationTest, WithoutOauth) {
  const auto who = New({});
  ASSERT_THAT(who, IsOk());
  EXPECT_EQ(who->issuer_keys, nullptr);
  EXPECT_THAT(Authenticate(*who, IssueServiceAccountToken()), IsOk());
  EXPECT_THAT(Authenticate(*who, identity::GoodToken(signer_)),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(NewAuthenticationTest, WithKeysFromAFile) {
  oauth::OauthOptions options = identity::GoodOptions();
  options.jwks_file = dir_.File("keys.json");
  std::ofstream(options.jwks_file) << signer_.PublicJwkSet(identity::kKeyId);
  const auto who = New(options);
  ASSERT_THAT(who, IsOk());
  EXPECT_THAT(Authenticate(*who, identity::GoodToken(signer_)), IsOk());
  EXPECT_THAT(Authenticate(*who, identity::GoodToken(next_)),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));
}

TEST_F(NewAuthenticationTest, BadFileAndBadOptionNameTheirFlag) {
  oauth::OauthOptions options = identity::GoodOptions();
  options.jwks_file = dir_.File("absent");
  const auto no_file = New(options);
  EXPECT_THAT(no_file, ErrorIs(StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_THAT(std::string(no_file.status().message()),
              testing::StartsWith("--oauth_jwks_file: "));

  oauth::OauthOptions no_audience = identity::GoodOptions();
  no_audience.audiences.clear();
  EXPECT_THAT(New(no_audience),
              ErrorIs(StatusCode::kInvalidArgument, "FLAG_INVALID"));
}

TEST_F(NewAuthenticationTest, FollowsTheIssuerThroughRotationAndOutage) {
  Publish(signer_.PublicJwkSet("first"));
  auto who = New(ServedOptions());
  ASSERT_THAT(who, IsOk());
  EXPECT_THAT(Authenticate(*who, Token(signer_, "first")), IsOk());

  Publish(next_.PublicJwkSet("second"));
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Authenticate(*who, Token(next_, "second")), IsOk());
  EXPECT_THAT(Authenticate(*who, Token(signer_, "first")),
              ErrorIs(StatusCode::kUnauthenticated, "TOKEN_INVALID"));

  server_.PutRaw("/jwks", "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n");
  clock_.Advance(absl::Seconds(10));
  EXPECT_THAT(Authenticate(*who, Token(signer_, "third")),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  EXPECT_THAT(Authenticate(*who, Token(next_, "second")), IsOk());
  EXPECT_THAT(Authenticate(*who, IssueServiceAccountToken()), IsOk());
}

TEST_F(NewAuthenticationTest, WrongIssuerFailsClosed) {
  Publish(signer_.PublicJwkSet("first"));
  const Json metadata = {{"issuer", "https://elsewhere.example.com"},
                         {"jwks_uri", server_.url() + "/jwks"}};
  server_.Put("/.well-known/openid-configuration", metadata.dump());
  const auto who = New(ServedOptions());
  ASSERT_THAT(who, IsOk());
  EXPECT_THAT(Authenticate(*who, Token(signer_, "first")),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
}

TEST_F(NewAuthenticationTest, StopsWhileTheIssuerHangs) {
  server_.PutSilence("/.well-known/openid-configuration");
  auto who = New(ServedOptions());
  ASSERT_THAT(who, IsOk());
  server_.AwaitRequests(1);
  absl::StatusOr<identity::Principal> result;
  const std::string token = Token(signer_, "first");
  who->authenticator->Authenticate(
      *identity::Credential::FromToken(token), clock_.Now(),
      [&result](absl::StatusOr<identity::Principal> outcome) {
        result = std::move(outcome);
      });
  EXPECT_THAT(Authenticate(*who, IssueServiceAccountToken()), IsOk());
  who->issuer_keys->Stop();
  EXPECT_THAT(result, ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  EXPECT_THAT(Authenticate(*who, Token(signer_, "first")),
              ErrorIs(StatusCode::kUnavailable, "ISSUER_UNAVAILABLE"));
  EXPECT_THAT(Authenticate(*who, IssueServiceAccountToken()), IsOk());
}

}  // namespace
}  // namespace signet::server
