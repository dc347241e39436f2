// SPDX-License-Identifier: Apache-2.0
#include "server/oauth/oauth_options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/server/identity/good_token.h"

namespace signet::oauth {
namespace {

TEST(OauthOptions, DefaultsMeanNoOauth) {
  EXPECT_THAT(OauthOptions().Validate(), IsOk());
}

TEST(OauthOptions, WantIssuerAndAudience) {
  EXPECT_THAT(identity::GoodOptions().Validate(), IsOk());
}

TEST(OauthOptions, IssuerOfAFileMayBeAnyName) {
  OauthOptions options = identity::GoodOptions();
  options.issuer = "joe";
  EXPECT_FALSE(options.Validate().ok());
  options.jwks_file = "keys.json";
  EXPECT_THAT(options.Validate(), IsOk());
  options.issuer =
      "b\xc3\xbc"
      "cher";
  EXPECT_THAT(options.Validate(), IsOk());
  // With a colon it is a URI, which has none of these.
  options.issuer =
      "https://b\xc3\xbc"
      "cher.example";
  EXPECT_FALSE(options.Validate().ok());
}

struct BadOptions {
  const char* flag;
  void (*change)(OauthOptions&);
};

class OauthOptionsBad : public testing::TestWithParam<BadOptions> {};

TEST_P(OauthOptionsBad, AreRefusedByTheirFlag) {
  OauthOptions options = identity::GoodOptions();
  GetParam().change(options);
  const absl::Status status = options.Validate();
  EXPECT_THAT(status,
              ErrorIs(absl::StatusCode::kInvalidArgument, "FLAG_INVALID"));
  EXPECT_THAT(std::string(status.message()),
              testing::StartsWith(std::string("--") + GetParam().flag + ": "));
}

INSTANTIATE_TEST_SUITE_P(
    , OauthOptionsBad,
    testing::Values(
        BadOptions{"oauth_audience",
                   [](OauthOptions& o) { o.audiences.clear(); }},
        BadOptions{"oauth_audience",
                   [](OauthOptions& o) {
                     o.audiences = {"a", ""};
                   }},
        BadOptions{"oauth_audience", [](OauthOptions& o) { o.issuer.clear(); }},
        BadOptions{"oauth_jwks_file",
                   [](OauthOptions& o) {
                     o = {};
                     o.jwks_file = "keys.json";
                   }},
        BadOptions{"oauth_required_scope",
                   [](OauthOptions& o) {
                     o = {};
                     o.required_scope = "signet";
                   }},
        BadOptions{
            "oauth_issuer",
            [](OauthOptions& o) { o.issuer = "http://issuer.example.com"; }},
        BadOptions{
            "oauth_issuer",
            [](OauthOptions& o) { o.issuer = "https://x.example.com/?a=b"; }},
        BadOptions{"oauth_accepted_typ",
                   [](OauthOptions& o) { o.accepted_typ = "id+jwt"; }},
        BadOptions{"oauth_groups_claim",
                   [](OauthOptions& o) { o.groups_claim = ""; }},
        BadOptions{"oauth_required_scope",
                   [](OauthOptions& o) { o.required_scope = "two scopes"; }},
        BadOptions{"oauth_required_scope",
                   [](OauthOptions& o) { o.required_scope = "quo\"te"; }}),
    [](const auto& info) {
      return std::string(info.param.flag) + std::to_string(info.index);
    });

}  // namespace
}  // namespace signet::oauth
